"""Shapley values of players in a game whose coalitions can be evaluated, with the error of their estimate.

Permutations in antithetic pairs, an order and its reverse (Mitchell et al. 2022, "Sampling permutations for Shapley
value estimation"); few players are computed exactly. Captum's ShapleyValueSampling has neither pairs nor errors; tests
compare with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# (coalitions, players) bool -> (coalitions, outputs): the value of the game where these players are present.
Game = Callable[[NDArray[np.bool_]], Floats]
# Before a standard error says anything.
MIN_PAIRS = 8


@dataclass(frozen=True)
class ShapleyValues:
    """values, errors: (players, outputs), the errors standard errors, 0 where the values are exact.

    nobody, everybody: (outputs,), the game without and with all players; the values add up to their difference.
    permutations: how many orders were tried, 0 where all coalitions were. reached: whether every error is as small as
    was asked for.
    """

    values: Floats
    errors: Floats
    nobody: Floats
    everybody: Floats
    permutations: int
    reached: bool


def shapley_values(
    game: Game,
    players: int,
    rng: np.random.Generator,
    *,
    error_share: float = 0.02,
    most_permutations: int = 200,
    exact_players: int = 6,
    pairs_at_once: int = 2,
) -> ShapleyValues:
    """Returns the Shapley values of every output of a game.

    error_share: pairs are added until no standard error is more than this share of the sum of absolute values, of any
    output, or `most_permutations` are used up. exact_players: with so many or fewer, all coalitions are evaluated.
    """
    known = _Coalitions(game)
    ends = known(np.array([np.zeros(players, bool), np.ones(players, bool)]))
    if players <= exact_players:
        values = _exact(known, players)
        return ShapleyValues(values, np.zeros_like(values), ends[0], ends[1], 0, True)
    pairs: list[Floats] = []
    while True:
        orders = [rng.permutation(players) for _ in range(pairs_at_once)]
        known(np.concatenate([_prefixes(order) for one in orders for order in (one, one[::-1])]))
        pairs += [(_gains(known, one) + _gains(known, one[::-1])) / 2.0 for one in orders]
        found = np.stack(pairs)
        values = found.mean(axis=0)
        errors = found.std(axis=0, ddof=1) / np.sqrt(len(pairs))
        asked = error_share * np.abs(values).sum(axis=0)
        reached = bool(len(pairs) >= MIN_PAIRS and (errors <= asked).all())
        if reached or 2 * (len(pairs) + pairs_at_once) > most_permutations:
            return ShapleyValues(values, errors, ends[0], ends[1], 2 * len(pairs), reached)


class _Coalitions:
    """Values of coalitions, each evaluated once, all new ones of a call together."""

    def __init__(self, game: Game) -> None:
        self._game = game
        self._known: dict[bytes, Floats] = {}

    def __call__(self, coalitions: NDArray[np.bool_]) -> Floats:
        keys = [coalition.tobytes() for coalition in coalitions]
        new = {key: row for row, key in enumerate(keys) if key not in self._known}
        if new:
            found = np.asarray(self._game(coalitions[list(new.values())]), dtype=np.float64)
            self._known |= dict(zip(new, found, strict=True))
        return np.stack([self._known[key] for key in keys])


def _prefixes(order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Returns (players + 1, players): nobody, then one player more at a time, in this order."""
    rank = np.argsort(order)
    return np.asarray(rank[None, :] < np.arange(len(order) + 1)[:, None])


def _gains(known: _Coalitions, order: NDArray[np.int64]) -> Floats:
    """Returns (players, outputs) what each player adds when they come in this order."""
    gains = np.diff(known(_prefixes(order)), axis=0)
    by_player = np.empty_like(gains)
    by_player[order] = gains
    return by_player


def _exact(known: _Coalitions, players: int) -> Floats:
    every = (np.arange(2**players)[:, None] >> np.arange(players)) & 1 == 1
    values = known(every)
    sizes = every.sum(axis=1)
    found = np.empty((players, values.shape[1]))
    for player in range(players):
        without = np.flatnonzero(~every[:, player])
        weight = np.array(
            [factorial(size) * factorial(players - size - 1) / factorial(players) for size in sizes[without]]
        )
        found[player] = weight @ (values[without + 2**player] - values[without])
    return found
