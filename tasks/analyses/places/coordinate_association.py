"""Check A of coordinates: one family of hypotheses over all rungs and attributes of a model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import standardised, step_down_p_values
from latent_audit.tasks.analyses.statistics.estimates import Estimate, centred_interval
from latent_audit.tasks.analyses.statistics.mutual_information import n_log_n, uncertainty_coefficient

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
SOURCE = "bootstrap over images"


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
) -> list[CoordinateAssociation]:
    """Returns check A of each coordinate: a pair of its attribute's column and its bin numbers (n,).

    levels: (n, k) of all attributes. Predictions stay and labels move: one shuffle of the images serves all
    coordinates, so that the dependence between them is kept (Westfall and Young 1993, step-down max-T).
    """
    if not coordinates:
        return []
    rng = np.random.default_rng([seed, 21])
    n = len(levels)
    table = n_log_n(n)
    level_counts = [int(count) for count in levels.max(axis=0) + 1]
    sizes = [int(binned.max()) + 1 for _, binned in coordinates]
    scaled = [levels[:, k] * size for (k, _), size in zip(coordinates, sizes, strict=True)]

    def sums(order: Bins) -> list[float]:
        """Returns the sum of c log c over the joint cells: shuffling leaves both margins as they are."""
        return [
            float(table[np.bincount(rows[order] + binned, minlength=level_counts[k] * size)].sum())
            for (k, binned), size, rows in zip(coordinates, sizes, scaled, strict=True)
        ]

    statistic = np.array([sums(np.arange(n)), *(sums(rng.permutation(n)) for _ in range(permutations))])
    p_values = step_down_p_values(standardised(statistic / n))
    found = []
    draws = [rng.integers(n, size=n) for _ in range(resamples)]
    for place, ((k, binned), size) in enumerate(zip(coordinates, sizes, strict=True)):
        shape = (level_counts[k], size)
        cells = scaled[place] + binned
        value = float(uncertainty_coefficient(np.bincount(cells, minlength=shape[0] * size).reshape(shape)))
        drawn = np.stack([np.bincount(cells[rows], minlength=shape[0] * size) for rows in draws])
        samples = uncertainty_coefficient(drawn.reshape(-1, *shape), False)
        low, high = centred_interval(np.asarray(value), samples)
        bounded = np.clip([value, float(low), float(high)], 0.0, 1.0)
        estimate = Estimate(float(bounded[0]), float(bounded[1]), float(bounded[2]), n, SOURCE)
        found.append(CoordinateAssociation(estimate, float(p_values[place])))
    return found
