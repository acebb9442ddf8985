"""Describes errors inside a user's own code, with advice from trial calls with other sizes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from latent_audit.vocabulary.machine_errors import raise_machine_error

_MAX_LETTERS = 300
# Sides in pixels, and numbers of images, that networks are commonly made for.
_SIDES = (16, 28, 32, 48, 64, 96, 128, 224, 256)
_COUNTS = (1, 2, 4, 8, 16, 32, 64, 100, 128)
_CHANNELS = (1, 3)


def described(error: BaseException, function: Callable[[Tensor], Any], given: Tensor) -> str:
    """Returns the first line of the error that `function` raised for `given`, and the sizes that it accepts.

    given: images (n, c, h, w), or codes (n, d). Sizes are mentioned only if another one is accepted.
    """
    words = (str(error) or "without a message").split("\n")[0][:_MAX_LETTERS].rstrip(". ")
    said = f"{type(error).__name__}: {words}"
    if isinstance(error, TypeError) and "argument" in words:
        return (
            f"{said}. It is called with one argument, a tensor: give every other argument a default, or fill it in "
            "where the model is made"
        )
    taken = _taken_instead(function, given)
    return f"{said}. {taken}" if taken else said


def _taken_instead(function: Callable[[Tensor], Any], given: Tensor) -> str | None:
    count, rest = len(given), tuple(given.shape[1:])
    for other in _COUNTS:
        if other != count and _takes(function, given, (other, *rest)):
            return (
                f"It takes {other} at once and not {count}: it must take any number of rows, so export it with a free "
                "first dimension (torch.export.Dim), or loop over rows inside it"
            )
    if given.ndim != 4:
        return None
    channels, height, width = rest
    for side in _SIDES:
        if (side, side) != (height, width) and _takes(function, given, (count, channels, side, side)):
            return f"It takes images of {side}x{side} pixels and not of {height}x{width}: set data.image_size to {side}"
    for other in _CHANNELS:
        if other != channels and _takes(function, given, (count, other, height, width)):
            return (
                f"It takes images of {other} channel(s), and the data have {channels}: set data.channels to {other} "
                "where the data set has that setting, or convert inside the model"
            )
    return None


def _takes(function: Callable[[Tensor], Any], given: Tensor, shape: tuple[int, ...]) -> bool:
    try:
        with torch.no_grad():
            function(torch.zeros(shape, dtype=given.dtype, device=given.device))
    except (Exception, SystemExit) as error:  # code that is not ours can fail in any way
        raise_machine_error(error)
        return False
    return True
