"""Check B, specificity: tests whether only this dimension encodes the attribute, and only this attribute."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import (
    ATTRIBUTE_BINS,
    CODE_BINS,
    FEW_CODE_BINS,
    Association,
)
from latent_audit.tasks.analyses.checks.fold_choices import choose_by_folds, uncertainty_by_fold
from latent_audit.tasks.analyses.places.coordinate_specificity import Competitor, measure_gap
from latent_audit.tasks.analyses.statistics.binning import MISSING, Bins, attribute_levels, fit_code_bins
from latent_audit.tasks.analyses.statistics.estimates import Estimate, centred_interval
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.mutual_information import n_log_n, uncertainty_coefficient
from latent_audit.tasks.analyses.statistics.resampled_counts import ResampledCounts
from latent_audit.tasks.analyses.statistics.shared_shuffles import (
    FEW_SHUFFLES,
    ConditionalInformation,
    Sequential,
    information_given_each_other,
)
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
# Three variables share one table: coarser bins keep a dozen images in a cell.
CONDITIONAL_CODE_BINS = 8
CONDITIONAL_ATTRIBUTE_BINS = 8
# Of these many shuffles at most two may tell as much, at a significance of 0.05.
MIN_SHUFFLES = 60
# Of each attribute given each other one there is an interval, which no rule reads: as many as the square of them.
PAIR_RESAMPLES = 200


@dataclass(frozen=True)
class Leakage:
    """What the dimension tells of another attribute where the claimed one is held fixed, 0 to 1."""

    attribute: str
    conditional_uncertainty: Estimate


@dataclass(frozen=True)
class Conditioned:
    """What the dimension tells of the claimed attribute where another one is held fixed."""

    on: str
    uncertainty: Estimate
    survives: bool


@dataclass(frozen=True)
class ConditionalGap:
    """The lead over the strongest other dimension; one that other attributes claim counts with what it tells beyond.

    competitor: that dimension. claimed_by: the attribute beyond which it counts, None where it counts in full.
    undecidable_by: attributes that leave so little of this one open that no lead could be shown.
    """

    estimate: Estimate
    competitor: int | None
    claimed_by: str | None
    undecidable_by: tuple[str, ...]


@dataclass(frozen=True)
class Specificity:
    """The claimed dimension of an attribute, its lead over the runner-up, and what it owes to others.

    folds_agreeing: how many folds chose the dimension, where images are few; else None.
    """

    attribute: str
    dimension: int
    uncertainty: Estimate
    runner_up: int | None
    gap: Estimate
    conditional_gap: ConditionalGap
    leakage: tuple[Leakage, ...]
    survives_conditioning: tuple[Conditioned, ...]
    explained_away_by: tuple[str, ...]
    folds_agreeing: int | None = None


def compute(
    attributes: Sequence[Attribute],
    fit_codes: NDArray[np.floating],
    fit_values: Floats,
    test_codes: NDArray[np.floating],
    test_values: Floats,
    association: Association,
    groups: Sequence[int],
    seed: int,
    *,
    significance: float,
    survives_from: float,
    gap_min: float,
    used: NDArray[np.bool_] | None = None,
    resamples: int = 200,
    least_shuffles: int = MIN_SHUFFLES,
    image_groups: ImageGroups | None = None,
    folds: NDArray[np.int8] | None = None,
) -> tuple[Specificity, ...]:
    """Returns one result per attribute.

    The dimension, and the runner-up among dimensions of other groups, are the best on the fit part; the
    gap U(best) - U(runner-up), leakage and conditioning are of the test part. A claim survives conditioning
    on another attribute when it tells more of what is left open than shuffles within the levels of that
    attribute do, all but a share `significance` of them, and at least `survives_from` of it (half of its own
    uncertainty, if that is less). Only an associated claim can be explained away. gap_min: what an attribute must
    leave open of another one for their dimensions to be told apart. used: which dimensions the decoder uses, bool (d,);
    others are not claimed. folds: (n,) where both parts are the same few images; each fold chooses on the others.
    """
    shuffles = max(least_shuffles, shuffles_for(significance))
    rng = np.random.default_rng(seed)
    bins = CODE_BINS if folds is None else FEW_CODE_BINS
    binned = fit_code_bins(fit_codes, bins).apply(test_codes)
    levels, level_count = attribute_levels(attributes, fit_values, test_values, ATTRIBUTE_BINS)
    coarse = fit_code_bins(fit_codes, CONDITIONAL_CODE_BINS).apply(test_codes)
    coarse_levels, _ = attribute_levels(attributes, fit_values, test_values, CONDITIONAL_ATTRIBUTE_BINS)
    independent = image_groups or ImageGroups.of(None, len(levels))
    draws = ResampledCounts(independent.resampled_rows(resamples, rng), len(levels))
    agreeing: list[int | None] = [None] * len(attributes)
    if folds is None:
        claims = [
            claimed_dimensions(uncertainty, groups, used) for uncertainty in association.fit_uncertainty
        ]
    else:
        by_fold = uncertainty_by_fold(levels, level_count, binned, bins, folds)
        choices = choose_by_folds(by_fold, groups, used)
        claims = [(choice.dimension, choice.runner_up) for choice in choices]
        agreeing = [choice.agreeing for choice in choices]
    labels = np.asarray(groups)
    claimed: dict[int, tuple[int, ...]] = {}
    for k, (chosen, _) in enumerate(claims):
        if association.p_adjusted[k, chosen] <= significance:
            for j in np.flatnonzero(labels == labels[chosen]):
                claimed[int(j)] = (*claimed.get(int(j), ()), k)
    pairs = _Pairs(
        [(k, coarse[:, chosen]) for k, (chosen, _) in enumerate(claims)],
        coarse_levels,
        shuffles,
        significance,
        draws
        if resamples <= PAIR_RESAMPLES
        else ResampledCounts(independent.resampled_rows(PAIR_RESAMPLES, rng), len(levels)),
        rng,
        independent,
    )
    results = []
    for k, attribute in enumerate(attributes):
        chosen, runner_up = claims[k]
        lead = measure_gap(
            [other.name for other in attributes],
            levels,
            k,
            binned[:, chosen],
            [
                Competitor(str(j), binned[:, j], tuple(b for b in claimed.get(j, ()) if b != k))
                for j in range(len(labels))
                if labels[j] != labels[chosen]
            ],
            draws,
            gap_min,
            rng,
            association.cell(k, chosen).source,
        )
        leakage, conditioned = pairs.of(k, attributes, survives_from, association.cell(k, chosen).value)
        associated = association.p_adjusted[k, chosen] <= significance
        results.append(
            Specificity(
                attribute=attribute.name,
                dimension=chosen,
                uncertainty=association.cell(k, chosen),
                runner_up=runner_up,
                gap=_gap(association, levels[:, k], level_count, binned, bins, k, chosen, runner_up, draws),
                conditional_gap=ConditionalGap(
                    lead.estimate,
                    None if lead.competitor is None else int(lead.competitor),
                    lead.claimed_by,
                    lead.undecidable_by,
                ),
                leakage=leakage,
                survives_conditioning=conditioned,
                explained_away_by=tuple(c.on for c in conditioned if associated and not c.survives),
                folds_agreeing=agreeing[k],
            )
        )
    return tuple(results)


class _Pairs:
    """What each claimed dimension tells of each other attribute given its own, and of its own given each other one."""

    def __init__(
        self,
        coordinates: Sequence[tuple[int, Bins]],
        levels: Bins,
        shuffles: int,
        significance: float,
        draws: ResampledCounts,
        rng: np.random.Generator,
        groups: ImageGroups,
    ) -> None:
        self._coordinates, self._levels, self._draws = coordinates, levels, draws
        self._significance, self._source, self._table = (
            significance,
            groups.source,
            n_log_n(draws.most_images),
        )
        # Of leakage the value decides, which needs few shuffles; of conditioning whether it is beyond chance.
        self._information = information_given_each_other(
            coordinates, levels, Sequential(FEW_SHUFFLES), Sequential(shuffles, significance), rng, groups
        )

    def of(
        self, k: int, attributes: Sequence[Attribute], survives_from: float, uncertainty: float
    ) -> tuple[tuple[Leakage, ...], tuple[Conditioned, ...]]:
        """Returns both of an attribute whose dimension tells `uncertainty` of it."""
        enough = min(survives_from, uncertainty / 2.0)
        leakage, conditioned = [], []
        for b in sorted(self._information[k][0]):
            leaked, kept = self._information[k][0][b], self._information[k][1][b]
            of_other, of_own = self._resampled(k, b)
            n = int(((self._levels[:, k] >= 0) & (self._levels[:, b] >= 0)).sum())
            leakage.append(Leakage(attributes[b].name, self._estimate(leaked, of_other, n)))
            estimate = self._estimate(kept, of_own, n)
            survives = estimate.value >= enough and kept.p_value <= self._significance
            conditioned.append(Conditioned(attributes[b].name, estimate, bool(survives)))
        return tuple(leakage), tuple(conditioned)

    def _resampled(self, k: int, b: int) -> tuple[Floats, Floats]:
        """Returns both in nats over the resamples: both are of one table, seen from either side."""
        binned, own, other = self._coordinates[k][1], self._levels[:, k], self._levels[:, b]
        shape = int(own.max()) + 1, int(other.max()) + 1, int(binned.max()) + 1
        cells = np.where((own < 0) | (other < 0), MISSING, (own * shape[1] + other) * shape[2] + binned)
        counts = self._draws.by_cell(cells, shape[0] * shape[1] * shape[2]).reshape(*shape, -1)
        of_both, with_own, with_other = (np.add.reduce(counts, axis, counts.dtype) for axis in (2, 1, 0))
        alone = (np.add.reduce(of_both, axis, counts.dtype) for axis in (1, 0))
        n = np.maximum(of_both.sum(axis=(0, 1)), 1)
        whole, both, *rest = (
            self._table[found].reshape(-1, len(n)).sum(axis=0)
            for found in (counts, of_both, with_own, with_other, *alone)
        )
        # I(z; b | a) and I(z; a | b) by c log c of their tables and margins.
        return (whole - both - rest[0] + rest[2]) / n, (whole - both - rest[1] + rest[3]) / n

    def _estimate(self, found: ConditionalInformation, resampled: Floats, n: int) -> Estimate:
        if found.value is None:
            return Estimate(np.nan, None, None, n, self._source)
        value = (found.observed - found.chance) / found.room
        low, high = np.clip(centred_interval(np.asarray(value), resampled / found.room), 0.0, 1.0)
        return Estimate(found.value, float(low), float(high), n, self._source)


def shuffles_for(significance: float) -> int:
    """Returns how many shuffles let a p-value be at or below `significance` where two of them tell as much."""
    return math.ceil(3.0 / significance - 1e-9)


def claimed_dimensions(
    uncertainty: Floats, groups: Sequence[int], used: NDArray[np.bool_] | None = None
) -> tuple[int, int | None]:
    """Returns the best dimension of (d,) that is used, and the best outside its group; None where there is none."""
    available = used if used is not None and used.any() else np.ones(len(uncertainty), bool)
    best = int(np.argmax(np.where(available, uncertainty, -np.inf)))
    outside = np.asarray(groups) != groups[best]
    if not outside.any():
        return best, None
    return best, int(np.argmax(np.where(outside, uncertainty, -np.inf)))


def _gap(
    association: Association,
    levels: Bins,
    level_count: int,
    binned: Bins,
    bins: int,
    k: int,
    best: int,
    runner_up: int | None,
    draws: ResampledCounts,
) -> Estimate:
    """Resamples images, not tables: both dimensions are measured on the same images."""
    if runner_up is None:
        return association.cell(k, best)
    value = float(association.uncertainty[k, best] - association.uncertainty[k, runner_up])
    size = level_count * bins
    resampled = []
    for j in (best, runner_up):
        counts = draws.of(np.where(levels < 0, MISSING, levels * bins + binned[:, j]), size)
        resampled.append(uncertainty_coefficient(counts.reshape(-1, level_count, bins), False))
    low, high = centred_interval(np.asarray(value), resampled[0] - resampled[1])
    whole = association.cell(k, best)
    return Estimate(value, float(low), float(high), whole.n, whole.source)
