"""Shares of variance of generators whose interplay is known in closed form."""

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space.variance_shares import Draw, VarianceShare, compute

ROWS = 3000


def draws(seed: int, free: int = 2) -> dict[str, NDArray[np.float32]]:
    """Two correlated attributes that are one group, free dimensions and one of noise."""
    rng = np.random.default_rng(seed)
    named = rng.standard_normal((ROWS, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    return {
        "named": named.astype(np.float32),
        "free": rng.standard_normal((ROWS, free)).astype(np.float32),
        "noise": rng.standard_normal((ROWS, 1)).astype(np.float32),
    }


def with_interplay(inputs: Draw) -> NDArray[np.float64]:
    """Three pixels. Of unit normals: 2 a, b + a u, and f v u: see `TRUTH`."""
    a, b = inputs["named"].astype(float).T
    f, _ = inputs["free"].astype(float).T
    u = inputs["noise"][:, 0].astype(float)
    return np.stack([2 * a, b + a * u, f * a * u], axis=1)


# Variances: pixel 1: 4 of named. Pixel 2: 1 of named, 1 of named with noise. Pixel 3: 1 of all three.
TRUTH = {"named": (7 / 7, 5 / 7), "free": (1 / 7, 0.0), "noise": (2 / 7, 0.0)}


def shares(seed: int, generator=with_interplay, **options: int) -> dict[str, VarianceShare]:
    found = compute(
        draws(2 * seed, **options), draws(2 * seed + 1, **options), generator, np.random.default_rng(seed)
    )
    return {share.group: share for share in found}


def standard_error(estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return (estimate.high - estimate.low) / (2 * 1.96)


@pytest.mark.parametrize("seed", range(4))
def test_shares_of_a_known_interplay_are_found_within_three_standard_errors(seed: int) -> None:
    found = shares(seed)
    for group, (total, alone) in TRUTH.items():
        for estimate, truth in ((found[group].total, total), (found[group].alone, alone)):
            error = standard_error(estimate)
            assert error <= 0.02
            assert abs(estimate.value - truth) <= 3 * max(error, 1e-3), (group, truth, estimate)


@pytest.mark.parametrize("seed", range(2))
def test_without_interplay_shares_add_up_to_one_and_total_is_alone(seed: int) -> None:
    def additive(inputs: Draw) -> NDArray[np.float64]:
        named, free, noise = (inputs[name].astype(float) for name in ("named", "free", "noise"))
        return np.stack([named[:, 0] * named[:, 1], named[:, 0] + free[:, 0] ** 2, noise[:, 0]], axis=1)

    found = shares(seed, additive)
    for column in ("total", "alone"):
        estimates = [getattr(share, column) for share in found.values()]
        error = sum(standard_error(estimate) ** 2 for estimate in estimates) ** 0.5
        assert sum(estimate.value for estimate in estimates) == pytest.approx(1.0, abs=3 * error)
        assert error <= 0.04
    for share in found.values():
        assert share.total.value == pytest.approx(share.alone.value, abs=0.05)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    inside = []
    for seed in range(40):
        found = shares(100 + seed)
        for group, (total, alone) in TRUTH.items():
            for estimate, truth in ((found[group].total, total), (found[group].alone, alone)):
                inside.append(estimate.low <= truth <= estimate.high)
    assert np.mean(inside) >= 0.9


def test_a_group_without_columns_is_left_out_and_constant_pictures_are_refused() -> None:
    first, second = draws(0, free=0), draws(1, free=0)
    found = compute(first, second, lambda inputs: inputs["named"], np.random.default_rng(0), resamples=10)
    assert [share.group for share in found] == ["named", "noise"]
    with pytest.raises(ValueError, match="do not vary"):
        compute(draws(0), draws(1), lambda inputs: np.ones((ROWS, 1, 2, 2)), np.random.default_rng(0))
