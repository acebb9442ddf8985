"""The encoder and decoder of an object: its methods encode and decode, its networks encoder and decoder, or transform
and inverse_transform.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.functions.textbook import TextbookDecoder, TextbookEncoder, network_of

Half = Callable[[Any], Any]


def halves_of(
    made: object, image_shape: tuple[int, int, int], source: str, *, decodes: bool = True
) -> tuple[Half, Half | None]:
    """Returns the functions that encode images (n, c, h, w) and decode codes.

    A method comes before a network: `encode` before `encoder`. An object as of scikit-learn, with transform and
    inverse_transform, is given images as rows of pixels. source: what the error calls the object. decodes: whether it
    must decode; else None stands for the second function, and the object may be a function of images, such as the
    module of an encoder. Raises BadCheckpoint.
    """
    encode = network_of(made, "encode") or _textbook_encoder(made)
    towards = network_of(made, "transform")
    if not decodes:
        if encode is not None:
            return encode, None
        if towards is not None:
            return _of_rows(towards), None
        if callable(made):
            return made, None
        raise BadCheckpoint(f"{source} must return an object with encode, or a function of images")
    decode = network_of(made, "decode") or _textbook_decoder(made, image_shape)
    if encode is not None and decode is not None:
        return encode, decode
    back = network_of(made, "inverse_transform")
    if towards is not None and back is not None:
        return _of_rows(towards), lambda codes: _images(back(np.asarray(codes)), image_shape)
    lacking = [name for name, half in (("encode", encode), ("decode", decode)) if half is None]
    raise BadCheckpoint(
        f"{source} must return an object with encode and decode, or with the networks encoder and decoder; the "
        f"{type(made).__name__} it returned has no {' and no '.join(lacking)}. Set decodes to false for a model that "
        "only encodes"
    )


def _textbook_encoder(made: object) -> Half | None:
    encoder = network_of(made, "encoder")
    return None if encoder is None else TextbookEncoder(made, encoder)


def _textbook_decoder(made: object, image_shape: tuple[int, int, int]) -> Half | None:
    decoder = network_of(made, "decoder")
    return None if decoder is None else TextbookDecoder(decoder, image_shape)


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
