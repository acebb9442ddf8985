"""Calls a function of others with tensors or arrays, whichever it takes, and returns tensors."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.machine_errors import raise_machine_error

# A tensor (n, ...), or the levels of a code, each (n, ...).
Given = Tensor | list[Tensor]
# Numbers of rows that programs are commonly exported for.
_COUNTS = (1, 4, 8, 16, 32, 64, 100, 128)
# What libraries call the parts of their results: diffusers, pythae.
_MEANS = ("latent_dist", "latents", "embedding")
_IMAGES = ("sample", "reconstruction", "recon_x")


class FlexibleCall:
    """Calls a function with a tensor or an array, and with all rows or a fixed number of rows at once.

    The first successful call decides; until then each form is tried in turn.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function
        self._takes_arrays = False
        self.rows_at_once: int | None = None
        self._settled = False

    def __call__(self, given: Given) -> Any:
        """Returns a tensor, or a list or pair of tensors, on the device of `given`. Raises what the function raises.

        given: a tensor, or the levels of a hierarchical code.
        """
        if self._settled:
            return self._in_pieces(given)
        try:
            result = self._once(given)
        except (Exception, SystemExit) as error:  # code that is not ours can fail in any way
            raise_machine_error(error)
            result = self._otherwise(given, error)
        self._settled = True
        return result

    def _otherwise(self, given: Given, first: BaseException) -> Any:
        self._takes_arrays = True
        try:
            return self._once(given)
        except (Exception, SystemExit) as error:
            raise_machine_error(error)
            self._takes_arrays = False
        for count in _COUNTS:
            if count != _count(given):
                self.rows_at_once = count
                try:
                    return self._in_pieces(given)
                except (Exception, SystemExit) as error:
                    raise_machine_error(error)
        self.rows_at_once = None
        raise first

    def _in_pieces(self, given: Given) -> Any:
        size = self.rows_at_once
        if size is None:
            return self._once(given)
        parts = []
        for some in batches(_count(given), size):
            count = some.stop - some.start
            piece = _each(given, partial(_filled, some=some, size=size))
            parts.append(_rows(self._once(piece), count))
        return _joined(parts)

    def _once(self, given: Given) -> Any:
        device = given[0].device
        if self._takes_arrays:
            return as_tensors(
                self._function(_each(given, lambda level: level.detach().cpu().numpy())), device
            )
        return as_tensors(self._function(given), device)


def _count(given: Given) -> int:
    return len(given) if isinstance(given, Tensor) else len(given[0])


def _each(given: Given, change: Callable[[Tensor], Any]) -> Any:
    return change(given) if isinstance(given, Tensor) else [change(level) for level in given]


def _filled(level: Tensor, some: slice, size: int) -> Tensor:
    """Returns some rows, filled up to `size` with copies of the first one, which are left out of the result."""
    piece = level[some]
    return torch.cat([piece, piece[:1].expand(size - len(piece), *piece.shape[1:])])


def as_tensors(value: Any, device: torch.device) -> Any:
    """Returns what a function gave with tensors in the place of arrays, distributions and results of libraries.

    A Gaussian becomes a pair of means and log variances. What is none of these is returned as it is.
    """
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value)).to(device)
    if isinstance(value, torch.distributions.Independent):
        return as_tensors(value.base_dist, device)
    if isinstance(value, torch.distributions.Normal):
        return [value.loc.to(device), 2 * value.scale.log().to(device)]
    named = _named_part(value)
    if named is not None:
        return as_tensors(named, device)
    if isinstance(value, tuple | list):
        return [as_tensors(item, device) for item in value]
    return value


def _named_part(value: Any) -> Any:
    """Returns the codes or images in a result of a library: an object whose parts have names; None for others."""
    if hasattr(value, "mean") and hasattr(value, "logvar") and isinstance(value.mean, Tensor):
        return [value.mean, value.logvar]  # diffusers' distribution
    means = _first_of(value, _MEANS)
    if means is not None:
        spread = _first_of(value, ("log_covariance",))
        return means if spread is None else [means, spread]
    return _first_of(value, _IMAGES)


def _first_of(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return next((value[name] for name in names if name in value), None)
    if not hasattr(value, "__dict__"):
        return None
    found = (getattr(value, name, None) for name in names)
    return next((part for part in found if part is not None and not callable(part)), None)


def _rows(value: Any, count: int) -> Any:
    if isinstance(value, Tensor):
        return value[:count]
    return [_rows(item, count) for item in value] if isinstance(value, list) else value


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], Tensor):
        return torch.cat(parts)
    if isinstance(parts[0], list):
        return [_joined(list(level)) for level in zip(*parts, strict=True)]
    return parts[0]
