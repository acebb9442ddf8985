"""Compression: bits per image against the error of the decoded image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

STEPS = (4.0, 2.0, 1.0, 0.5, 0.25, 0.125)
# The step of the curve over sizes.
SIZE_STEP = 0.25
_SOURCE = "bootstrap over images"


@dataclass(frozen=True)
class RatePoint:
    """One point of a curve: `at` is the step in standard deviations, or the number of dimensions kept.

    rate_bits: bits an image; distortion: mean squared error of a pixel, in [0, 1]; peak_signal_to_noise: of
    the mean distortion, in decibels.
    """

    at: float
    rate_bits: Estimate
    distortion: Estimate
    peak_signal_to_noise: float


@dataclass(frozen=True)
class Compression:
    """precision: all dimensions, coded ever more finely. size: the most informative dimensions at a step of a
    quarter, ever more of them. raw_bits: eight bits a value, what an image takes uncompressed.
    """

    precision: tuple[RatePoint, ...]
    size: tuple[RatePoint, ...]
    raw_bits: int


@dataclass(frozen=True)
class Coded:
    """Images (m, c, h, w) coded and decoded: bits (m,) of each, and the mean squared error (m,) of its pixels."""

    bits: NDArray[np.float64]
    error: NDArray[np.float64]


def sizes_of(dimensions: int) -> list[int]:
    """Returns the numbers of dimensions that are tried, from none to all."""
    return sorted({round(count) for count in np.linspace(0, dimensions, 6)})


def code_by_size(
    fit_codes: NDArray[np.floating],
    codes: NDArray[np.floating],
    images: NDArray[np.uint8],
    order: Sequence[int],
    decode: Decode,
) -> tuple[Coded, ...]:
    """Returns images coded with each number of dimensions, the first of `order`, at a step of a quarter."""
    return tuple(
        code_images(fit_codes, codes, images, order[:count], SIZE_STEP, decode)
        for count in sizes_of(len(order))
    )


def code_images(
    fit_codes: NDArray[np.floating],
    codes: NDArray[np.floating],
    images: NDArray[np.uint8],
    kept: Sequence[int],
    step: float,
    decode: Decode,
) -> Coded:
    """Returns bits and error of images by the dimensions `kept`, rounded to `step` standard deviations of fit_codes."""
    centre = fit_codes.mean(axis=0, dtype=np.float64)
    scale = np.maximum(fit_codes.std(axis=0, dtype=np.float64), 1e-9)
    restored = np.tile(centre, (len(codes), 1))
    bits = np.zeros(len(codes))
    for dimension in kept:
        unit = step * scale[dimension]
        cells = np.round((codes[:, dimension] - centre[dimension]) / unit).astype(np.int64)
        known = np.round((fit_codes[:, dimension] - centre[dimension]) / unit).astype(np.int64)
        bits += code_lengths(known, cells)
        restored[:, dimension] += cells * unit
    made = np.asarray(decode(restored.astype(np.float32), np.arange(len(codes))), dtype=np.float64)
    pixels = images.astype(np.float64).reshape(len(images), -1) / 255.0
    return Coded(bits, ((made.reshape(len(codes), -1) - pixels) ** 2).mean(axis=1))


def compress(
    fit_codes: NDArray[np.floating],
    codes: NDArray[np.floating],
    images: NDArray[np.uint8],
    order: Sequence[int],
    decode: Decode,
    rng: np.random.Generator,
    steps: Sequence[float] = STEPS,
    resamples: int = 500,
    by_size: Sequence[Coded] | None = None,
) -> Compression:
    """Returns both curves for held-out codes (m, d) of images (m, c, h, w).

    Codes are rounded to a grid; the rate is the length that the frequencies of fit_codes (n, d), rounded
    likewise, give to them, each dimension by itself. order: dimensions, most informative first; those left
    out are set to their mean, which costs nothing. by_size: what `code_by_size` returns of the same, if it is known.
    """

    def point(at: float, coded: Coded) -> RatePoint:
        return RatePoint(
            at,
            mean_estimate(coded.bits, resamples, rng, _SOURCE),
            mean_estimate(coded.error, resamples, rng, _SOURCE),
            float(-10.0 * np.log10(max(coded.error.mean(), 1e-12))),
        )

    if by_size is None:
        by_size = code_by_size(fit_codes, codes, images, order, decode)
    return Compression(
        tuple(point(step, code_images(fit_codes, codes, images, order, step, decode)) for step in steps),
        tuple(point(float(count), coded) for count, coded in zip(sizes_of(len(order)), by_size, strict=True)),
        8 * int(np.prod(images.shape[1:])),
    )


def code_lengths(known: NDArray[np.int64], cells: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns (m,) bits that an entropy coder made for `known` (n,) spends on `cells` (m,).

    Cells between the ends of all that occur get one count each beforehand (Laplace), so that a new one has a
    finite length.
    """
    low = int(min(known.min(), cells.min()))
    width = int(max(known.max(), cells.max())) - low + 1
    counts = np.bincount(known - low, minlength=width) + 1.0
    return np.asarray(-np.log2(counts / counts.sum())[cells - low])
