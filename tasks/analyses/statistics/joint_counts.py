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
    """Levels (n, k), integers from 0, negative where missing, against bin numbers (n, d) below `bins`.

    An attribute is counted over the images that have it, and shuffled among them.
    """

    def __init__(self, levels: Bins, binned: Bins, bins: int, most_cells: int = MAX_CELLS) -> None:
        self.bins = bins
        self._known = {int(k): levels[:, k] >= 0 for k in np.flatnonzero((levels < 0).any(axis=0))}
        # A missing level is counted as level 0 and then left out.
        levels = levels + np.isin(np.arange(levels.shape[1]), list(self._known))
        self.level_counts = [int(count) for count in levels.max(axis=0) + 1]
        complete = [k for k in range(levels.shape[1]) if k not in self._known]
        joint = attribute_blocks([self.level_counts[k] for k in complete], bins, most_cells)
        self._blocks = [[complete[place] for place in block] for block in joint] + [[k] for k in self._known]
        self._joint_levels = [self._joined(levels, block) for block in self._blocks]
        self._binned = np.ascontiguousarray(binned.T)

    def shuffled(self, order: Bins) -> list[Bins]:
        """Returns counts (d, levels, bins) of each attribute, with image i taking the levels of image order[i].

        Images that have an attribute take, in their order, those of the images in `order` that have it.
        """
        taken = [
            self._shuffled(block[0], joined, order)
            for block, joined in zip(self._blocks, self._joint_levels, strict=True)
        ]
        return self._count(taken, self._binned)

    def _shuffled(self, first: int, joined: Bins, order: Bins) -> Bins:
        known = self._known.get(first)
        if known is None:
            return joined[order]
        taken = np.zeros(len(order), np.int64)
        taken[known] = joined[order[known[order]]]
        return taken

    def resampled(self, images: Bins) -> list[Bins]:
        """Returns counts (d, levels, bins) of each attribute over the named images, repeats included."""
        return self._count([joined[images] for joined in self._joint_levels], self._binned[:, images])

    def _joined(self, levels: Bins, block: Sequence[int]) -> Bins:
        joined = np.zeros(len(levels), dtype=np.int64)
        for attribute in block:
            joined = joined * self.level_counts[attribute] + levels[:, attribute]
        return joined * self.bins

    def _count(self, joint_levels: Sequence[Bins], binned: Bins) -> list[Bins]:
        counts = [np.zeros(0, np.int64)] * len(self.level_counts)
        for block, joined in zip(self._blocks, joint_levels, strict=True):
            sizes = [self.level_counts[attribute] for attribute in block]
            cells = int(np.prod(sizes)) * self.bins
            tables = np.stack([np.bincount(joined + column, minlength=cells) for column in binned])
            tables = tables.reshape(len(binned), *sizes, self.bins)
            for place in range(len(block)):
                others = tuple(1 + axis for axis in range(len(block)) if axis != place)
                counted = tables.sum(axis=others)
                counts[block[place]] = counted[:, 1:] if block[place] in self._known else counted
        return counts
