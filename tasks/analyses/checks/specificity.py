"""Check B, specificity: tests whether only this dimension encodes the attribute, and only this attribute."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import ATTRIBUTE_BINS, CODE_BINS, Association
from latent_audit.tasks.analyses.places.coordinate_specificity import Competitor, measure_gap
from latent_audit.tasks.analyses.statistics.binning import Bins, attribute_levels, fit_code_bins
from latent_audit.tasks.analyses.statistics.conditional_information import (
    conditional_uncertainty,
    resampled_tables,
)
from latent_audit.tasks.analyses.statistics.estimates import Estimate, centred_interval
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.mutual_information import uncertainty_coefficient
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
# Three variables share one table: coarser bins keep a dozen images in a cell.
CONDITIONAL_CODE_BINS = 8
CONDITIONAL_ATTRIBUTE_BINS = 8
# Of these many shuffles at most two may tell as much, at a significance of 0.05.
MIN_SHUFFLES = 60


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
    """The claimed dimension of an attribute, its lead over the runner-up, and what it owes to others."""

    attribute: str
    dimension: int
    uncertainty: Estimate
    runner_up: int | None
    gap: Estimate
    conditional_gap: ConditionalGap
    leakage: tuple[Leakage, ...]
    survives_conditioning: tuple[Conditioned, ...]
    explained_away_by: tuple[str, ...]


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
) -> tuple[Specificity, ...]:
    """Returns one result per attribute.

    The dimension, and the runner-up among dimensions of other groups, are the best on the fit part; the
    gap U(best) - U(runner-up), leakage and conditioning are of the test part. A claim survives conditioning
    on another attribute when it tells more of what is left open than shuffles within the levels of that
    attribute do, all but a share `significance` of them, and at least `survives_from` of it (half of its own
    uncertainty, if that is less). Only an associated claim can be explained away. gap_min: what an attribute must
    leave open of another one for their dimensions to be told apart. used: which dimensions the decoder uses, bool (d,);
    others are not claimed.
    """
    shuffles = max(least_shuffles, shuffles_for(significance))
    rng = np.random.default_rng(seed)
    binned = fit_code_bins(fit_codes, CODE_BINS).apply(test_codes)
    levels, level_count = attribute_levels(attributes, fit_values, test_values, ATTRIBUTE_BINS)
    coarse = fit_code_bins(fit_codes, CONDITIONAL_CODE_BINS).apply(test_codes)
    coarse_levels, _ = attribute_levels(attributes, fit_values, test_values, CONDITIONAL_ATTRIBUTE_BINS)
    independent = image_groups or ImageGroups.of(None, len(levels))
    draws = independent.resampled_rows(resamples, rng)
    claims = [claimed_dimensions(uncertainty, groups, used) for uncertainty in association.fit_uncertainty]
    labels = np.asarray(groups)
    claimed: dict[int, tuple[int, ...]] = {}
    for k, (chosen, _) in enumerate(claims):
        if association.p_adjusted[k, chosen] <= significance:
            for j in np.flatnonzero(labels == labels[chosen]):
                claimed[int(j)] = (*claimed.get(int(j), ()), k)
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
        leakage, conditioned = [], []
        for other in range(len(attributes)):
            if other == k:
                continue
            name = attributes[other].name
            dimension, own, others = coarse[:, chosen], coarse_levels[:, k], coarse_levels[:, other]
            # Both questions are of one table, seen from either side.
            resampled = resampled_tables(dimension, others, own, draws)
            turned = np.ascontiguousarray(resampled.swapaxes(1, 2))
            leaked = conditional_uncertainty(dimension, others, own, shuffles, resampled, rng, independent)
            leakage.append(Leakage(name, leaked.estimate))
            kept = conditional_uncertainty(dimension, own, others, shuffles, turned, rng, independent)
            enough = min(survives_from, float(association.uncertainty[k, chosen]) / 2.0)
            survives = kept.estimate.value >= enough and kept.p_value <= significance
            conditioned.append(Conditioned(name, kept.estimate, bool(survives)))
        associated = association.p_adjusted[k, chosen] <= significance
        results.append(
            Specificity(
                attribute=attribute.name,
                dimension=chosen,
                uncertainty=association.cell(k, chosen),
                runner_up=runner_up,
                gap=_gap(association, levels[:, k], level_count, binned, k, chosen, runner_up, draws),
                conditional_gap=ConditionalGap(
                    lead.estimate,
                    None if lead.competitor is None else int(lead.competitor),
                    lead.claimed_by,
                    lead.undecidable_by,
                ),
                leakage=tuple(leakage),
                survives_conditioning=tuple(conditioned),
                explained_away_by=tuple(c.on for c in conditioned if associated and not c.survives),
            )
        )
    return tuple(results)


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
    k: int,
    best: int,
    runner_up: int | None,
    draws: Sequence[Bins],
) -> Estimate:
    """Resamples images, not tables: both dimensions are measured on the same images."""
    if runner_up is None:
        return association.cell(k, best)
    value = float(association.uncertainty[k, best] - association.uncertainty[k, runner_up])
    size = level_count * CODE_BINS
    resampled = []
    for j in (best, runner_up):
        cells = levels * CODE_BINS + binned[:, j]
        counts = np.stack([np.bincount(cells[rows], minlength=size) for rows in draws])
        resampled.append(uncertainty_coefficient(counts.reshape(len(draws), level_count, CODE_BINS), False))
    low, high = centred_interval(np.asarray(value), resampled[0] - resampled[1])
    return Estimate(value, float(low), float(high), association.n, association.cell(k, best).source)
