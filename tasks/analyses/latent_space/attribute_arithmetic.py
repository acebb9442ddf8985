"""Attribute arithmetic: adds mean(with) - mean(without) to codes, plain and conditional on the other attributes.

Larsen et al. 2016, "Autoencoding beyond pixels". In correlated data the plain difference also contains
correlated attributes; a regression on all attributes at once does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.latent_space.attribute_classes import AttributeClass, Bools, Reader
from latent_audit.tasks.analyses.latent_space.edit_outcome import FEW_WITHOUT, EditOutcome, edit_outcome_of
from latent_audit.tasks.analyses.latent_space.traversal import no_images, to_uint8
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.vocabulary.reasons import Reason


@dataclass(frozen=True)
class Arithmetic:
    """Adding one attribute to held-out images without it.

    plain, conditional, random: what the difference of means, the conditional one, and a random vector of the
    conditional one's length did; None where fewer than ten images could be asked, with `reason`. pictures:
    uint8 (2 * shown, c, h, w), reconstruction and conditional edit in turn.
    """

    attribute: str
    meaning: str
    plain: EditOutcome | None
    conditional: EditOutcome | None
    random: EditOutcome | None
    cosine: float | None
    reason: Reason | None
    pictures: NDArray[np.uint8] = field(metadata={"plain": False})


def attribute_vectors(codes: NDArray[np.floating], labels: Bools) -> NDArray[np.float64]:
    """Returns (k, d): mean code with each attribute minus the mean code without; NaN if a class is empty."""
    points = np.asarray(codes, dtype=np.float64)
    return np.stack(
        [
            points[with_it].mean(axis=0) - points[~with_it].mean(axis=0)
            if with_it.any() and not with_it.all()
            else np.full(points.shape[1], np.nan)
            for with_it in labels.T
        ]
    )


def conditional_vectors(codes: NDArray[np.floating], labels: Bools) -> NDArray[np.float64]:
    """Returns (k, d): the change of the mean code with each attribute, given the other attributes.

    Coefficients of a least-squares regression of codes (n, d) on all labels (n, k) at once; attributes that
    others determine share the effect, since the data cannot tell them apart.
    """
    points = np.asarray(codes, dtype=np.float64)
    design = labels.astype(np.float64) - labels.mean(axis=0)
    return np.asarray(np.linalg.lstsq(design, points - points.mean(axis=0), rcond=None)[0])


def add_attributes(
    fit_codes: NDArray[np.floating],
    fit_labels: Bools,
    codes: NDArray[np.float32],
    classes: Sequence[AttributeClass],
    decode: Decode,
    reader: Reader,
    rng: np.random.Generator,
    shown: int = 5,
) -> tuple[Arithmetic, ...]:
    """Returns one result per attribute: vectors from the fitting part, success on held-out codes (m, d).

    A code and all its edits are decoded with the noise of its place among `codes`.
    """
    plain, conditional = attribute_vectors(fit_codes, fit_labels), conditional_vectors(fit_codes, fit_labels)
    of_codes = np.arange(len(codes))
    answers = reader.answers(decode(codes, of_codes), classes)
    found = []
    for place, attribute_class in enumerate(classes):
        vector = conditional[place]
        noise = rng.standard_normal(len(vector))

        def adding(step: NDArray[np.float64], place: int = place) -> EditOutcome | None:
            if not np.isfinite(step).all():
                return None
            return edit_outcome_of(
                codes, (codes + step).astype(np.float32), place, classes, decode, reader, rng
            )

        outcome = adding(vector)
        without = np.flatnonzero(~answers[:, place])
        rows = without[draw_rows(len(without), shown, int(rng.integers(2**31)), "shown edits")]
        pairs = np.stack([codes[rows], (codes[rows] + vector).astype(np.float32)], axis=1)
        found.append(
            Arithmetic(
                attribute=attribute_class.attribute.name,
                meaning=attribute_class.name,
                plain=adding(plain[place]),
                conditional=outcome,
                random=adding(noise / np.linalg.norm(noise) * np.linalg.norm(vector)),
                cosine=_cosine(plain[place], vector),
                reason=None if outcome else FEW_WITHOUT,
                pictures=to_uint8(decode(pairs.reshape(-1, codes.shape[1]), rows.repeat(2)))
                if len(rows)
                else no_images(decode, codes),
            )
        )
    return tuple(found)


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if np.isfinite(size) and size > 0 else None
