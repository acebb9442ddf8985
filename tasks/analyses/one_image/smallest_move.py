"""The smallest move of a code that changes an answer (a counterfactual), in Mahalanobis distance.

Along one line by search; over more dimensions by gradients: the nearest point of the answer's linearised border, again
and again (Moosavi-Dezfooli et al. 2016, DeepFool), from several starts, of which the shortest counts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latent_audit.tasks.analyses.one_image.code_space import CodeSpace

Floats = NDArray[np.float64]
# Codes (n, d) -> (n,), at least 0 where the answer is the one that is asked for.
Margin = Callable[[Tensor], Tensor]
_GRID = 64
_BISECTIONS = 24


@dataclass(frozen=True)
class Search:
    """starts: of the search by gradients. steps: of each. damping: share of the way that a step goes."""

    starts: int = 5
    steps: int = 30
    damping: float = 0.5


@dataclass(frozen=True)
class SmallestMove:
    """code: (d,) with the other answer. change: (d,) from the code before. length: Mahalanobis."""

    code: Floats
    change: Floats
    length: float


def smallest_move(
    margin: Margin,
    code: Floats,
    space: CodeSpace,
    rng: np.random.Generator,
    *,
    basis: Floats | None = None,
    has_gradient: bool = True,
    search: Search | None = None,
) -> SmallestMove | None:
    """Returns the shortest move found from a code (d,) to one whose margin is 0 or more; None where there is none.

    basis: (d, k), in whose span the move lies; every direction that varies by default. has_gradient: whether the margin
    can be differentiated; without, only a single line can be searched, and None is returned for more. No code beyond
    the limit of the space is looked at, or beyond the code itself where that lies further out.
    """
    steps = space.spread if basis is None else space.within(basis)
    allowed = max(space.limit, float(space.distances(code[None])[0]))
    line = _Line(margin, code, steps, space, allowed)
    if steps.shape[1] == 1:
        found = [line.first(np.array([sign])) for sign in (1.0, -1.0)]
    elif has_gradient and steps.shape[1]:
        found = [
            line.first(u)
            for u in _towards(margin, code, steps, space, allowed, rng, search or Search())
            if np.linalg.norm(u) > 0
        ]
    else:
        return None
    ends = [u for u in found if u is not None]
    if not ends:
        return None
    best = min(ends, key=lambda u: float(np.linalg.norm(u)))
    change = steps @ best
    return SmallestMove(code + change, change, float(np.linalg.norm(best)))


class _Line:
    """Search along a ray from a code for the first point with another answer."""

    def __init__(self, margin: Margin, code: Floats, steps: Floats, space: CodeSpace, allowed: float) -> None:
        self._margin, self._code, self._steps, self._space, self._allowed = (
            margin, code, steps, space, allowed
        )  # fmt: skip

    def first(self, towards: Floats) -> Floats | None:
        """Returns the coefficients (k,) of the first point along `towards` (k,), within the allowed distance."""
        unit = towards / np.linalg.norm(towards)
        # No two codes within the allowed distance of the mean are further apart than this.
        lengths = np.linspace(0.0, 2.0 * self._allowed, _GRID + 1)[1:]
        codes = self._code + lengths[:, None] * (self._steps @ unit)
        inside = self._space.distances(codes) <= self._allowed + 1e-9
        met = np.flatnonzero(inside & (self._margins(codes) >= 0))
        if not len(met):
            return None
        high = float(lengths[met[0]])
        low = high - float(lengths[0])
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2.0
            at = (self._code + middle * (self._steps @ unit))[None]
            low, high = (low, middle) if self._margins(at)[0] >= 0 else (middle, high)
        return np.asarray(high * unit)

    def _margins(self, codes: Floats) -> Floats:
        with torch.no_grad():
            found = self._margin(torch.from_numpy(codes.astype(np.float32)))
        return np.asarray(found.cpu().numpy(), dtype=np.float64)


def _towards(
    margin: Margin,
    code: Floats,
    steps: Floats,
    space: CodeSpace,
    allowed: float,
    rng: np.random.Generator,
    search: Search,
) -> Floats:
    """Returns (starts, k) the coefficients to which the searches came; the first starts from the code itself."""
    dimensions = steps.shape[1]
    u = rng.normal(size=(search.starts, dimensions)) / np.sqrt(dimensions)
    u[0] = 0.0
    spread = torch.from_numpy(steps)
    whitened = space.inverse @ steps
    start = space.inverse @ (code - space.mean)
    for _ in range(search.steps):
        at = torch.from_numpy(u).requires_grad_(True)
        with torch.enable_grad():
            values = margin((torch.from_numpy(code) + at @ spread.T).float())
            (slope,) = torch.autograd.grad(values.sum(), at)
        slopes, known = slope.numpy().astype(np.float64), values.detach().cpu().numpy().astype(np.float64)
        squares = np.maximum((slopes**2).sum(axis=1), 1e-12)
        nearest = (((slopes * u).sum(axis=1) - known) / squares)[:, None] * slopes
        # No further in one step than codes go at all: a flat margin would throw the search out.
        length = np.linalg.norm(nearest, axis=1, keepdims=True)
        nearest *= np.minimum(1.0, 2.0 * allowed / np.maximum(length, 1e-12))
        u = u + search.damping * (nearest - u)
        outside = np.linalg.norm(start + u @ whitened.T, axis=1)
        if dimensions == space.spread.shape[1]:
            pulled = np.minimum(1.0, allowed / np.maximum(outside, 1e-12))[:, None]
            u = pulled * (start @ whitened + u) - start @ whitened
    return u
