"""Check A of coordinates: one family of hypotheses over all rungs and attributes of a model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import standardised, step_down_p_values
from latent_audit.tasks.analyses.statistics.estimates import Estimate, centred_interval
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.mutual_information import (
    corrected_uncertainty,
    exchanged_uncertainty,
    less_chance,
    n_log_n,
    share_of_entropy,
    uncertainty_coefficient,
)

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]


@dataclass(frozen=True)
class CoordinateAssociation:
    """The uncertainty coefficient of an attribute's own coordinate on one rung, and its family-wise p-value."""

    uncertainty: Estimate
    p_adjusted: float


def associate(
    levels: Bins,
    coordinates: Sequence[tuple[int, Bins]],
    permutations: int,
    resamples: int,
    seed: int,
    groups: ImageGroups | None = None,
) -> list[CoordinateAssociation]:
    """Returns check A of each coordinate: a pair of its attribute's column and its bin numbers (n,).

    levels: (n, k) of all attributes. Predictions stay and labels move: one shuffle of the images serves all
    coordinates, so that the dependence between them is kept (Westfall and Young 1993, step-down max-T). An attribute is
    shuffled and drawn among the images that have it (its level is not negative), in the order of that shuffle.
    groups: of the images; whole groups are shuffled and drawn, and what shuffles give on average is taken off as
    chance.
    """
    if not coordinates:
        return []
    rng = np.random.default_rng([seed, 21])
    n = len(levels)
    table = n_log_n(n)
    level_counts = [int(count) for count in levels.max(axis=0) + 1]
    sizes = [int(binned.max()) + 1 for _, binned in coordinates]
    scaled = [levels[:, k] * size for (k, _), size in zip(coordinates, sizes, strict=True)]

    independent = groups or ImageGroups.of(None, n)
    lacking = {int(k): levels[:, k] >= 0 for k in np.flatnonzero((levels < 0).any(axis=0))}

    def joint(k: int, rows: Bins, binned: Bins, order: Bins) -> Bins:
        """Returns cells of the images that have the attribute, each with the level of the next one in `order`."""
        known = lacking.get(k)
        return rows[order] + binned if known is None else rows[order[known[order]]] + binned[known]

    def sums(order: Bins) -> list[float]:
        """Returns the sum of c log c over the joint cells: shuffling leaves both margins as they are."""
        return [
            float(table[np.bincount(joint(k, rows, binned, order), minlength=level_counts[k] * size)].sum())
            for (k, binned), size, rows in zip(coordinates, sizes, scaled, strict=True)
        ]

    chance = np.zeros(len(coordinates))
    if independent.are_single_images:
        statistic = np.array([sums(np.arange(n)), *(sums(rng.permutation(n)) for _ in range(permutations))])
        p_values = step_down_p_values(standardised(statistic / n))
        shuffled = statistic[1:].mean(axis=0)
        draws: Sequence[Bins] = [rng.integers(n, size=n) for _ in range(resamples)]
    else:
        exchanged = _exchanged(levels, coordinates, permutations, independent, rng)
        p_values = step_down_p_values(standardised(exchanged))
        chance = exchanged[1:].mean(axis=0)
        draws = independent.resampled_rows(resamples, rng)
    found = []
    for place, ((k, binned), size) in enumerate(zip(coordinates, sizes, strict=True)):
        shape = (level_counts[k], size)
        known = lacking.get(k, np.ones(n, bool))
        cells = np.where(known, scaled[place] + binned, shape[0] * size)
        counts = np.bincount(cells[known], minlength=shape[0] * size).reshape(shape)
        if independent.are_single_images:
            margins = table[counts.sum(axis=1)].sum() + table[counts.sum(axis=0)].sum()
            nats = (shuffled[place] - margins) / max(int(known.sum()), 1) + np.log(max(int(known.sum()), 1))
            value, error = corrected_uncertainty(counts, share_of_entropy(np.asarray(nats), counts))
        else:
            value = less_chance(uncertainty_coefficient(counts, corrected=False), chance[place])
            error = np.zeros(())
        drawn = np.stack([np.bincount(cells[rows], minlength=shape[0] * size + 1) for rows in draws])
        samples = uncertainty_coefficient(drawn[:, :-1].reshape(-1, *shape), False)
        low, high = centred_interval(value, samples, correction_error=error)
        bounded = np.clip([float(value), float(low), float(high)], 0.0, 1.0)
        estimate = Estimate(
            float(bounded[0]), float(bounded[1]), float(bounded[2]), int(known.sum()), independent.source
        )
        found.append(CoordinateAssociation(estimate, float(p_values[place])))
    return found


def _exchanged(
    levels: Bins,
    coordinates: Sequence[tuple[int, Bins]],
    permutations: int,
    groups: ImageGroups,
    rng: np.random.Generator,
) -> Floats:
    """Returns plug-in uncertainty coefficients (permutations + 1, coordinates); row 0 is the data."""
    width = max(int(binned.max()) + 1 for _, binned in coordinates)
    of_attribute = [
        np.flatnonzero([k == column for k, _ in coordinates]) for column in range(levels.shape[1])
    ]
    stacked = np.stack([binned for _, binned in coordinates], axis=1)
    found = np.zeros((permutations + 1, len(coordinates)))
    state = rng.integers(2**63)
    for column, places in enumerate(of_attribute):
        if len(places):
            # The same shuffles for every attribute, so that the dependence between coordinates is kept.
            shuffler = np.random.default_rng(state)
            found[:, places] = exchanged_uncertainty(
                levels[:, [column]], stacked[:, places], width, permutations, groups, shuffler
            )[:, 0]
    return found
