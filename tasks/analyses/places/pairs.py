"""Held-out pairs for interchange interventions, and readings of their decoded codes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Rows
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.vocabulary.batches import batches

Floats = NDArray[np.float64]
Latents = NDArray[np.float32]
# Decodes codes (n, d), each with the noise of its row number (n,), and returns the classifier's readings (n, columns).
Read = Callable[[Latents, Rows], NDArray[np.float32]]
MIN_PAIRS = 100
_BATCH_SIZE = 1000


@dataclass(frozen=True)
class Pairs:
    """Rows of probe_test of bases and donors, (n,) each: every image is in one pair at most.

    A pair has the noise of its base's row: base, donor and every swap between them differ by the code alone.
    groups: which pairs belong together, since their bases are of one group of images, and so are their donors.
    """

    base: NDArray[np.int64]
    donor: NDArray[np.int64]
    groups: ImageGroups

    def __len__(self) -> int:
        return len(self.base)


def draw_pairs(images: ImageGroups | int, most: int, seed: int) -> Pairs:
    """Returns at most `most` random pairs out of held-out images, given by their groups, or by their number alone.

    Where images come in groups, groups are paired first, and then the images of two groups.
    """
    if isinstance(images, int):
        return _pairs_of_images(images, most, seed)
    if images.are_single_images:
        return _pairs_of_images(len(images.labels), most, seed)
    return _pairs_of_groups(images, most, seed)


def _pairs_of_groups(images: ImageGroups, most: int, seed: int) -> Pairs:
    rng = np.random.default_rng([seed, 22])
    order = rng.permutation(images.count)
    half = images.count // 2
    shuffled = [rng.permutation(images.members[group]) for group in order]
    bases, donors, labels = [], [], []
    for place in range(half):
        first, second = shuffled[place], shuffled[half + place]
        count = min(len(first), len(second))
        bases.append(first[np.arange(count)])
        donors.append(second[np.arange(count)])
        labels.append(np.full(count, place))
    base, donor, label = (np.concatenate(rows) for rows in (bases, donors, labels))
    kept = draw_rows(len(base), most, seed, "interchange", strata=label)
    return Pairs(base[kept], donor[kept], ImageGroups.of(label[kept], len(kept)))


def _pairs_of_images(images: int, most: int, seed: int) -> Pairs:
    count = min(most, images // 2)
    rows = draw_rows(images, 2 * count, seed, "interchange")
    shuffled = np.random.default_rng([seed, 22]).permutation(rows)
    base, donor = shuffled.reshape(2, count)
    return Pairs(base, donor, ImageGroups.of(None, count))


def read_in_batches(read: Read, latents: Latents, rows: Rows) -> Floats:
    """Returns readings (n, columns) of decoded codes (n, d) of row numbers (n,), a bounded number at a time."""
    parts = [read(latents[some], rows[some]) for some in batches(len(latents), _BATCH_SIZE)]
    return np.concatenate(parts).astype(np.float64)
