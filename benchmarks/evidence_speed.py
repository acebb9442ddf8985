"""How fast evidence is: permutation tests, MIG and modularity on one core, beside loops over scikit-learn.

    python -m benchmarks.evidence_speed

Both give the same numbers, which is checked. A loop is timed on a stated share of its work and scaled up, because the
whole would take a minute a round.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import mutual_info_score

from benchmarks.limits import Work, measure_limits
from benchmarks.measuring import interleaved, seconds_of, spread
from benchmarks.results import Row, Section
from benchmarks.starting import options, perform
from latent_audit.tasks.analyses.checks.association import standardised, step_down_p_values
from latent_audit.tasks.analyses.scores.information_scores import (
    factor_information_nats,
    histogram_bins,
    mig,
    modularity,
    modularity_of_information,
)
from latent_audit.tasks.analyses.statistics.mutual_information import permuted_information_nats

SPRITE_FACTORS = (3, 6, 40, 32, 32)


@dataclass(frozen=True)
class Comparison:
    """Ours and a loop over scikit-learn that does 1 / `scale` of the work."""

    what: str
    ours: Callable[[], object]
    loop: Callable[[], object]
    scale: float
    work: Work
    most_seconds: float
    least_times: float


def permutation_tests(images: int, permutations: int, looped: int = 5) -> Comparison:
    """Returns max-T permutations of 10 dimensions x 5 attributes."""
    rng = np.random.default_rng(0)
    binned = rng.integers(20, size=(images, 10))
    levels = np.stack([rng.integers(k, size=images) for k in (3, 6, 10, 10, 10)], axis=1)

    def ours() -> NDArray[np.float64]:
        found = permuted_information_nats(levels, binned, 20, permutations, np.random.default_rng(1))
        step_down_p_values(standardised(found))
        return found

    def loop() -> NDArray[np.float64]:
        shuffles = np.random.default_rng(1)
        orders = [np.arange(images), *(shuffles.permutation(images) for _ in range(looped))]
        return np.array([information_loop(levels[order], binned).T for order in orders])

    np.testing.assert_allclose(ours()[: looped + 1], loop(), atol=1e-10)
    return Comparison(
        f"{permutations:,} max-T permutations, {images:,} x 10 x 5",
        ours,
        loop,
        (permutations + 1) / (looped + 1),
        # Each shuffle reads a byte of each image's every level and bin.
        Work(bytes=(permutations + 1) * images * (10 + 5)),
        1.0,
        100.0,
    )


def information_scores(images: int, looped: int = 2) -> list[Comparison]:
    """Returns MIG and modularity of codes of 10 dimensions and dSprites' 5 factors."""
    rng = np.random.default_rng(0)
    cells = np.linspace(0, np.prod(SPRITE_FACTORS) - 1, images).astype(np.int64)
    factors = np.stack(np.unravel_index(cells, SPRITE_FACTORS), axis=1)
    codes = (factors @ rng.normal(size=(5, 10)) / 10 + rng.normal(size=(images, 10))).astype(np.float32)

    def table(dimensions: int) -> NDArray[np.float64]:
        bins = np.stack([histogram_bins(codes[:, j]) for j in range(dimensions)], axis=1)
        return information_loop(factors, bins)

    few = codes[:, :looped]
    np.testing.assert_allclose(factor_information_nats(few, factors), table(looped), atol=1e-10)
    np.testing.assert_allclose(
        modularity(few, factors).score, modularity_of_information(table(looped)).score, atol=1e-10
    )
    work = Work(bytes=codes.nbytes + factors.nbytes)
    size, scale = f"{images:,} x 10 x 5", 10 / looped
    loop = lambda: table(looped)  # noqa: E731
    return [
        Comparison(f"MIG, {size}", lambda: mig(codes, factors), loop, scale, work, 0.3, 40.0),
        Comparison(f"modularity, {size}", lambda: modularity(codes, factors), loop, scale, work, 0.3, 40.0),
    ]


def information_loop(factors: NDArray[np.int64], bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns information (d, k) in nats, a call of scikit-learn's for each cell."""
    return np.array(
        [
            [mutual_info_score(factors[:, k], bins[:, j]) for k in range(factors.shape[1])]
            for j in range(bins.shape[1])
        ]
    )


def measure(given: argparse.Namespace) -> Section:
    """Returns seconds of ours and of the loop for each comparison."""
    limits = measure_limits(1, given.quick)
    comparisons = [permutation_tests(500, 20) if given.quick else permutation_tests(10_000, 1000)]
    comparisons += information_scores(5000 if given.quick else 737_280)
    rows = []
    for one in comparisons:
        sides = {"ours": lambda one=one: seconds_of(one.ours), "loop": lambda one=one: seconds_of(one.loop)}
        found = interleaved(sides, given.rounds, f"{one.what}, ")
        ours = spread(found["ours"])
        loop = spread([one.scale * seconds for seconds in found["loop"]])
        share = limits.floor_seconds(one.work) / ours.median
        rows.append(
            Row(one.what, "ours", "s", ours, floor=one.work.stated(), share=share, most=one.most_seconds)
        )
        name = f"a loop over scikit-learn (timed on 1/{one.scale:.3g})"
        times = loop.median / ours.median
        rows.append(Row(one.what, name, "s", loop, times=times, least_times=one.least_times))
    return Section(
        title="Metrics and permutations",
        setting=f"One core, {given.rounds} rounds in turns; both sides give the same numbers "
        "(`python -m benchmarks.evidence_speed`).",
        rows=tuple(rows),
        notes=(limits.described(),),
    )


def main() -> int:
    """Runs the comparison."""
    return perform("evidence", options(__doc__, rounds=5), measure)


if __name__ == "__main__":
    sys.exit(main())
