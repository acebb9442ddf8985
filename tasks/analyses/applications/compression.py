"""Compression: bits per image against the error of the decoded image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

STEPS = (4.0, 2.0, 1.0, 0.5, 0.25, 0.125)


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


def compress(
    fit_codes: NDArray[np.floating],
    codes: NDArray[np.floating],
    images: NDArray[np.uint8],
    order: Sequence[int],
    decode: Decode,
    rng: np.random.Generator,
    steps: Sequence[float] = STEPS,
    resamples: int = 500,
) -> Compression:
    """Returns both curves for held-out codes (m, d) of images (m, c, h, w).

    Codes are rounded to a grid; the rate is the length that the frequencies of fit_codes (n, d), rounded
    likewise, give to them, each dimension by itself. order: dimensions, most informative first; those left
    out are set to their mean, which costs nothing.
    """
    centre = fit_codes.mean(axis=0, dtype=np.float64)
    scale = np.maximum(fit_codes.std(axis=0, dtype=np.float64), 1e-9)
    pixels = images.astype(np.float64).reshape(len(images), -1) / 255.0

    def point(at: float, step: float, kept: Sequence[int]) -> RatePoint:
        restored = np.tile(centre, (len(codes), 1))
        bits = np.zeros(len(codes))
        for dimension in kept:
            unit = step * scale[dimension]
            cells = np.round((codes[:, dimension] - centre[dimension]) / unit).astype(np.int64)
            known = np.round((fit_codes[:, dimension] - centre[dimension]) / unit).astype(np.int64)
            bits += code_lengths(known, cells)
            restored[:, dimension] += cells * unit
        made = np.asarray(decode(restored.astype(np.float32), np.arange(len(codes))), dtype=np.float64)
        made = made.reshape(len(codes), -1)
        error = ((made - pixels) ** 2).mean(axis=1)
        source = "bootstrap over images"
        return RatePoint(
            at,
            mean_estimate(bits, resamples, rng, source),
            mean_estimate(error, resamples, rng, source),
            float(-10.0 * np.log10(max(error.mean(), 1e-12))),
        )

    counts = sorted({round(count) for count in np.linspace(0, len(order), 6)})
    return Compression(
        tuple(point(step, step, order) for step in steps),
        tuple(point(float(count), 0.25, order[:count]) for count in counts),
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
