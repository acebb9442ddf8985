"""How far two classifiers differ in what a swap does: one decoding of the same pairs, read by both, resampled alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.places.pairs import Pairs, read_in_batches
from latent_audit.tasks.analyses.places.slopes import LabelSlopes
from latent_audit.tasks.analyses.places.swaps import Swap
from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples

Floats = NDArray[np.float64]
Images = NDArray[np.float32]
Respond = Callable[[Images], NDArray[np.float32]]
SOURCE = "bootstrap over pairs"


@dataclass(frozen=True)
class PartOfCode:
    """A part of the code that is swapped for an attribute; part: claim, dimension, direction or block."""

    attribute: str
    part: str
    swap: Swap


@dataclass(frozen=True)
class CauseDifference:
    """The cause of one swap by the first and by the second classifier, and the first less the second."""

    attribute: str
    part: str
    first: Estimate
    second: Estimate
    difference: Estimate


def cause_differences(
    parts: Sequence[PartOfCode],
    names: Sequence[str],
    columns: Sequence[Sequence[int]],
    labels: Floats,
    codes: NDArray[np.float32],
    pairs: Pairs,
    decode: Decode,
    responds: tuple[Respond, Respond],
    resamples: int,
    seed: int,
) -> list[CauseDifference]:
    """Returns a row for each part that both classifiers have a cause of.

    names, columns: of attributes, among the columns of labels (images, c) and of each classifier's readings. codes:
    (images, d) of probe_test. Every resample draws the same pairs for both.
    """
    width = labels.shape[1]
    base, donor = codes[pairs.base], codes[pairs.donor]
    drawn = pairs.groups.weights(resamples, np.random.default_rng([seed, 23]))
    weights = np.concatenate([np.ones((1, len(pairs))), drawn])
    slopes = LabelSlopes(labels[pairs.base], labels[pairs.donor], columns, weights)

    def read(latents: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        pictures = decode(latents, rows)
        return np.concatenate([respond(pictures) for respond in responds], axis=1)

    def by_each(latents: NDArray[np.float32]) -> tuple[Floats, Floats]:
        both = read_in_batches(read, latents, pairs.base)
        return both[:, :width], both[:, width:]

    of_donor = [slopes.of_donor(readings) for readings in by_each(donor)]
    rows = []
    for part in parts:
        k = list(names).index(part.attribute)
        readings = by_each(part.swap.apply(base, donor))
        with np.errstate(divide="ignore", invalid="ignore"):
            first, second = (
                slopes.partial(found)[0][:, k] / own[:, k]
                for found, own in zip(readings, of_donor, strict=True)
            )
        if np.isfinite(first).all() and np.isfinite(second).all():
            figures = [
                from_samples(float(whole), np.asarray(resampled), len(pairs), SOURCE)
                for whole, *resampled in (first, second, first - second)
            ]
            rows.append(CauseDifference(part.attribute, part.part, *figures))
    return rows
