"""The smallest move of a code, held against linear decoders and classifiers, where its length is known."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from latent_audit.tasks.analyses.one_image.code_space import CodeSpace, code_space
from latent_audit.tasks.analyses.one_image.smallest_move import Margin, smallest_move
from latent_audit.tasks.analyses.one_image.unusual import unusual

DIMENSIONS = 10


def linear_world(offset: float) -> tuple[Margin, NDArray[np.float64], NDArray[np.float64], CodeSpace]:
    """Returns margin, its slope (d,), a code (d,), and the space of correlated codes; the last dimension is unused."""
    rng = np.random.default_rng(5)
    mixing = np.eye(DIMENSIONS) + 0.4 * rng.normal(size=(DIMENSIONS, DIMENSIONS))
    codes = rng.normal(size=(4000, DIMENSIONS)) @ mixing + 1.0
    used = np.arange(DIMENSIONS) < DIMENSIONS - 1
    decoder, classifier = rng.normal(size=(DIMENSIONS, 40)), rng.normal(size=40)
    slope = decoder @ classifier
    slope[-1] = 0.0
    code = codes.mean(axis=0)
    bias = float(slope @ code) + offset

    def margin(latents: Tensor) -> Tensor:
        return latents @ torch.from_numpy(slope).float() - bias

    half = np.arange(len(codes)) % 2 == 0
    return margin, slope, code, code_space(codes[half], codes[~half], used, 0.98)


def covariance_of(space: CodeSpace) -> NDArray[np.float64]:
    return np.asarray(space.spread @ space.spread.T)


def test_the_length_over_all_dimensions_is_the_exact_one() -> None:
    margin, slope, code, space = linear_world(12.0)
    found = smallest_move(margin, code, space, np.random.default_rng(0))
    assert found is not None
    exact = 12.0 / np.sqrt(slope @ covariance_of(space) @ slope)
    assert found.length == pytest.approx(exact, rel=0.02)
    assert float(margin(torch.from_numpy(found.code[None]).float())[0]) == pytest.approx(0.0, abs=1e-2)
    assert found.change[-1] == 0.0


@pytest.mark.parametrize("has_gradient", [True, False])
def test_the_length_along_a_line_is_the_exact_one(has_gradient: bool) -> None:
    margin, slope, code, space = linear_world(4.0)
    line = np.eye(DIMENSIONS)[:, [int(np.abs(slope).argmax())]]
    found = smallest_move(
        margin, code, space, np.random.default_rng(0), basis=line, has_gradient=has_gradient
    )
    assert found is not None
    step = 4.0 / float(slope @ line[:, 0])
    exact = abs(step) * np.linalg.norm(space.inverse @ line[:, 0])
    assert found.length == pytest.approx(exact, rel=0.02)
    np.testing.assert_allclose(found.change, step * line[:, 0], rtol=0.02, atol=1e-6)


def test_the_length_in_a_plane_is_the_exact_one() -> None:
    margin, slope, code, space = linear_world(4.0)
    plane = np.eye(DIMENSIONS)[:, [0, 3]]
    found = smallest_move(margin, code, space, np.random.default_rng(0), basis=plane)
    assert found is not None
    inner = (space.inverse @ plane).T @ (space.inverse @ plane)
    own = plane.T @ slope
    exact = 4.0 / np.sqrt(own @ np.linalg.inv(inner) @ own)
    assert found.length == pytest.approx(exact, rel=0.02)
    np.testing.assert_allclose(found.change[[1, 2, 4, 5]], 0, atol=1e-12)
    assert (
        smallest_move(margin, code, space, np.random.default_rng(0), basis=plane, has_gradient=False) is None
    )


def test_no_move_leaves_the_plausible_codes() -> None:
    _, slope, code, space = linear_world(0.0)
    reach = space.limit * float(np.sqrt(slope @ covariance_of(space) @ slope))
    for share, is_found in ((0.95, True), (1.05, False)):
        far, _, _, _ = linear_world(share * reach)
        found = smallest_move(far, code, space, np.random.default_rng(0))
        assert (found is not None) == is_found
        if found is not None:
            assert space.distances(found.code[None])[0] <= space.limit + 1e-6


def test_of_several_borders_the_nearest_is_found_where_the_margin_is_curved() -> None:
    """A ring: the margin is positive outside a circle around a point beside the code."""
    space = CodeSpace(np.zeros(2), np.eye(2), np.eye(2), 10.0)
    centre = torch.tensor([0.5, 0.0])

    def margin(latents: Tensor) -> Tensor:
        return (latents - centre).square().sum(1) - 4.0

    found = smallest_move(margin, np.zeros(2), space, np.random.default_rng(0))
    assert found is not None
    assert found.length == pytest.approx(1.5, rel=0.02)


def test_distances_are_mahalanobis_and_the_limit_is_their_quantile() -> None:
    _, _, _, space = linear_world(1.0)
    rng = np.random.default_rng(5)
    mixing = np.eye(DIMENSIONS) + 0.4 * rng.normal(size=(DIMENSIONS, DIMENSIONS))
    codes = rng.normal(size=(4000, DIMENSIONS)) @ mixing + 1.0
    half = np.arange(len(codes)) % 2 == 0
    used = codes[half][:, :-1]
    inverse = np.linalg.inv(np.cov(used.T))
    away = codes[~half][:, :-1] - used.mean(axis=0)
    exact = np.sqrt(np.einsum("nd,de,ne->n", away, inverse, away))
    np.testing.assert_allclose(space.distances(codes[~half]), exact, rtol=1e-6)
    assert space.limit == pytest.approx(float(np.quantile(exact, 0.98)))


def test_a_percentile_counts_those_below_and_half_of_those_alike() -> None:
    found = unusual("error", 2.0, np.array([0.0, 1.0, 2.0, 3.0]))
    assert (found.percentile, found.n) == (62.5, 4)
