"""Conditional information of every attribute given every other one, from one set of shuffles an attribute.

What is held against an attribute is shuffled within its levels. The shuffles are drawn once for all that is held
against it, and only as many as the answer needs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.image_groups import (
    Exchange,
    ImageGroups,
    ShufflesWithin,
    shuffles_within,
)
from latent_audit.tasks.analyses.statistics.mutual_information import n_log_n

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
# What is so many standard deviations above the first twenty shuffles, or twice as many above the first ten, whose own
# deviation is less certain, is above all the others too: they need not be drawn.
FAR_ABOVE, ENOUGH_SHUFFLES, AT_ONCE = 8.0, 20, 10
# For a value alone, of which the mean over shuffles is taken off.
FEW_SHUFFLES = 10
_NOTHING_LEFT = 1e-3


@dataclass(frozen=True)
class ConditionalInformation:
    """I(z; a | b) in nats, what shuffles within b give on average, H(a | b), and the p-value of none."""

    observed: float
    chance: float
    remaining: float
    p_value: float

    @property
    def room(self) -> float:
        """What is left to tell beyond chance, in nats."""
        return max(self.remaining - self.chance, 1e-9)

    @property
    def value(self) -> float | None:
        """The share of H(a | b) that is told, chance taken off, 0 to 1; None where nothing is left to tell."""
        if self.remaining < _NOTHING_LEFT:
            return None
        return float(np.clip((self.observed - self.chance) / self.room, 0.0, 1.0))


@dataclass(frozen=True)
class Sequential:
    """How many shuffles are drawn: at most `most`, fewer where `most` would give the same answer.

    enough_above: a p-value above which it does not matter how large it is.
    """

    most: int
    enough_above: float = 1.0

    def is_settled(self, compared: float, null: Floats) -> bool:
        """Returns whether more shuffles than those behind `null` cannot change the answer."""
        if len(null) >= self.most:
            return True
        if self.p_value(compared, null) > self.enough_above:
            return True  # the number of shuffles that tell as much only grows
        if not len(null):
            return False
        deviations = FAR_ABOVE * max(ENOUGH_SHUFFLES / len(null), 1.0)
        return compared > float(null.mean()) + deviations * max(float(null.std()), 1e-12)

    def p_value(self, compared: float, null: Floats) -> float:
        """Returns the p-value if none of the shuffles that were not drawn told as much."""
        return (1.0 + float((null >= compared - 1e-12).sum())) / (self.most + 1.0)


class _Shuffles:
    """Shuffles of rows (m,) within strata, drawn AT_ONCE and kept for the next use.

    keeps_margins: whether each shuffle is a permutation of all images.
    """

    def __init__(self, rows: Bins, drawing: Iterator[Bins], *, keeps_margins: bool) -> None:
        self.rows, self._drawing, self.keeps_margins = rows, drawing, keeps_margins
        self._orders: list[Bins] = []

    def orders(self, place: int) -> Bins:
        """Returns the orders (AT_ONCE, m) of the place-th lot."""
        while len(self._orders) <= place:
            self._orders.append(np.stack([next(self._drawing) for _ in range(AT_ONCE)]))
        return self._orders[place]


class SharedShuffles:
    """Shuffles within the levels (n,) of one attribute. groups: of the images; whole groups are shuffled."""

    def __init__(self, given: Bins, groups: ImageGroups, rng: np.random.Generator) -> None:
        self.given, self._groups, self._rng = given, groups, rng
        self._single = _Shuffles(
            np.argsort(given, kind="stable"), shuffles_within(given, rng), keeps_margins=True
        )
        self._of_groups: dict[bool, _Shuffles] = {}
        self._parts: list[tuple[Bins, ImageGroups]] = (
            [] if groups.are_single_images else ShufflesWithin.parts_of(groups, given)
        )

    def of(self, levels: Bins) -> _Shuffles:
        """Returns the shuffles of levels (n,): of images, or of groups by whether all of a group have one level."""
        if self._groups.are_single_images:
            return self._single
        constant = all(part.are_constant_in(levels[rows]) for rows, part in self._parts)
        if constant not in self._of_groups:
            exchanges: list[Exchange | None] = [
                None if constant else part.exchange(self._rng) for _, part in self._parts
            ]
            within = ShufflesWithin.among(self._parts, exchanges)
            self._of_groups[constant] = _Shuffles(within.rows, self._of(within), keeps_margins=False)
        return self._of_groups[constant]

    def _of(self, within: ShufflesWithin) -> Iterator[Bins]:
        while True:
            yield within.shuffled(self._rng)


class _Shuffled:
    """Levels (n,) of one attribute in shuffles within another one, for every coordinate that is held against both."""

    def __init__(self, levels: Bins, shared: SharedShuffles, table: Floats) -> None:
        self._levels, self._given, self._table = levels, shared.given, table
        self._shuffles = shared.of(levels)
        self._lots: list[Bins] = []

    def information(self, binned: Bins, sequential: Sequential) -> ConditionalInformation:
        """Returns what bin numbers (n,) tell of the levels beyond the other attribute."""
        if not len(binned):
            return ConditionalInformation(0.0, 0.0, 0.0, 1.0)
        shape = int(self._given.max()) + 1, int(binned.max()) + 1, int(self._levels.max()) + 1
        size = shape[0] * shape[1] * shape[2]
        base = (self._given * shape[1] + binned) * shape[2]
        cells = base + self._levels
        tables = np.bincount(cells, minlength=size).reshape(1, *shape)
        information, remaining = (float(found[0]) for found in self._information(tables))
        rows = self._shuffles.rows
        if remaining < _NOTHING_LEFT or not len(rows):
            return ConditionalInformation(0.0, 0.0, 0.0, 1.0)
        whole = self._shuffles.keeps_margins
        observed = information
        if not whole:
            tables = np.bincount(cells[rows], minlength=size).reshape(1, *shape)
            observed = float(self._information(tables)[0][0])
        of_cells = float(self._table[tables].sum())
        offsets = base[rows] + size * np.arange(AT_ONCE)[:, None]
        null = np.zeros(0)
        while not sequential.is_settled(observed, null):
            drawn = self._lot(len(null) // AT_ONCE) + offsets
            counts = np.bincount(drawn.ravel(), minlength=size * AT_ONCE).reshape(AT_ONCE, *shape)
            if whole:
                sums = self._table[counts].reshape(AT_ONCE, -1).sum(axis=1)
                found = observed + (sums - of_cells) / len(cells)
            else:
                found = self._information(counts)[0]
            null = np.concatenate([null, found])[: sequential.most]
        return ConditionalInformation(
            information, float(null.mean()), remaining, sequential.p_value(observed, null)
        )

    def _information(self, counts: Bins) -> tuple[Floats, Floats]:
        """Returns `plug_in_information` of counts (tables, levels of b, bins, levels of a)."""
        return plug_in_information(counts.swapaxes(2, 3), self._table)

    def _lot(self, place: int) -> Bins:
        while len(self._lots) <= place:
            self._lots.append(self._levels[self._shuffles.orders(len(self._lots))])
        return self._lots[place]


def plug_in_information(counts: Bins, table: Floats) -> tuple[Floats, Floats]:
    """Returns plug-in I(z; a | b) and H(a | b) in nats, (tables,), of counts (tables, levels of b, of a, bins).

    table: c log c of each count c.
    """
    with_a, with_z = counts.sum(axis=3), counts.sum(axis=2)
    of_given = with_a.sum(axis=2)
    n = np.maximum(of_given.sum(axis=1), 1)
    sums = [table[found].reshape(len(counts), -1).sum(axis=1) for found in (counts, with_a, with_z, of_given)]
    return (sums[0] - sums[1] - sums[2] + sums[3]) / n, (sums[3] - sums[1]) / n


def information_given_each_other(
    coordinates: Sequence[tuple[int, Bins]],
    levels: Bins,
    leakage: Sequential,
    conditioning: Sequential,
    rng: np.random.Generator,
    groups: ImageGroups,
) -> list[tuple[dict[int, ConditionalInformation], dict[int, ConditionalInformation]]]:
    """Returns, for each coordinate (its attribute's column, bin numbers (n,)), what it tells of each other attribute
    with its own held fixed, and of its own with each other one held fixed; by the other one's column.

    levels: (n, k) of all attributes, negative where missing: two attributes are compared on the images that have both.
    """
    found: list[tuple[dict[int, ConditionalInformation], dict[int, ConditionalInformation]]] = [
        ({}, {}) for _ in coordinates
    ]
    of_attribute = {
        k: [place for place, (column, _) in enumerate(coordinates) if column == k]
        for k in range(levels.shape[1])
    }
    table, columns = n_log_n(len(levels)), np.ascontiguousarray(levels.T)
    complete = [bool((column >= 0).all()) for column in columns]
    for given, own in of_attribute.items():
        shared = SharedShuffles(columns[given], groups, rng) if complete[given] else None
        for other, others in of_attribute.items():
            if other == given or not (own or others):
                continue
            rows = None
            if shared is not None and complete[other]:
                shuffled = _Shuffled(columns[other], shared, table)
            else:
                rows, shuffled = _of_images_with_both(columns[other], columns[given], groups, rng, table)
            for place in own:
                found[place][0][other] = shuffled.information(_at(coordinates[place][1], rows), leakage)
            for place in others:
                found[place][1][given] = shuffled.information(_at(coordinates[place][1], rows), conditioning)
    return found


def _at(binned: Bins, rows: Bins | None) -> Bins:
    return binned if rows is None else binned[rows]


def _of_images_with_both(
    levels: Bins, given: Bins, groups: ImageGroups, rng: np.random.Generator, table: Floats
) -> tuple[Bins, _Shuffled]:
    """Returns the rows that have both levels, and the shuffles of one within the other among them."""
    rows = np.flatnonzero((levels >= 0) & (given >= 0))
    return rows, _Shuffled(levels[rows], SharedShuffles(given[rows], groups.of_rows(rows), rng), table)
