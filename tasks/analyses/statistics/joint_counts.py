"""Joint counts of every attribute and every dimension, for shuffled or resampled images, in a few passes each.

Attributes with few joint levels are counted together and summed apart afterwards: one pass over the images then
serves several attributes. Memory traffic, not arithmetic, is what a thousand shuffles cost.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bins = NDArray[np.int64]
# Counts of one dimension that stay in the fastest cache: 32 KiB of eight-byte counts.
MAX_CELLS = 4096


def attribute_blocks(level_counts: Sequence[int], bins: int, most_cells: int = MAX_CELLS) -> list[list[int]]:
    """Returns attributes, in order, grouped so that the joint levels of a group times `bins` stay few."""
    blocks: list[list[int]] = []
    cells = most_cells + 1
    for attribute, levels in enumerate(level_counts):
        if cells * levels <= most_cells:
            blocks[-1].append(attribute)
            cells *= levels
        else:
            blocks.append([attribute])
            cells = bins * levels
    return blocks


class JointCounts:
    """Levels (n, k), integers from 0, against bin numbers (n, d) below `bins`."""

    def __init__(self, levels: Bins, binned: Bins, bins: int, most_cells: int = MAX_CELLS) -> None:
        self.bins = bins
        self.level_counts = [int(count) for count in levels.max(axis=0) + 1]
        self._blocks = attribute_blocks(self.level_counts, bins, most_cells)
        self._joint_levels = [self._joined(levels, block) for block in self._blocks]
        self._binned = np.ascontiguousarray(binned.T)

    def shuffled(self, order: Bins) -> list[Bins]:
        """Returns counts (d, levels, bins) of each attribute, with image i taking the levels of image order[i]."""
        return self._count([joined[order] for joined in self._joint_levels], self._binned)

    def resampled(self, images: Bins) -> list[Bins]:
        """Returns counts (d, levels, bins) of each attribute over the named images, repeats included."""
        return self._count([joined[images] for joined in self._joint_levels], self._binned[:, images])

    def _joined(self, levels: Bins, block: Sequence[int]) -> Bins:
        joined = np.zeros(len(levels), dtype=np.int64)
        for attribute in block:
            joined = joined * self.level_counts[attribute] + levels[:, attribute]
        return joined * self.bins

    def _count(self, joint_levels: Sequence[Bins], binned: Bins) -> list[Bins]:
        counts: list[Bins] = []
        for block, joined in zip(self._blocks, joint_levels, strict=True):
            sizes = [self.level_counts[attribute] for attribute in block]
            cells = int(np.prod(sizes)) * self.bins
            tables = np.stack([np.bincount(joined + column, minlength=cells) for column in binned])
            tables = tables.reshape(len(binned), *sizes, self.bins)
            for place in range(len(block)):
                others = tuple(1 + axis for axis in range(len(block)) if axis != place)
                counts.append(tables.sum(axis=others))
        return counts
