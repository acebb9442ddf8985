"""The dimension that is claimed for each attribute where images are few: the one that most folds choose.

Each fold chooses on the images of the other folds. Code bins and the levels of attributes are of all images, since
neither depends on which code goes with which attribute.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.folds import FOLDS, most_chosen
from latent_audit.tasks.analyses.statistics.mutual_information import joint_tables, uncertainty_coefficient

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]


@dataclass(frozen=True)
class FoldChoice:
    """The claimed dimension of an attribute, its runner-up, and in how many folds it was chosen."""

    dimension: int
    runner_up: int | None
    agreeing: int


def uncertainty_by_fold(
    levels: Bins, level_count: int, binned: Bins, bins: int, folds: NDArray[np.int8]
) -> Floats:
    """Returns the uncertainty coefficients (folds, k, d) of the images that are not in each fold."""
    return np.stack(
        [
            uncertainty_coefficient(joint_tables(levels[outside], level_count, binned[outside], bins))
            for outside in (folds != fold for fold in range(FOLDS))
        ]
    )


def choose_by_folds(
    uncertainty: Floats, groups: Sequence[int], used: NDArray[np.bool_] | None
) -> list[FoldChoice]:
    """Returns the choice for each attribute by uncertainty coefficients (folds, k, d).

    A dimension of a group stands for its group. used: which dimensions may be claimed; None where all may.
    """
    labels = np.asarray(groups)
    available = used if used is not None and used.any() else np.ones(len(labels), bool)
    found = []
    for by_fold in uncertainty.transpose(1, 0, 2):
        allowed = np.where(available, by_fold, -np.inf)
        group, agreeing = most_chosen([int(labels[row.argmax()]) for row in allowed])
        mean = by_fold.mean(axis=0)
        inside = labels == group
        best = int(np.argmax(np.where(inside & available, mean, -np.inf)))
        runner_up = int(np.argmax(np.where(inside, -np.inf, mean))) if not inside.all() else None
        found.append(FoldChoice(best, runner_up, agreeing))
    return found
