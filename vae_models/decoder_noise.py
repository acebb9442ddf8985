"""Noise that a decoder takes beside a code, drawn by row number.

What a model draws of a code is then an expectation over its noise: whoever judges decoded images gives each image, or
pair of images, the draw of its own row, and intervals over rows hold the noise too.
"""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

_STREAM = 0x2015E  # apart from everything else that is drawn with the same seed


@runtime_checkable
class NoisyDecoder(Protocol):
    """A model whose decoder takes noise beside the code, as the InterpretableGAN's does."""

    noise_dimensions: int

    def decode(self, latents: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns mean images (n, c, h, w) in [0, 1] of latents (n, latent_dim) and noise (n, noise_dimensions).

        One fixed draw, the same for all images, without `noise`.
        """
        ...

    def reconstruction_nats(self, images: Tensor, latents: Tensor, noise: Tensor | None = None) -> Tensor:
        """Returns (n,) negative log-likelihood in nats of each image given its latents and its noise."""
        ...


def draw_noise(rows: NDArray[np.integer], dimensions: int, seed: int = 0) -> NDArray[np.float32]:
    """Returns standard normal noise (n, dimensions): the draw of each row number in `rows` (n,).

    A draw depends on the seed, its row number (0 or more) and the number of dimensions, and on no other row: equal
    row numbers get equal noise.
    """
    distinct, place = np.unique(rows, return_inverse=True)
    draws = [np.random.default_rng([seed, _STREAM, int(row)]).standard_normal(dimensions) for row in distinct]
    return np.asarray(draws, dtype=np.float32).reshape(len(distinct), dimensions)[place]
