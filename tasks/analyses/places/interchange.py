"""Check C by interchange: whether the attribute follows the swapped part, and everything else stays.

*cause*: the slope of the reading on the donor's label, by that of the reading of the donor's own decoded code. *kept*
of another attribute: the slope on the base's label, by that of the base's own (cause and isolate: Huang et al. 2024,
ACL, RAVEL). Nothing moved: 0 and 1. All swapped: 1 and 0. A broken picture: 0 and 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import standardised, step_down_p_values
from latent_audit.tasks.analyses.places.pairs import Pairs, Read, read_in_batches
from latent_audit.tasks.analyses.places.slopes import LabelSlopes, permuted_donor_slopes
from latent_audit.tasks.analyses.places.swaps import TakesOver
from latent_audit.tasks.analyses.statistics.estimates import CONFIDENCE, Estimate, interval

Floats = NDArray[np.float64]
_MIN_SLOPE = 1e-9
SIMULTANEOUS = ", simultaneous over attributes"


@dataclass(frozen=True)
class Kept:
    """How far another attribute stays as it was in the base; its interval holds for all attributes together."""

    attribute: str
    estimate: Estimate


@dataclass(frozen=True)
class Swapped:
    """What a swap does: `cause` for each attribute that it is for, `kept` for each other one, p-value where tested."""

    causes: tuple[Kept, ...]
    kept: tuple[Kept, ...]
    p_adjusted: float | None


class Interchange:
    """Pairs of one code with the readings of their decoded codes, on which swaps are tried.

    names: attributes. columns: of each attribute, among both readings and labels. labels: (images, columns) of
    probe_test, NaN where there is none: an attribute is judged on the pairs in which both images have it. codes:
    (images, d). readable: which attributes the classifier may judge here.
    """

    def __init__(
        self,
        names: Sequence[str],
        columns: Sequence[Sequence[int]],
        labels: Floats,
        codes: NDArray[np.float32],
        pairs: Pairs,
        read: Read,
        readable: Sequence[bool],
        resamples: int,
        seed: int,
    ) -> None:
        rng = np.random.default_rng([seed, 23])
        self._names, self._columns, self.readable = tuple(names), columns, tuple(readable)
        self._base, self._donor = codes[pairs.base], codes[pairs.donor]
        self._base_labels, self._donor_labels = labels[pairs.base], labels[pairs.donor]
        self._read, self._rng, self._rows = read, rng, pairs.base
        weights = pairs.groups.weights(resamples, rng)
        # The first row is the data.
        self._slopes = LabelSlopes(
            self._base_labels,
            self._donor_labels,
            columns,
            np.concatenate([np.ones((1, len(pairs))), weights]),
        )
        self._of_base = _known(self._slopes.of_base(read_in_batches(read, self._base, self._rows)))
        self._of_donor = _known(self._slopes.of_donor(read_in_batches(read, self._donor, self._rows)))
        self._readings: dict[object, Floats] = {}
        self.pairs, self._groups = len(pairs), pairs.groups
        self._source = (
            "bootstrap over pairs"
            if pairs.groups.are_single_images
            else f"bootstrap over {pairs.groups.count} pairs of groups"
        )

    def readings(self, key: object, swap: TakesOver) -> Floats:
        """Returns the readings (pairs, columns) after a swap, once decoded under a key."""
        if key not in self._readings:
            self._readings[key] = read_in_batches(self._read, swap.apply(self._base, self._donor), self._rows)
        return self._readings[key]

    def measure(self, readings: Floats, targets: Sequence[int]) -> Swapped:
        """Returns cause for the attributes `targets` and kept for each other readable one, without p-values."""
        on_donor, on_base = self._slopes.partial(readings)
        causes = on_donor / self._of_donor
        kept = on_base / self._of_base
        others = [k for k, readable in enumerate(self.readable) if readable and k not in targets]
        return Swapped(
            tuple(Kept(self._names[k], self._estimate(causes[:, k], self._labelled(k))) for k in targets),
            self._simultaneous(kept, others),
            None,
        )

    def p_values(self, swaps: Sequence[tuple[int, Floats]], permutations: int) -> list[float]:
        """Returns family-wise p-values of swaps, each its target attribute and readings (pairs, columns).

        Donors, label and reading together, are permuted among the pairs; the decoded pictures stay. An image without a
        label keeps that in every permutation and counts as one of the mean, which no slope depends on.
        """
        if not swaps:
            return []
        taking, orders = self._orders(permutations)
        statistic = np.empty((len(orders), len(swaps)))
        for k in dict.fromkeys(target for target, _ in swaps):
            places = [place for place, (target, _) in enumerate(swaps) if target == k]
            columns = list(self._columns[k])
            statistic[:, places] = permuted_donor_slopes(
                [swaps[place][1][taking][:, columns] for place in places],
                _or_mean(self._base_labels[:, columns])[taking],
                _or_mean(self._donor_labels[:, columns]),
                orders,
            ) / float(self._of_donor[0, k])
        return [float(p) for p in step_down_p_values(standardised(statistic))]

    def _orders(self, permutations: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns the pairs (m,) that take part, and the pairs whose donors they take: (permutations + 1, m)."""
        if self._groups.are_single_images:
            every = np.arange(self.pairs)
            return every, np.stack([every, *(self._rng.permutation(self.pairs) for _ in range(permutations))])
        exchange = self._groups.exchange(self._rng)
        return exchange.rows, np.stack(
            [exchange.rows, *(exchange.shuffled(self._rng) for _ in range(permutations))]
        )

    def _estimate(self, figures: Floats, pairs: int) -> Estimate:
        low, high = interval(figures[1:])
        return Estimate(float(figures[0]), float(low), float(high), pairs, self._source)

    def _labelled(self, k: int) -> int:
        """Returns the number of pairs in which both images have the attribute."""
        first = self._columns[k][0]
        return int((~np.isnan(self._base_labels[:, first] + self._donor_labels[:, first])).sum())

    def _simultaneous(self, kept: Floats, others: Sequence[int]) -> tuple[Kept, ...]:
        """Returns estimates whose intervals all hold at once in 95 % of resamples (max-T)."""
        if not others:
            return ()
        value, samples = kept[0, others], kept[1:, others]
        spread = np.maximum(np.nanstd(samples, axis=0), 1e-12)
        largest = np.nanmax(np.abs(samples - value) / spread, axis=1)
        reach = float(np.quantile(largest, CONFIDENCE, method="weibull")) * spread
        return tuple(
            Kept(
                self._names[k],
                Estimate(
                    float(value[place]),
                    float(value[place] - reach[place]),
                    float(value[place] + reach[place]),
                    self._labelled(k),
                    self._source + SIMULTANEOUS,
                ),
            )
            for place, k in enumerate(others)
        )


def _or_mean(labels: Floats) -> Floats:
    """Returns labels (n, c) with the mean of the known ones where there is none."""
    missing = np.isnan(labels)
    return np.where(missing, np.nanmean(labels, axis=0), labels) if missing.any() else labels


def _known(slopes: Floats) -> Floats:
    """Returns slopes to divide by: NaN where a reading does not follow its own label at all."""
    return np.where(np.abs(slopes) > _MIN_SLOPE, slopes, np.nan)
