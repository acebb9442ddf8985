"""The encoder and decoder of an object: its methods encode and decode, or transform and inverse_transform."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from latent_audit.vae_models.errors import BadCheckpoint

Half = Callable[[Any], Any]


def halves_of(
    made: object, image_shape: tuple[int, int, int], source: str, *, decodes: bool = True
) -> tuple[Half, Half | None]:
    """Returns the functions that encode images (n, c, h, w) and decode codes.

    An object as of scikit-learn, with transform and inverse_transform, is given images as rows of pixels. source: what
    the error calls the object. decodes: whether it must decode; else None stands for the second function, and the
    object may be a function of images, such as the module of an encoder. Raises BadCheckpoint.
    """
    if not decodes:
        encode, rows = getattr(made, "encode", None), getattr(made, "transform", None)
        if callable(encode):
            return encode, None
        if callable(rows):
            return _of_rows(rows), None
        if callable(made):
            return made, None
        raise BadCheckpoint(f"{source} must return an object with encode, or a function of images")
    lacking = [name for name in ("encode", "decode") if not callable(getattr(made, name, None))]
    if not lacking:
        return made.encode, made.decode  # type: ignore[attr-defined]  # looked up above
    towards, back = getattr(made, "transform", None), getattr(made, "inverse_transform", None)
    if callable(towards) and callable(back):
        return _of_rows(towards), lambda codes: _images(back(np.asarray(codes)), image_shape)
    raise BadCheckpoint(
        f"{source} must return an object with encode and decode; the {type(made).__name__} it returned has no "
        f"{' and no '.join(lacking)}. Set decodes to false for a model that only encodes"
    )


def networks_of(made: object) -> nn.Module:
    """Returns the object itself, or its networks together, where the object is no module but holds some."""
    if isinstance(made, nn.Module):
        return made
    named = getattr(made, "__dict__", {})
    held = {name: value for name, value in named.items() if isinstance(value, nn.Module)}
    return nn.ModuleDict(held)


def _of_rows(towards: Half) -> Half:
    def encode(images: Any) -> Any:
        pixels = np.asarray(images)
        return towards(pixels.reshape(len(pixels), -1))

    return encode


def _images(rows: Any, image_shape: tuple[int, int, int]) -> NDArray[np.floating]:
    return np.asarray(rows).reshape(-1, *image_shape)
