"""Images that belong together (of one person, patient, slide, video), and resampling and shuffling that keep them so.

Images of a group resemble each other, so that they are no independent observations: whole groups are drawn with
replacement (the cluster bootstrap: Davison and Hinkley 1997, section 3.8), and attributes are exchanged among whole
groups (restricted permutations: Winkler et al. 2015, NeuroImage 123).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
# Groups of one size, among which an attribute that varies within groups is exchanged.
FEWEST_OF_A_SIZE = 20


def image_weights(n: int, resamples: int, rng: np.random.Generator) -> Floats:
    """Returns the count of each of n images in each bootstrap resample: (resamples, n), rows sum to n."""
    return rng.multinomial(n, np.full(n, 1.0 / n), size=resamples).astype(np.float64)


def shuffles_within(strata: Bins, rng: np.random.Generator) -> Iterator[Bins]:
    """Yields, without end, rows (n,) in ascending order of their strata (n,) and in random order within each.

    Small integers are sorted by radix, several times as fast as random keys.
    """
    small = strata.astype(np.min_scalar_type(int(strata.max(initial=0))))
    while True:
        shuffled = rng.permutation(len(small))
        yield np.asarray(shuffled[np.argsort(small[shuffled], kind="stable")])


@dataclass(frozen=True)
class Exchange:
    """Rows (m,) whose attributes are exchanged, in blocks: (groups, images of a group) row numbers for each size."""

    blocks: tuple[Bins, ...]

    @cached_property
    def rows(self) -> Bins:
        """The rows that take part, block after block."""
        return np.concatenate([block.ravel() for block in self.blocks] or [np.zeros(0, np.int64)])

    def shuffled(self, rng: np.random.Generator) -> Bins:
        """Returns rows (m,): of each row in `rows`, the row whose attribute it takes."""
        return np.concatenate(
            [block[rng.permutation(len(block))].ravel() for block in self.blocks] or [np.zeros(0, np.int64)]
        )


@dataclass(frozen=True)
class ImageGroups:
    """The group of each image, labels (n,) counted from 0."""

    labels: Bins

    @classmethod
    def of(cls, groups: NDArray[np.generic] | None, n: int) -> "ImageGroups":
        """Returns the groups (n,) of any labels; each image by itself where None."""
        if groups is None:
            return cls(np.arange(n))
        return cls(np.unique(groups, return_inverse=True)[1].reshape(-1).astype(np.int64))

    def of_rows(self, rows: Bins) -> "ImageGroups":
        """Returns the groups of the images in rows (m,)."""
        return ImageGroups.of(None if self.are_single_images else self.labels[rows], len(rows))

    @cached_property
    def count(self) -> int:
        """The number of groups."""
        return int(self.labels.max()) + 1 if len(self.labels) else 0

    @property
    def are_single_images(self) -> bool:
        """Whether each image is a group by itself."""
        return self.count == len(self.labels)

    @cached_property
    def members(self) -> list[Bins]:
        """The rows of each group, ascending."""
        order = np.argsort(self.labels, kind="stable")
        ends = np.cumsum(np.bincount(self.labels, minlength=self.count))[:-1]
        return np.split(order, ends)

    @property
    def source(self) -> str:
        """How intervals come about, in words."""
        if self.are_single_images:
            return "bootstrap over images"
        return f"bootstrap over {self.count} groups of images"

    def weights(self, resamples: int, rng: np.random.Generator) -> Floats:
        """Returns how often each image counts in each bootstrap resample, (resamples, n)."""
        drawn = image_weights(self.count, resamples, rng)
        return drawn if self.are_single_images else drawn[:, self.labels]

    def resampled_rows(self, resamples: int, rng: np.random.Generator) -> Sequence[Bins]:
        """Returns the rows of each bootstrap resample; of groups of unequal sizes not always as many."""
        n = len(self.labels)
        if self.are_single_images:
            return list(rng.integers(n, size=(resamples, n)))
        drawn = rng.integers(self.count, size=(resamples, self.count))
        return [np.concatenate([self.members[group] for group in groups]) for groups in drawn]

    def are_constant_in(self, levels: Bins) -> bool:
        """Returns whether all images of a group have one level of (n,)."""
        first = levels[np.array([rows[0] for rows in self.members])]
        return bool((first[self.labels] == levels).all())

    def shuffled_among_groups(self, rng: np.random.Generator) -> Bins:
        """Returns rows (n,): of each image, one whose level it takes, where levels are constant within groups."""
        if self.are_single_images:
            return rng.permutation(len(self.labels))
        first = np.array([rows[0] for rows in self.members])
        return np.asarray(first[rng.permutation(self.count)][self.labels])

    def exchange(self, rng: np.random.Generator) -> Exchange:
        """Returns the groups cut, at random, to common sizes: 1, 2, 4, 8 and so on.

        Each size has at least FEWEST_OF_A_SIZE groups: fewer are cut further, and where that does not help they are
        left out.
        """
        shuffled = [rng.permutation(rows) for rows in self.members]
        size = 1 << (max((len(rows) for rows in shuffled), default=1).bit_length() - 1)
        blocks: list[Bins] = []
        waiting: list[Bins] = []
        while size >= 1:
            waiting += [rows for rows in shuffled if size <= len(rows) < 2 * size]
            if len(waiting) >= FEWEST_OF_A_SIZE:
                blocks.append(np.stack([rows[np.arange(size)] for rows in waiting]))
                waiting = []
            size //= 2
        return Exchange(tuple(blocks))


@dataclass(frozen=True)
class ShufflesWithin:
    """Shuffles of an attribute among groups, within the strata of another one.

    rows (m,) take part. `shuffled` gives, of each of them, the row of its stratum whose level it takes.
    """

    rows: Bins
    _parts: tuple[tuple[Bins, ImageGroups, Exchange | None], ...]

    @classmethod
    def of(
        cls, groups: ImageGroups, levels: Bins, strata: Bins, rng: np.random.Generator
    ) -> "ShufflesWithin":
        """Returns the shuffles of levels (n,) within strata (n,)."""
        parts = cls.parts_of(groups, strata)
        constant = all(part.are_constant_in(levels[rows]) for rows, part in parts)
        return cls.among(parts, [None if constant else part.exchange(rng) for _, part in parts])

    @staticmethod
    def parts_of(groups: ImageGroups, strata: Bins) -> list[tuple[Bins, ImageGroups]]:
        """Returns the rows of each stratum, and their groups."""
        inside = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
        return [(rows, groups.of_rows(rows)) for rows in inside]

    @classmethod
    def among(
        cls, parts: Sequence[tuple[Bins, ImageGroups]], exchanges: Sequence[Exchange | None]
    ) -> "ShufflesWithin":
        """Returns shuffles of the rows of strata among groups, or between groups cut to common sizes."""
        joined = tuple(
            (rows, part, exchange) for (rows, part), exchange in zip(parts, exchanges, strict=True)
        )
        taking = [rows if exchange is None else rows[exchange.rows] for rows, _, exchange in joined]
        return cls(np.concatenate(taking), joined)

    def shuffled(self, rng: np.random.Generator) -> Bins:
        """Returns rows (m,)."""
        return np.concatenate(
            [
                rows[part.shuffled_among_groups(rng) if exchange is None else exchange.shuffled(rng)]
                for rows, part, exchange in self._parts
            ]
        )
