"""What moving as far in a direction that is not the claimed one does: the null of the intervention check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_DIRECTIONS_BATCH_SIZE = 16


@dataclass(frozen=True)
class InterventionNull:
    """Effects (directions, k) of random directions, and which dimensions each of them moves: bool (directions, d)."""

    effects: Floats
    moves: NDArray[np.bool_]


def null_effects(
    codes: NDArray[np.float32],
    levels: NDArray[np.float32],
    spread: Floats,
    groups: Sequence[int],
    effects_of: Callable[[NDArray[np.float32]], Floats],
    directions: int,
    rng: np.random.Generator,
) -> InterventionNull:
    """Returns the effects of `directions` random unit directions over codes (m, d).

    Lengths are counted in each dimension's own standard deviations, `spread` (d,): a step as long as a wide
    dimension's range would leave the data along a narrow one, and a broken picture is no null. Each
    direction lives in a third of the dimensions (whole groups, at least one), so that for every dimension
    most directions leave it alone: the null of a dimension is to move the others. A direction takes the
    steps that bring each image to the doses, levels (doses, d), of one dimension drawn for it.
    `effects_of` takes latents (directions, doses, m, d) and returns effects (directions, k).
    """
    scale = np.where(spread > 0.0, spread, 1.0)
    scaled_codes, scaled_levels = codes / scale, levels / scale
    # Directions are drawn over dimensions in the order of their doses, so that naming dimensions in another
    # order changes nothing.
    canonical = np.lexsort(scaled_levels[::-1])
    scaled_codes, scaled_levels = scaled_codes[:, canonical], scaled_levels[:, canonical]
    labels = np.asarray(groups)[canonical]
    distinct, group = _in_order_of_appearance(labels)
    alive = np.flatnonzero(spread[canonical] > 0.0)
    found, moves = [], []
    back = np.argsort(canonical)
    if distinct < 2 or len(alive) == 0:
        attributes = effects_of(codes[None, None]).shape[1]
        return InterventionNull(np.zeros((0, attributes)), np.zeros((0, len(labels)), bool))
    for start in range(0, directions, _DIRECTIONS_BATCH_SIZE):
        count = min(_DIRECTIONS_BATCH_SIZE, directions - start)
        moving = _moving_groups(distinct, count, rng)[:, group]
        unit = rng.standard_normal((count, len(labels))) * moving
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        template = rng.choice(alive, size=count)
        # (count, doses, m), in standard deviations
        steps = scaled_levels[:, template].T[:, :, None] - scaled_codes[:, template].T[:, None, :]
        moved = scaled_codes[None, None] + steps[..., None] * unit[:, None, None, :]
        found.append(effects_of((moved[..., back] * scale).astype(np.float32)))
        moves.append(moving[:, back])
    return InterventionNull(np.concatenate(found), np.concatenate(moves))


def moved_groups(groups: int) -> int:
    """Returns how many groups one null direction moves: a third, at least one."""
    return max(1, groups // 3)


def directions_needed(groups: Sequence[int], moves_per_dimension: int) -> int:
    """Returns how many directions leave each dimension with about `moves_per_dimension` times d null moves.

    The smallest family-wise p-value of d dimensions and r null moves is about d / r: 45 give 0.022, which
    lets one null move in all be as large as the effect.
    """
    count = len(np.unique(groups))
    left_alone = 1.0 - moved_groups(count) / count
    return int(np.ceil(moves_per_dimension * len(groups) / left_alone)) if left_alone > 0 else 0


def _in_order_of_appearance(labels: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    """Returns the number of distinct labels, and for each label its place by first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return len(first), np.argsort(np.argsort(first))[inverse]


def _moving_groups(groups: int, count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Returns which groups each direction moves, (count, groups)."""
    order = rng.random((count, groups)).argsort(axis=1)
    return np.asarray(order < moved_groups(groups))


def null_of_dimension(null: InterventionNull, dimension: int, groups: Sequence[int]) -> NDArray[np.bool_]:
    """Returns which directions (directions,) leave a dimension and its group alone: its null."""
    labels = np.asarray(groups)
    return np.asarray(~null.moves[:, labels == labels[dimension]].any(axis=1))


def adjusted_p_values(
    effect: Floats, null: InterventionNull, untrained: Floats, groups: Sequence[int]
) -> Floats:
    """Returns family-wise p-values (k, d) of effects (k, d).

    The null of dimension j: random directions that leave its group alone, and every dimension of the
    untrained decoder (untrained, k). Effects are standardised per attribute by that null; an effect is held
    against the largest over all attributes of each null move, and the p-value is then raised to the family
    of all dimensions by 1 - (1 - p)^d (Sidak).
    """
    attributes, dimensions = effect.shape
    p_values = np.ones((attributes, dimensions))
    for j in range(dimensions):
        others = null_of_dimension(null, j, groups)
        pool = np.concatenate([null.effects[others], untrained])
        if not others.any():
            continue
        mean, spread = pool.mean(axis=0), np.maximum(pool.std(axis=0), 1e-6)
        largest = ((pool - mean) / spread).max(axis=1)
        observed = (effect[:, j] - mean) / spread
        exceeding = (largest[None, :] >= observed[:, None]).sum(axis=1)
        p_values[:, j] = 1.0 - (1.0 - (1.0 + exceeding) / (len(pool) + 1.0)) ** dimensions
    return p_values
