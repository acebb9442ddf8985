"""Pairs and swaps where images are few: both images of a pair are of one fold, and swapped by what that fold holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.places.pairs import Pairs, draw_pairs
from latent_audit.tasks.analyses.places.swaps import Latents, Swap
from latent_audit.tasks.analyses.statistics.folds import FOLDS
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups


@dataclass(frozen=True)
class FoldSwap:
    """A swap for each fold. fold_of_pair: (n,) of the pairs that are swapped."""

    of_fold: tuple[Swap, ...]
    fold_of_pair: NDArray[np.int8]

    def apply(self, base: Latents, donor: Latents) -> Latents:
        """Returns the codes (n, d) of the bases with the part of the donors."""
        swapped = base.copy()
        for fold, swap in enumerate(self.of_fold):
            inside = self.fold_of_pair == fold
            swapped[inside] = swap.apply(base[inside], donor[inside])
        return swapped


def draw_pairs_in_folds(images: ImageGroups, folds: NDArray[np.int8], most: int, seed: int) -> Pairs:
    """Returns at most `most` random pairs, as many of each fold as it has images for."""
    found: list[Pairs] = []
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds == fold)
        drawn = draw_pairs(images.of_rows(rows), max(most // FOLDS, 1), seed)
        found.append(Pairs(rows[drawn.base], rows[drawn.donor], drawn.groups))
    return Pairs(
        np.concatenate([pairs.base for pairs in found]),
        np.concatenate([pairs.donor for pairs in found]),
        _joined([pairs.groups for pairs in found]),
    )


def _joined(groups: Sequence[ImageGroups]) -> ImageGroups:
    """Returns the groups of pairs of all folds, whose groups are apart."""
    before = np.cumsum([0, *(one.count for one in groups)])
    labels = np.concatenate([one.labels + start for one, start in zip(groups, before, strict=False)])
    return ImageGroups.of(labels, len(labels))
