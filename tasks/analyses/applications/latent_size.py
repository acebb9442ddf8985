"""Selection of the latent size by K folds: the smallest size that is as good as the best.

The one-standard-error rule of Breiman et al. 1984 and Hastie et al. 2009 (section 7.10), on the held-out
evidence lower bound, or for a model without one on the held-out reconstruction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.comparison import mean_over_seeds
from latent_audit.tasks.analyses.statistics.estimates import Estimate

SOURCE = "Student's t over folds"
# What a size is judged by, higher is better, in nats per image: a bound, or minus the reconstruction loss.
Measure = Literal["elbo_nats", "reconstruction_nats"]


@dataclass(frozen=True)
class SizeScore:
    """One size over the folds: what it is judged by in nats per image, active dimensions, and the mean balanced
    accuracy of linear probes over attributes, all on the fold that was held out.

    elbo_nats: evidence lower bound; reconstruction_nats: log p(x | z) at the code, of a model without a bound. One of
    the two is None.
    """

    size: int
    elbo_nats: Estimate | None
    reconstruction_nats: Estimate | None
    active_units: Estimate
    probe: Estimate


@dataclass(frozen=True)
class SizeChoice:
    """The curve, the size that is best by `measure`, and the chosen one: the smallest within `tolerance_nats`.

    tolerance_nats: standard error over folds of the difference to the best size, at the chosen size.
    at_the_edge: "smallest" or "largest" where the chosen size is an end of the sizes that were tried, so that
    better ones may lie beyond; else None.
    """

    folds: int
    measure: Measure
    scores: tuple[SizeScore, ...]
    best: int
    chosen: int
    behind_nats: float
    tolerance_nats: float
    at_the_edge: str | None


def choose_size(
    sizes: Sequence[int],
    nats: NDArray[np.float64],
    active_units: NDArray[np.float64],
    probe: NDArray[np.float64],
    measure: Measure = "elbo_nats",
) -> SizeChoice:
    """Returns the choice from numbers (sizes, folds); sizes ascending, at least two, as are the folds.

    nats: what `measure` says, higher is better.

    Every size is trained on the same folds, so a size is compared with the best one fold by fold: it is as
    good when the mean difference is at most its standard error.
    """
    if list(sizes) != sorted(set(sizes)) or len(sizes) < 2 or nats.shape[1] < 2:
        raise ValueError(
            f"choosing a size needs at least two sizes, ascending, and two folds, got {list(sizes)} and "
            f"{nats.shape[1]} folds"
        )
    best = int(nats.mean(axis=1).argmax())
    behind = nats[best] - nats  # (sizes, folds)
    means = behind.mean(axis=1)
    errors = behind.std(axis=1, ddof=1) / np.sqrt(behind.shape[1])
    chosen = int(np.flatnonzero(means <= errors)[0])
    edge = {0: "smallest", len(sizes) - 1: "largest"}.get(chosen)
    scores = tuple(
        _score(size, measure, *(mean_over_seeds(row[i], SOURCE) for row in (nats, active_units, probe)))
        for i, size in enumerate(sizes)
    )
    return SizeChoice(
        nats.shape[1],
        measure,
        scores,
        int(sizes[best]),
        int(sizes[chosen]),
        float(means[chosen]),
        float(errors[chosen]),
        edge,
    )


def _score(size: int, measure: Measure, nats: Estimate, active: Estimate, probe: Estimate) -> SizeScore:
    bound, rebuilt = (nats, None) if measure == "elbo_nats" else (None, nats)
    return SizeScore(size, bound, rebuilt, active, probe)
