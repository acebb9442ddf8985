"""Whether dimensions without a name live: what they ask of a picture can be read in it, and the decoder uses it.

An encoder and a generator that are both paid for recovery can hide a code in faint pixels (Chu et al. 2017,
"CycleGAN, a master of steganography"), so pictures are rounded to 8 bits and given pixel noise before they are read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights

# Standard deviation of the pixel noise, on the scale of [0, 1]: what a hidden code drowns in, and no shape does.
PIXEL_NOISE = 0.05
SOURCE = "bootstrap over samples"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FreeDimension:
    """`fitness.free_dimensions[]` of audit.json.

    recovered: correlation of the value asked for with the value read in the picture. change: how much exchanging the
    dimension between two images changes the picture, as a share of exchanging the whole code. used: whether that is
    enough to say that the decoder uses it. lives: whether it is used and recovered.
    """

    index: int
    name: str
    recovered: Estimate
    change: float
    used: bool
    lives: bool


def compute(
    indices: Sequence[int],
    names: Sequence[str],
    asked: NDArray[np.floating],
    read: NDArray[np.floating],
    used: NDArray[np.bool_],
    changes: NDArray[np.floating],
    rng: np.random.Generator,
    *,
    live_correlation_min: float,
    resamples: int = 500,
) -> tuple[FreeDimension, ...]:
    """Returns one row a dimension in `indices`.

    asked, read: (n, d) codes of samples, and what the encoder reads in them once they are `degraded`. used, changes:
    (d,) whether and how much the decoder uses each dimension. names: (d,).
    """
    weights = np.concatenate([np.ones((1, len(asked))), image_weights(len(asked), resamples, rng)])
    found = []
    for j in indices:
        drawn = _correlations(asked[:, j].astype(np.float64), read[:, j].astype(np.float64), weights)
        recovered = from_samples(drawn[0], drawn[1:], len(asked), SOURCE)
        is_used = bool(used[j])
        lives = is_used and recovered.value >= live_correlation_min
        found.append(FreeDimension(int(j), names[j], recovered, float(changes[j]), is_used, lives))
    return tuple(found)


def degraded(pictures: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns pictures in [0, 1], rounded to 8 bits and given normal pixel noise of PIXEL_NOISE."""
    rounded = np.round(np.clip(pictures, 0.0, 1.0) * 255.0) / 255.0
    return np.asarray(rounded + rng.normal(0.0, PIXEL_NOISE, pictures.shape), dtype=np.float32)


def recover(
    asked: NDArray[np.float32],
    decode: Callable[[NDArray[np.float32], NDArray[np.int64]], NDArray[np.float32]],
    encode: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Returns the codes (n, d) read in degraded pictures of the codes `asked` (n, d), each with its own noise."""
    return encode(degraded(decode(asked, np.arange(len(asked))), rng))


def _correlations(one: Floats, other: Floats, weights: Floats) -> Floats:
    """Returns Pearson's correlation of two columns (n,) under each row of weights (resamples, n); 0 for a constant."""
    total = weights.sum(axis=1)
    means = [(weights @ column) / total for column in (one, other)]
    products = (weights @ (one * other)) / total - means[0] * means[1]
    spreads = [
        (weights @ column**2) / total - mean**2 for column, mean in zip((one, other), means, strict=True)
    ]
    size = np.sqrt(np.maximum(spreads[0], 0.0) * np.maximum(spreads[1], 0.0))
    return np.asarray(np.where(size > 1e-12, products / np.where(size > 1e-12, size, 1.0), 0.0))
