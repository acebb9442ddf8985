"""Folds of few images: what is chosen and fitted on four of them is scored on the fifth (cross-fitting).

Chernozhukov et al. 2018, The Econometrics Journal 21. Every image is scored once, by what was chosen without it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
# A part of the code is claimed where so many folds choose it.
AGREEING = 4
# Pairs of images are drawn within a fold, and a swap needs a hundred of them.
FEWEST_IMAGES = 200

Choice = TypeVar("Choice")


def deal_folds(ordered: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int8]:
    """Returns the fold (n,) of each unit in `ordered`, -1 of all others.

    ordered: units in the order of their attributes; neighbours go to different folds, so that each fold has its share
    of every combination that is common enough.
    """
    folds = np.full(n, -1, np.int8)
    folds[ordered] = (np.arange(len(ordered)) + rng.integers(FOLDS)) % FOLDS
    return folds


def most_chosen(choices: Sequence[Choice]) -> tuple[Choice, int]:
    """Returns what most folds chose, the first among equals, and how many chose it."""
    return Counter(choices).most_common(1)[0]
