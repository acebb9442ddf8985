"""Latent responses: which dimension of a code answers when one is set to another image's value.

The code is decoded and encoded again (Leeb, Bauer, Besserve and Schoelkopf 2022, "Exploring the Latent Space of
Autoencoders with Interventional Assays", NeurIPS 35). No label and no classifier is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode, Latents
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows

Floats = NDArray[np.float64]
Encode = Callable[[NDArray[np.float32]], Latents]
MAX_EXEMPLARS = 24


@dataclass(frozen=True)
class LatentResponses:
    """What answers to what.

    response: (d, d), how far dimension k of the code changes when dimension j is set to another image's value, decoded
    and encoded again: root mean square, by what exchanging two whole images changes it. 1: as much; 0: not at all.
    comes_back: (d,) the slope of the change that is read back on the change that was made: 1 where all of it is.
    ignored: (d,) whether the decoder does not use the dimension.
    """

    images: int
    response: Floats
    comes_back: Floats
    ignored: NDArray[np.bool_]


@dataclass(frozen=True)
class Exemplars:
    """Held-out images at both ends of dimensions, rows of probe_test: (dimensions, 2, images), lowest first."""

    dimensions: tuple[int, ...]
    rows: NDArray[np.int64] = field(metadata={"plain": False})


def compute(
    codes: Latents, used: NDArray[np.bool_], decode: Decode, encode: Encode, images: int, seed: int
) -> LatentResponses:
    """Returns the latent responses of codes (n, d) of held-out images; `images` of them are drawn, in two halves.

    The first half's dimensions are set, one at a time, to the values of the second half.
    """
    half = min(images, len(codes)) // 2
    rows = np.random.default_rng([seed, 57]).permutation(draw_rows(len(codes), 2 * half, seed, "responses"))
    of_base, of_donor = rows.reshape(2, half)
    base, donor = codes[of_base], codes[of_donor]
    # A pair has the noise of its base, so that what answers answers to the code alone.
    before, other = (encode(decode(part, of_base)).astype(np.float64) for part in (base, donor))
    d = codes.shape[1]
    whole = np.sqrt(((other - before) ** 2).mean(axis=0))
    response, comes_back = np.zeros((d, d)), np.zeros(d)
    for j in range(d):
        moved = base.copy()
        moved[:, j] = donor[:, j]
        change = encode(decode(moved, of_base)).astype(np.float64) - before
        response[j] = np.divide(np.sqrt((change**2).mean(axis=0)), whole, out=np.zeros(d), where=whole > 1e-9)
        made = (donor[:, j] - base[:, j]).astype(np.float64)
        size = float((made**2).sum())
        comes_back[j] = float((change[:, j] * made).sum()) / size if size > 0.0 else 0.0
    return LatentResponses(2 * half, response, comes_back, ~used)


def exemplars(
    codes: Latents, dimensions: NDArray[np.int64], count: int, most: int = MAX_EXEMPLARS
) -> Exemplars:
    """Returns the images with the lowest and the highest values of some dimensions of codes (n, d)."""
    chosen = dimensions[np.arange(min(most, len(dimensions)))]
    order = np.argsort(codes[:, chosen], axis=0, kind="stable").T
    low, high = order[:, np.arange(count)], order[:, ::-1][:, np.arange(count)]
    return Exemplars(tuple(int(j) for j in chosen), np.stack([low, high], axis=1))
