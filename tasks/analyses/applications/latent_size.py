"""Selection of the latent size by K folds: the smallest size that is as good as the best.

The one-standard-error rule of Breiman et al. 1984 and Hastie et al. 2009 (section 7.10), on the held-out
evidence lower bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.comparison import mean_over_seeds
from latent_audit.tasks.analyses.statistics.estimates import Estimate

SOURCE = "Student's t over folds"


@dataclass(frozen=True)
class SizeScore:
    """One size over the folds: evidence lower bound in nats per image, active dimensions, and the mean
    balanced accuracy of linear probes over attributes, all on the fold that was held out.
    """

    size: int
    elbo_nats: Estimate
    active_units: Estimate
    probe: Estimate


@dataclass(frozen=True)
class SizeChoice:
    """The curve, the size with the best bound, and the chosen one: the smallest within `tolerance_nats`.

    tolerance_nats: standard error over folds of the bound's difference to the best size, at the chosen size.
    at_the_edge: "smallest" or "largest" where the chosen size is an end of the sizes that were tried, so that
    better ones may lie beyond; else None.
    """

    folds: int
    scores: tuple[SizeScore, ...]
    best: int
    chosen: int
    behind_nats: float
    tolerance_nats: float
    at_the_edge: str | None


def choose_size(
    sizes: Sequence[int],
    elbo_nats: NDArray[np.float64],
    active_units: NDArray[np.float64],
    probe: NDArray[np.float64],
) -> SizeChoice:
    """Returns the choice from numbers (sizes, folds); sizes ascending, at least two, as are the folds.

    Every size is trained on the same folds, so a size is compared with the best one fold by fold: it is as
    good when the mean difference is at most its standard error.
    """
    if list(sizes) != sorted(set(sizes)) or len(sizes) < 2 or elbo_nats.shape[1] < 2:
        raise ValueError(
            f"choosing a size needs at least two sizes, ascending, and two folds, got {list(sizes)} and "
            f"{elbo_nats.shape[1]} folds"
        )
    best = int(elbo_nats.mean(axis=1).argmax())
    behind = elbo_nats[best] - elbo_nats  # (sizes, folds)
    means = behind.mean(axis=1)
    errors = behind.std(axis=1, ddof=1) / np.sqrt(behind.shape[1])
    chosen = int(np.flatnonzero(means <= errors)[0])
    edge = {0: "smallest", len(sizes) - 1: "largest"}.get(chosen)
    scores = tuple(
        SizeScore(size, *(mean_over_seeds(row, SOURCE) for row in (elbo_nats[i], active_units[i], probe[i])))
        for i, size in enumerate(sizes)
    )
    return SizeChoice(
        elbo_nats.shape[1],
        scores,
        int(sizes[best]),
        int(sizes[chosen]),
        float(means[chosen]),
        float(errors[chosen]),
        edge,
    )
