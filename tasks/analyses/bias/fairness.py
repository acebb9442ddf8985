"""Fairness of decisions between subgroups: demographic parity and equalised odds (Hardt et al. 2016), by fairlearn.

A decision is one class of an attribute against all others, as a reader of images or of codes takes it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from numpy.typing import NDArray

from latent_audit.tasks.analyses.bias.subgroups import GroupFigure, Subgroups
from latent_audit.tasks.analyses.statistics.estimates import Estimate, NotApplicable, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups, ShufflesWithin
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import reason

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
ReaderName = Literal["classifier", "probe", "probe_erased"]
PERMUTATIONS = 1000


@dataclass(frozen=True)
class Gap:
    """A difference between subgroups, from 0 to 1; by_chance: its mean where subgroups are shuffled; p_adjusted: of
    no difference, corrected over the decisions of a reader (Bonferroni).
    """

    difference: Estimate
    by_chance: float
    p_adjusted: float


@dataclass(frozen=True)
class Decision:
    """How one reader decides on a class of an attribute, by subgroup.

    base_rates: share of images that have the class; selection_rates: that are given it. accuracy: of this decision,
    over all images. equalised_odds: not defined where a subgroup has images of one kind alone.
    """

    reader: ReaderName
    attribute: str
    chosen: str
    base_rates: tuple[GroupFigure, ...]
    selection_rates: tuple[GroupFigure, ...]
    accuracy: Estimate
    demographic_parity: Gap
    equalised_odds: Gap | NotApplicable


@dataclass(frozen=True)
class _Counted:
    """What is counted of images: the one-hot subgroup (n, g), whether each has the class and is given it (n,)."""

    member: Floats
    has: Floats
    given: Floats

    def parity(self, weights: Floats) -> Floats:
        """Returns demographic parity differences (w,) under image weights (w, n); NaN where a subgroup has none."""
        return _spread(self.rates(weights, self.given))

    def odds(self, weights: Floats) -> Floats:
        """Returns equalised odds differences (w,): the larger of those of true and of false positive rates."""
        return np.maximum(
            *(_spread(self._rate(weights, self.given, among)) for among in (self.has, 1.0 - self.has))
        )

    def rates(self, weights: Floats, of: Floats) -> Floats:
        """Returns the share of `of` (n,) in each subgroup, (w, g)."""
        return self._rate(weights, of, np.ones_like(of))

    def _rate(self, weights: Floats, of: Floats, among: Floats) -> Floats:
        members = self.member * among[:, None]
        total = weights @ members
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((weights @ (members * of[:, None])) / total)


def decisions(
    reader: ReaderName,
    attributes: Sequence[Attribute],
    values: Floats,
    chosen: Floats,
    subgroups: Subgroups,
    images: ImageGroups,
    resamples: int,
    seed: int,
) -> list[Decision]:
    """Returns a row for each class that is decided on: class 1 of binary attributes, every class of categorical ones.

    values, chosen: (n, k) true classes of attributes with classes, and those that the reader gives; images without a
    true class (NaN) are left out. Empty where fewer than two subgroups have enough images.
    """
    if len(subgroups.kept) < 2:
        return []
    found = []
    for k, attribute in enumerate(attributes):
        rows = subgroups.rows[~np.isnan(values[subgroups.rows, k])]
        if not set(subgroups.kept) <= set(subgroups.labels[rows].tolist()):
            continue  # of some subgroup no image has this attribute
        for number, name in enumerate(attribute.classes):
            if attribute.kind == "binary" and number == 0:
                continue  # its decision is that of the other class, turned round
            pair = values[rows, k] == number, chosen[rows, k] == number
            found.append(
                _decision(reader, attribute.name, name, *pair, rows, subgroups, images, resamples, seed)
            )
    return [_corrected(row, len(found)) for row in found]


def _decision(
    reader: ReaderName,
    attribute: str,
    chosen: str,
    has: NDArray[np.bool_],
    given: NDArray[np.bool_],
    rows: Bins,
    subgroups: Subgroups,
    images: ImageGroups,
    resamples: int,
    seed: int,
) -> Decision:
    rng = np.random.default_rng([seed, 72])
    inside = images.of_rows(rows)
    labels = subgroups.labels[rows]
    member = np.asarray(labels[:, None] == np.asarray(subgroups.kept), dtype=np.float64)
    counted = _Counted(member, has.astype(np.float64), given.astype(np.float64))
    weights = inside.weights(resamples, rng)
    sizes = member.sum(axis=0).astype(int)

    def by_group(of: Floats) -> tuple[GroupFigure, ...]:
        values, samples = counted.rates(np.ones((1, len(rows))), of)[0], counted.rates(weights, of)
        return tuple(
            GroupFigure(
                subgroups.names[number], from_samples(values[g], samples[:, g], sizes[g], images.source)
            )
            for g, number in enumerate(subgroups.kept)
        )

    def gap(value: float, statistic: Callable[[_Counted, Floats], Floats], strata: Bins) -> Gap:
        difference = from_samples(value, statistic(counted, weights), len(rows), images.source)
        null = _null(counted, statistic, labels, strata, inside, rng)
        p = (1.0 + float((null >= value - 1e-12).sum())) / (1.0 + len(null))
        return Gap(difference, float(np.nanmean(null)), p)

    both = all(0 < float(has[labels == number].mean()) < 1 for number in subgroups.kept)
    right = np.asarray(has == given, dtype=np.float64)
    return Decision(
        reader,
        attribute,
        chosen,
        by_group(counted.has),
        by_group(counted.given),
        from_samples(float(right.mean()), weights @ right / weights.sum(axis=1), len(rows), images.source),
        gap(
            float(demographic_parity_difference(has, given, sensitive_features=labels)),
            _Counted.parity,
            np.zeros(len(rows), np.int64),
        ),
        gap(
            float(equalized_odds_difference(has, given, sensitive_features=labels)),
            _Counted.odds,
            has.astype(np.int64),
        )
        if both
        else NotApplicable(reason("one_kind_in_subgroup", attribute=attribute, chosen=chosen)),
    )


def _null(
    counted: _Counted,
    statistic: Callable[[_Counted, Floats], Floats],
    labels: Bins,
    strata: Bins,
    images: ImageGroups,
    rng: np.random.Generator,
) -> Floats:
    """Returns differences (PERMUTATIONS,) with subgroups shuffled among images, or their groups, within strata."""
    shuffles = ShufflesWithin.of(images, labels, strata, rng)
    found = []
    for _ in range(PERMUTATIONS):
        member = counted.member.copy()
        member[shuffles.rows] = counted.member[shuffles.shuffled(rng)]
        found.append(statistic(replace(counted, member=member), np.ones((1, len(labels))))[0])
    return np.asarray(found)


def _spread(rates: Floats) -> Floats:
    return np.asarray(rates.max(axis=1) - rates.min(axis=1))


def _corrected(row: Decision, count: int) -> Decision:
    def of(gap: Gap) -> Gap:
        return replace(gap, p_adjusted=min(1.0, count * gap.p_adjusted))

    odds = row.equalised_odds
    return replace(
        row,
        demographic_parity=of(row.demographic_parity),
        equalised_odds=of(odds) if isinstance(odds, Gap) else odds,
    )
