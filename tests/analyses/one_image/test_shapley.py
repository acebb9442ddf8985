"""Shapley values held against all coalitions, and against Captum's exact ones."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
import torch
from captum.attr import ShapleyValues as CaptumShapley
from numpy.typing import NDArray

from latent_audit.tasks.analyses.one_image.shapley import Game, shapley_values

PLAYERS = 8
CODES = 100


def world(correlated: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns a code (8,) and others (100, 8) whose dimensions are independent or go together."""
    rng = np.random.default_rng(3)
    mixing = np.eye(PLAYERS)
    if correlated:
        mixing += 0.7 * rng.normal(size=(PLAYERS, PLAYERS))
    return rng.normal(size=PLAYERS) @ mixing, rng.normal(size=(CODES, PLAYERS)) @ mixing


def outputs(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """A classifier of decoded codes (n, 8): one output that adds up, and one with interplay and saturation."""
    weights = np.linspace(-1.0, 1.5, PLAYERS)
    linear = codes @ weights
    curved = (
        np.tanh(codes[:, 0] * codes[:, 1]) + codes[:, 2] * codes[:, 3] - np.abs(codes[:, 4]) + codes[:, 5]
    ) + np.tanh(
        codes[:, 0] * codes[:, 6] * codes[:, 7]
    )  # antithetic pairs are exact for two players, not for three
    return np.stack([linear, curved], axis=1)


def game_of(code: NDArray[np.float64], others: NDArray[np.float64]) -> Game:
    def game(coalitions: NDArray[np.bool_]) -> NDArray[np.float64]:
        mixed = np.where(coalitions[:, None, :], code, others[None])
        values = outputs(mixed.reshape(-1, code.shape[0])).reshape(len(coalitions), len(others), -1)
        return np.asarray(values.mean(axis=1))

    return game


def by_all_subsets(game: Game) -> NDArray[np.float64]:
    """Returns the exact values by the definition, subset by subset."""
    found = np.zeros((PLAYERS, 2))
    for player in range(PLAYERS):
        rest = [other for other in range(PLAYERS) if other != player]
        for size in range(PLAYERS):
            for chosen in combinations(rest, size):
                pair = np.zeros((2, PLAYERS), bool)
                pair[:, list(chosen)] = True
                pair[1, player] = True
                without, joined = game(pair)
                found[player] += (joined - without) / (PLAYERS * comb(PLAYERS - 1, size))
    return found


@pytest.mark.parametrize("correlated", [False, True])
def test_sampled_values_are_within_three_standard_errors_of_all_256_subsets(correlated: bool) -> None:
    game = game_of(*world(correlated))
    exact = by_all_subsets(game)
    found = shapley_values(game, PLAYERS, np.random.default_rng(0), exact_players=0)
    assert found.reached
    assert 0 < found.permutations <= 200
    asked = 0.02 * np.abs(found.values).sum(axis=0)
    assert (found.errors <= asked).all()
    assert found.errors[:, 1].max() > 0
    assert (np.abs(found.values - exact) <= 3 * found.errors + 1e-9).all()
    np.testing.assert_allclose(found.values.sum(axis=0), found.everybody - found.nobody, atol=1e-9)


def test_few_players_are_computed_exactly() -> None:
    game = game_of(*world(True))
    found = shapley_values(game, PLAYERS, np.random.default_rng(0), exact_players=PLAYERS)
    assert (found.permutations, found.errors.max()) == (0, 0.0)
    np.testing.assert_allclose(found.values, by_all_subsets(game), atol=1e-9)


def test_an_error_that_is_not_reached_is_said() -> None:
    game = game_of(*world(True))
    found = shapley_values(
        game, PLAYERS, np.random.default_rng(0), error_share=1e-6, most_permutations=20, exact_players=0
    )
    assert not found.reached
    assert found.permutations == 20


def test_each_coalition_is_evaluated_once() -> None:
    game = game_of(*world(False))
    seen: list[bytes] = []

    def counting(coalitions: NDArray[np.bool_]) -> NDArray[np.float64]:
        seen.extend(coalition.tobytes() for coalition in coalitions)
        return np.asarray(game(coalitions))

    shapley_values(counting, PLAYERS, np.random.default_rng(0), exact_players=0)
    assert len(seen) == len(set(seen)) <= 2**PLAYERS


def test_captum_finds_the_same_with_one_code_to_compare_with() -> None:
    code, others = world(False)
    players, rng = 5, np.random.default_rng(1)
    weights = rng.normal(size=(players, players))

    def interplay(codes: torch.Tensor) -> torch.Tensor:
        return (codes @ torch.from_numpy(weights) * codes).sum(1)

    own, other = torch.from_numpy(code[None, :players]), torch.from_numpy(others[:1, :players])
    theirs = CaptumShapley(interplay).attribute(own, other)[0].numpy()

    def game(coalitions: NDArray[np.bool_]) -> NDArray[np.float64]:
        mixed = torch.where(torch.from_numpy(coalitions), own, other)
        return interplay(mixed).numpy()[:, None]

    ours = shapley_values(game, players, rng).values[:, 0]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)  # Captum's are float32
