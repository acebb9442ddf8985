"""Outcome of an edit of codes by the attribute classifier: success, and stability of other attributes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.latent_space.attribute_classes import AttributeClass, Reader
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.vocabulary.reasons import reason

MIN_IMAGES = 10
FEW_WITHOUT = reason("edit.few_without", least=str(MIN_IMAGES))


@dataclass(frozen=True)
class EditOutcome:
    """success: share of images that the classifier reads as "with" after the edit, all being read as
    "without" before. others_kept: share of the other attributes' answers that stayed, None for a single
    attribute.
    """

    success: Estimate
    others_kept: Estimate | None


def edit_outcome_of(
    codes: NDArray[np.float32],
    edited: NDArray[np.float32],
    target: int,
    attribute_classes: Sequence[AttributeClass],
    decode: Decode,
    reader: Reader,
    rng: np.random.Generator,
    resamples: int = 500,
) -> EditOutcome | None:
    """Returns what editing codes (m, d) into `edited` did to the pole `target`, each with one draw of noise for both.

    Images predicted as positive before the edit are left out, because they prove nothing; None if that leaves
    fewer than MIN_IMAGES.
    """
    rows = np.arange(len(codes))
    before = reader.answers(decode(codes, rows), attribute_classes)
    without = ~before[:, target]
    if without.sum() < MIN_IMAGES:
        return None
    after = reader.answers(decode(edited[without], rows[without]), attribute_classes)
    kept = np.delete(after == before[without], target, axis=1)
    source = "bootstrap over images"
    return EditOutcome(
        mean_estimate(after[:, target].astype(np.float64), resamples, rng, source),
        mean_estimate(kept.mean(axis=1), resamples, rng, source) if kept.shape[1] else None,
    )
