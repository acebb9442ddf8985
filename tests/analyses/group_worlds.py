"""Worlds of images in groups, in which nothing is there to find, or a known amount; `-m` measures all of them.

A group has a place of its own in the code, and a label (constant) or a tendency (varying); images scatter about it.
"""

import argparse
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks import association
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.datasets.attributes import Attribute

SIZES = ("five", "twenty", "mixed")
KINDS = ("constant", "varying")
ATTRIBUTE = Attribute("sex", "binary", ("no", "yes"))
# Of the variance of a code's dimension that lies between groups, and how far tendencies differ between them.
BETWEEN, TENDENCY = 0.8, 1.5
Floats = NDArray[np.float64]


def group_sizes(sizes: str, groups: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns the images of each group."""
    if sizes == "mixed":
        return rng.integers(1, 31, size=groups)
    return np.full(groups, {"five": 5, "twenty": 20}[sizes])


def world(
    sizes: str, kind: str, groups: int, strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Returns labels (n,), codes (n, 2) and values (n, 1); `strength` is how far the first dimension follows them."""
    labels = np.repeat(np.arange(groups), group_sizes(sizes, groups, rng))
    tendency = TENDENCY * rng.standard_normal(groups)
    score = tendency if kind == "constant" else tendency[labels] + rng.standard_normal(len(labels))
    values = (score > 0.0).astype(float)
    values = values[labels] if kind == "constant" else values
    own = rng.standard_normal((groups, 2))[labels]
    codes = np.sqrt(BETWEEN) * own + np.sqrt(1.0 - BETWEEN) * rng.standard_normal((len(labels), 2))
    codes[:, 0] += strength * (2.0 * values - 1.0)
    return labels, codes, values[:, None]


def associated(
    sizes: str, kind: str, groups: int, strength: float, seed: Sequence[int], *, ignore: bool, resamples: int
) -> association.Association:
    """Returns check A on a world of so many groups in either part; `ignore` takes images as independent."""
    rng = np.random.default_rng(seed)
    _, fit_codes, fit_values = world(sizes, kind, groups, strength, rng)
    labels, codes, values = world(sizes, kind, groups, strength, rng)
    found = None if ignore else ImageGroups.of(labels, len(labels))
    return association.compute(
        [ATTRIBUTE], fit_codes, fit_values, codes, values, seed[-1], 199, resamples, image_groups=found
    )


def false_association(sizes: str, kind: str, groups: int, *, worlds: int, ignore: bool = False) -> float:
    """Returns in how many null worlds anything is associated at 5 %."""
    found = [
        associated(
            sizes, kind, groups, 0.0, [SIZES.index(sizes), KINDS.index(kind), w], ignore=ignore, resamples=2
        )
        for w in range(worlds)
    ]
    return float(np.mean([(one.p_adjusted <= 0.05).any() for one in found]))


def coverage(sizes: str, kind: str, groups: int, *, simulations: int, strength: float = 0.7) -> float:
    """Returns in how many simulations the interval of U contains its value in the population."""
    true = truth(sizes, kind, strength)
    hits = []
    for simulation in range(simulations):
        seed = [9, SIZES.index(sizes), KINDS.index(kind), simulation]
        one = associated(sizes, kind, groups, strength, seed, ignore=False, resamples=200)
        hits.append(one.low[0, 0] <= true <= one.high[0, 0])
    return float(np.mean(hits))


def truth(sizes: str, kind: str, strength: float) -> float:
    """Returns U of the first dimension in a world of 40,000 groups."""
    rng = np.random.default_rng(10)
    _, codes, values = world(sizes, kind, 40_000, strength, rng)
    found = association.compute([ATTRIBUTE], codes, values, codes, values, 0, permutations=1, resamples=1)
    return float(found.uncertainty[0, 0])


def main() -> None:
    """Prints the rates of all worlds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--simulations", type=int, default=2000)
    given = parser.parse_args()
    for groups in (80, 400):
        for sizes in SIZES:
            for kind in KINDS:
                rate = false_association(sizes, kind, groups, worlds=given.worlds)
                covered = coverage(sizes, kind, groups, simulations=given.simulations)
                row = {
                    "groups": groups,
                    "sizes": sizes,
                    "attribute": kind,
                    "false": rate,
                    "coverage": covered,
                }
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
