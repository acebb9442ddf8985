"""Check A, association: tests whether a dimension is associated with an attribute, over all cells at once.

p-values are those of Westfall and Young (1993), step-down max-T: one permutation of the images against their
attributes serves every cell, so the family-wise error holds whatever the dependence between cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.binning import attribute_levels, fit_code_bins
from latent_audit.tasks.analyses.statistics.estimates import Estimate, centred_interval
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.mutual_information import (
    corrected_uncertainty,
    exchanged_uncertainty,
    joint_tables,
    less_chance,
    permuted_information_nats,
    resampled_uncertainty,
    share_of_entropy,
    uncertainty_coefficient,
)
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
# Twenty bins see a U-shape or a cycle and leave 200 images a bin at the default part size; ten levels of a
# continuous attribute are what an auditor can still tell apart.
CODE_BINS = 20
# Of few images, which are judged in folds: twenty of them a bin, and next to no chance information.
FEW_CODE_BINS = 10
ATTRIBUTE_BINS = 10
DRAWN_NULL_VALUES = 100


@dataclass(frozen=True)
class Association:
    """Uncertainty coefficients (k, d) in 0 to 1, their 95 % intervals and family-wise p-values.

    groups: how many groups the n images are of, None where they are independent. images_with: of each attribute, the
    images that have it.
    `fit_uncertainty` is the same on probe_fit: what dimensions are chosen by. `null_max` holds sorted
    values of the largest standardised statistic over all cells under permutation; `statistic` the observed.
    """

    attributes: tuple[str, ...]
    uncertainty: Floats
    low: Floats
    high: Floats
    p_adjusted: Floats
    n: int
    permutations: int
    null_max: Floats
    statistic: Floats
    fit_uncertainty: Floats = field(metadata={"plain": False})
    groups: int | None = None
    images_with: tuple[int, ...] = field(default=(), metadata={"plain": False})

    def cell(self, attribute: int, dimension: int) -> Estimate:
        """Returns one cell with its interval."""
        return Estimate(
            float(self.uncertainty[attribute, dimension]),
            float(self.low[attribute, dimension]),
            float(self.high[attribute, dimension]),
            self.images_with[attribute] if self.images_with else self.n,
            "bootstrap over images"
            if self.groups is None
            else f"bootstrap over {self.groups} groups of images",
        )


def compute(
    attributes: Sequence[Attribute],
    fit_codes: NDArray[np.floating],
    fit_values: Floats,
    test_codes: NDArray[np.floating],
    test_values: Floats,
    seed: int,
    permutations: int = 2000,
    resamples: int = 500,
    code_bins: int = CODE_BINS,
    attribute_bins: int = ATTRIBUTE_BINS,
    image_groups: ImageGroups | None = None,
) -> Association:
    """Returns the association of every attribute with every dimension of codes (n, d), values (n, k).

    Bins and levels come from the fit part, all numbers from the test part. Tests use the plug-in information (its bias
    is the same under every shuffle), estimates the corrected one: by counts, and of sparse tables by the mean of the
    shuffles. image_groups: of the test part, None where images are independent; else groups are shuffled and drawn, and
    chance is their mean. An attribute is judged on the images that have it (its value is not NaN), and shuffled among
    them.
    """
    groups = image_groups or ImageGroups.of(None, len(test_values))
    rng = np.random.default_rng(seed)
    binning = fit_code_bins(fit_codes, code_bins)
    fit_levels, level_count = attribute_levels(attributes, fit_values, fit_values, attribute_bins)
    levels, _ = attribute_levels(attributes, fit_values, test_values, attribute_bins)
    binned = binning.apply(test_codes)
    tables = joint_tables(levels, level_count, binned, code_bins)
    fit_tables = joint_tables(fit_levels, level_count, binning.apply(fit_codes), code_bins)
    draws = groups.resampled_rows(resamples, rng)
    resampled = resampled_uncertainty(levels, binned, code_bins, draws)
    if groups.are_single_images:
        shuffled = permuted_information_nats(levels, binned, code_bins, permutations, rng)
        statistic = standardised(shuffled)
        value, error = corrected_uncertainty(tables, share_of_entropy(shuffled[1:].mean(axis=0), tables))
    else:
        exchanged = exchanged_uncertainty(levels, binned, code_bins, permutations, groups, rng)
        statistic = standardised(exchanged)
        value = less_chance(uncertainty_coefficient(tables, corrected=False), exchanged[1:].mean(axis=0))
        error = np.zeros_like(value)
    # All cells share the drawn images, so the order of dimensions is nothing.
    low, high = centred_interval(value, resampled, correction_error=error)
    maxima = statistic[1:].reshape(permutations, -1).max(axis=1)
    return Association(
        attributes=tuple(a.name for a in attributes),
        uncertainty=np.clip(value, 0.0, 1.0),
        low=np.clip(low, 0.0, 1.0),
        high=np.clip(high, 0.0, 1.0),
        p_adjusted=step_down_p_values(statistic),
        n=len(levels),
        permutations=permutations,
        null_max=np.quantile(maxima, np.linspace(0.0, 1.0, DRAWN_NULL_VALUES)),
        statistic=statistic[0],
        fit_uncertainty=np.clip(uncertainty_coefficient(fit_tables), 0.0, 1.0),
        groups=None if groups.are_single_images else groups.count,
        images_with=tuple(int(count) for count in (levels >= 0).sum(axis=0)),
    )


def standardised(statistics: Floats) -> Floats:
    """Returns statistics (permutations + 1, ...) less their mean, by their standard deviation, per cell.

    Without this a cell with many levels, whose plug-in information is large by chance alone, would decide
    the maximum. Mean and spread are taken over the data and all shuffles alike, which keeps the test exact.
    A cell that never changes (a constant code) gets 0 throughout, hence p = 1.
    """
    spread = statistics.std(axis=0)
    centred = statistics - statistics.mean(axis=0)
    return np.divide(centred, spread, out=np.zeros_like(statistics), where=spread > 1e-9)


def step_down_p_values(statistics: Floats) -> Floats:
    """Returns family-wise adjusted p-values of row 0 against the other rows, for statistics of
    shape (permutations + 1, ...cells).

    Westfall and Young's step-down max-T: the largest statistic is held against the maximum over all cells,
    the next against the maximum over the rest, and p-values never decrease along that order.
    """
    cells = statistics.shape[1:]
    flat = statistics.reshape(len(statistics), -1)
    order = np.argsort(-flat[0], kind="stable")
    ordered = flat[:, order]
    successive = np.maximum.accumulate(ordered[1:, ::-1], axis=1)[:, ::-1]
    # The tolerance keeps ties ties: sums of the same numbers in another order differ in the last digits.
    exceeding = (successive >= ordered[0] - 1e-9).sum(axis=0)
    adjusted = np.maximum.accumulate((1.0 + exceeding) / len(statistics))
    p_values = np.empty(flat.shape[1])
    p_values[order] = adjusted
    return p_values.reshape(cells)
