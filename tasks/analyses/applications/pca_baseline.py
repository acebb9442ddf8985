"""Compression by principal components: the linear baseline of a model's code, of as many numbers, coded alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from latent_audit.tasks.analyses.applications.compression import (
    STEPS,
    Coded,
    Compression,
    code_by_size,
    compress,
    sizes_of,
)
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.vocabulary.batches import batches

_BATCH = 2000


@dataclass(frozen=True)
class PixelPca:
    """Principal components of pixels: the mean image (p,) and orthonormal components (k, p), largest variance first.

    Where images or pixels are fewer than k, the last components are zero.
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    image_shape: tuple[int, ...]

    @classmethod
    def of(cls, images: NDArray[np.uint8], dimensions: int) -> "PixelPca":
        """Returns the first `dimensions` components of images (n, c, h, w)."""
        flat = _flat(images)
        count = min(dimensions, *flat.shape)
        found = PCA(count, svd_solver="randomized", random_state=0).fit(flat)
        components = np.zeros((dimensions, flat.shape[1]), np.float32)
        components[:count] = found.components_
        return cls(found.mean_.astype(np.float32), components, images.shape[1:])

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns codes (n, k) of images (n, c, h, w)."""
        codes = np.empty((len(images), len(self.components)), np.float32)
        for some in batches(len(images), _BATCH):
            codes[some] = (_flat(images[some]) - self.mean) @ self.components.T
        return codes

    def decode(self, codes: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Returns images (n, c, h, w) of codes (n, k), cut to [0, 1]; `rows` is of no use to it."""
        flat = self.mean + codes @ self.components
        return np.clip(flat, 0.0, 1.0).reshape(len(codes), *self.image_shape)


@dataclass(frozen=True)
class SizeDifference:
    """The model less PCA, both with `dimensions` numbers an image, over the same images: bits an image, and mean
    squared error of a pixel.
    """

    dimensions: int
    rate_bits: Estimate
    distortion: Estimate


@dataclass(frozen=True)
class BesidePca:
    """PCA of the pixels of so many images that the evidence is not of: its curves, and the differences by size."""

    fitted_images: int
    curves: Compression
    differences: tuple[SizeDifference, ...]


def beside_pca(
    ours: Sequence[Coded],
    dimensions: int,
    training_images: NDArray[np.uint8],
    fit_images: NDArray[np.uint8],
    images: NDArray[np.uint8],
    rng: np.random.Generator,
    steps: Sequence[float] = STEPS,
    resamples: int = 500,
) -> BesidePca:
    """Returns what PCA makes of the images (m, c, h, w) with as many numbers as the model.

    ours: the same images coded by the model with each number of its `dimensions` (`code_by_size`). training_images:
    the components are found in these. fit_images: those whose frequencies codes are written with.
    """
    pca = PixelPca.of(training_images, dimensions)
    fit_codes, codes, order = pca.encode(fit_images), pca.encode(images), range(dimensions)
    theirs = code_by_size(fit_codes, codes, images, order, pca.decode)
    curves = compress(fit_codes, codes, images, order, pca.decode, rng, steps, resamples, theirs)
    source = "bootstrap over images"
    differences = tuple(
        SizeDifference(
            count,
            mean_estimate(mine.bits - pcas.bits, resamples, rng, source),
            mean_estimate(mine.error - pcas.error, resamples, rng, source),
        )
        for count, mine, pcas in zip(sizes_of(dimensions), ours, theirs, strict=True)
    )
    return BesidePca(len(training_images), curves, differences)


def _flat(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
