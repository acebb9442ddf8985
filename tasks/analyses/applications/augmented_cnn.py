"""Augmentation of a CNN: what generated images beside few labelled ones add on held-out real images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.applications.augmentation import draw_like
from latent_audit.tasks.analyses.checks.comparison import mean_over_seeds
from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.latent_space.attribute_classes import AttributeClass, Bools
from latent_audit.tasks.analyses.statistics.estimates import Estimate
from latent_audit.tasks.analyses.statistics.probe_scores import balanced_accuracy
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows

SOURCE = "Student's t over repeats"
# Labelled images of either class from which codes of that class are drawn.
MIN_OF_A_CLASS = 4


@dataclass(frozen=True)
class Repeat:
    """Places, within their parts, of the labelled images and of the held-out ones of one repeat."""

    labelled: NDArray[np.int64]
    held_out: NDArray[np.int64]


@dataclass(frozen=True)
class CnnGain:
    """One attribute: balanced accuracy on held-out real images without and with generated images, and the difference.

    Means over repeats; no image is in two repeats, so that an interval holds labelled images, held-out images and
    weights.
    """

    attribute: str
    meaning: str
    without: Estimate
    with_generated: Estimate
    difference: Estimate


def split_repeats(
    fit_places: NDArray[np.int64],
    test_places: NDArray[np.int64],
    repeats: int,
    labelled: int,
    held_out: int,
    seed: int,
) -> tuple[Repeat, ...]:
    """Returns disjoint labelled images and disjoint held-out images for each repeat, fewer where there are fewer."""

    def parts(places: NDArray[np.int64], each: int, purpose: str) -> list[NDArray[np.int64]]:
        left, found = places, []
        for number in range(repeats):
            size = min(each, len(places) // repeats)
            drawn = draw_rows(len(left), size, seed, f"{purpose}, repeat {number}")
            found.append(left[drawn])
            left = np.delete(left, drawn)
        return found

    return tuple(
        Repeat(own, scored)
        for own, scored in zip(
            parts(fit_places, labelled, "labelled images of a CNN"),
            parts(test_places, held_out, "held-out images of a CNN"),
            strict=True,
        )
    )


def generate(
    codes: NDArray[np.floating],
    labels: Bools,
    each: int,
    decode: Decode,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Returns images (m, c, h, w) and their labels (m, k), NaN where an image was not generated for an attribute.

    codes (n, d) and labels (n, k) are of the labelled images: those with and without an attribute give a normal
    distribution each, a dimension by itself, from which half of `each` codes are drawn. Attributes with fewer than four
    images of a class have none.
    """
    drawn, known = [], []
    for column in range(labels.shape[1]):
        own = labels[:, column]
        if min(own.sum(), (~own).sum()) < MIN_OF_A_CLASS:
            continue
        for side in (True, False):
            drawn.append(draw_like(codes[own == side], each // 2, rng))
            values = np.full((each // 2, labels.shape[1]), np.nan)
            values[:, column] = float(side)
            known.append(values)
    if not drawn:  # one picture tells the shape of none
        shape = decode(codes.mean(axis=0, keepdims=True).astype(np.float32), np.arange(1)).shape
        return np.empty((0, *shape[1:]), np.uint8), np.empty((0, labels.shape[1]))
    latents, values = np.concatenate(drawn), np.concatenate(known)
    made = np.asarray(decode(latents, np.arange(len(latents))), dtype=np.float64)
    return np.round(np.clip(made, 0, 1) * 255).astype(np.uint8), values


def with_real(
    images: NDArray[np.uint8],
    labels: NDArray[np.float64],
    generated: NDArray[np.uint8],
    known: NDArray[np.float64],
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Returns generated and labelled images together, the labelled ones repeated until they are half or more."""
    times = max(1, -(-len(generated) // len(images)))
    return (
        np.concatenate([np.tile(images, (times, 1, 1, 1)), generated]),
        np.concatenate([np.tile(labels, (times, 1)), known]),
    )


def accuracies(truth: Bools, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Returns (k,) balanced accuracies of probabilities (n, k) on labels (n, k)."""
    return np.array(
        [
            balanced_accuracy(truth[:, column].astype(np.float64), np.rint(said).astype(np.int64))
            for column, said in enumerate(probabilities.T)
        ]
    )


def gains(
    attribute_classes: Sequence[AttributeClass],
    without: NDArray[np.float64],
    with_generated: NDArray[np.float64],
    judged: Sequence[bool],
) -> tuple[CnnGain, ...]:
    """Returns a row for each judged attribute of balanced accuracies (repeats, k)."""
    return tuple(
        CnnGain(
            one.attribute.name,
            one.name,
            *(
                mean_over_seeds(numbers[:, column], SOURCE)
                for numbers in (without, with_generated, with_generated - without)
            ),
        )
        for column, one in enumerate(attribute_classes)
        if judged[column]
    )
