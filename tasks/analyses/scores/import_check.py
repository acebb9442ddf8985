"""Checks on a few images, before the audit, that an imported model behaves as its settings state.

Nothing here refuses a model. What is odd is said in a sentence, with what the same numbers would be if the model's
outputs were read the other way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
# A pixel this far outside black and white is no overshoot of a well-trained decoder. In shares of the range.
FAR_OUTSIDE = 0.1
# More pixels than this far outside are odd.
MAX_FAR_OUTSIDE = 0.01
# Another reading is named where it has at most this share of the error, and less than one mean image.
BETTER_BY = 0.5
# How often the prior's standard deviation, 1, goes into that of the codes or the other way round, before it is odd.
OFF_PRIOR = 3.0


@dataclass(frozen=True)
class Reading:
    """Reconstructions under one reading of the decoder's output; `words` describes it, as advice.

    pixels: (n, c, h, w) on the scale where black is 0 and white is 1, not cut.
    """

    words: str
    pixels: Floats


@dataclass(frozen=True)
class ImportCheck:
    """Measurements on `images` random images, and anomalies.

    pixels_cut: share of pixel values outside [0, 1], which are cut there. Errors are mean squared differences of
    pixels in [0, 1]; mean_image_error is that of the mean of these images. code_mean and code_standard_deviation:
    one a dimension, posterior variance included; the prior has 0 and 1. posterior_standard_deviation: mean over images
    and dimensions, None for an encoder without variances.
    """

    images: int
    pixels_cut: float
    reconstruction_error: float
    mean_image_error: float
    code_mean: tuple[float, ...]
    code_standard_deviation: tuple[float, ...]
    posterior_standard_deviation: float | None
    warnings: tuple[str, ...]


def check(
    images: NDArray[np.uint8],
    means: Floats,
    log_variances: Floats | None,
    as_set: Floats,
    other_readings: Sequence[Reading],
) -> ImportCheck:
    """Returns the check of images (n, c, h, w) with codes (n, d) and reconstructions (n, c, h, w), not yet cut.

    log_variances: as the encoder gave them, None where it gives none. as_set: reconstructions as the settings
    read them. other_readings: the same decoder, read in other ways.
    """
    pixels = images.astype(np.float64) / 255.0
    error = _error(pixels, as_set)
    mean_image_error = _error(pixels, np.broadcast_to(pixels.mean(axis=0), pixels.shape))
    spread = means.astype(np.float64).var(axis=0)
    if log_variances is not None:
        spread = spread + np.exp(log_variances.astype(np.float64)).mean(axis=0)
    deviations = np.sqrt(spread)
    centres = means.astype(np.float64).mean(axis=0)
    warnings = [
        *_about_pixels(pixels, as_set, error, mean_image_error, other_readings),
        *_about_codes(centres, deviations),
        *_about_whole_numbers(means),
        *(() if log_variances is None else _about_variances(means, log_variances)),
    ]
    return ImportCheck(
        images=len(images),
        pixels_cut=float(np.mean((as_set < 0.0) | (as_set > 1.0))),
        reconstruction_error=error,
        mean_image_error=mean_image_error,
        code_mean=tuple(centres.tolist()),
        code_standard_deviation=tuple(deviations.tolist()),
        posterior_standard_deviation=None
        if log_variances is None
        else float(np.exp(0.5 * log_variances.astype(np.float64)).mean()),
        warnings=tuple(warnings),
    )


def _error(pixels: Floats, reconstructions: Floats) -> float:
    return float(np.mean((np.clip(reconstructions, 0.0, 1.0) - pixels) ** 2))


def _about_pixels(
    pixels: Floats, as_set: Floats, error: float, mean_image_error: float, others: Sequence[Reading]
) -> list[str]:
    said = []
    far = float(np.mean((as_set < -FAR_OUTSIDE) | (as_set > 1.0 + FAR_OUTSIDE)))
    if far > MAX_FAR_OUTSIDE:
        cut = float(np.mean((as_set < 0.0) | (as_set > 1.0)))
        said.append(
            f"{cut:.0%} of the decoder's pixel values lie below black or above white, {far:.0%} by more than a tenth "
            "of the range, and are cut"
        )
    if error >= mean_image_error:
        said.append(
            f"the reconstructions have a mean squared error of {error:.3g}, and one mean image in place of them all "
            f"has {mean_image_error:.3g}: the model does not reconstruct images of this data set"
        )
    errors = [(_error(pixels, other.pixels), other.words) for other in others]
    best, words = min(errors, default=(np.inf, ""))
    if best <= BETTER_BY * error and best < mean_image_error:
        said.append(
            f"with {words}, the mean squared error of a reconstruction would be {best:.3g} in place of {error:.3g}"
        )
    return said


def _about_codes(centres: Floats, deviations: Floats) -> list[str]:
    widest, farthest = int(np.argmax(deviations)), int(np.argmax(np.abs(centres)))
    odd = []
    if deviations[widest] > OFF_PRIOR:
        odd.append(f"z{widest} has a standard deviation of {deviations[widest]:.3g}")
    elif deviations[widest] < 1.0 / OFF_PRIOR:
        odd.append(f"no dimension has a standard deviation above {deviations[widest]:.2g}")
    if abs(centres[farthest]) > OFF_PRIOR:
        odd.append(f"z{farthest} has a mean of {centres[farthest]:.3g}")
    if not odd:
        return []
    return [
        f"the codes do not follow the standard normal prior (mean 0, standard deviation 1) that samples are drawn "
        f"from: {', and '.join(odd)}. Samples and KL do not describe this model; standardise the codes inside encode "
        "and decode"
    ]


def _about_whole_numbers(means: Floats) -> list[str]:
    if not np.array_equal(means, np.round(means)) or len(np.unique(means)) <= 2:
        return []
    return [
        "all codes are whole numbers. If they are indices of a codebook (VQ), they are names and not quantities, and "
        "what is said of their dimensions means nothing: return the vectors that they stand for"
    ]


def _about_variances(means: Floats, log_variances: Floats) -> list[str]:
    given = log_variances.astype(np.float64)
    if given.min() < 0.0 or given.max() <= 0.0:
        return []
    positive = np.maximum(given, 1e-12)
    as_given, as_deviations, as_variances = (
        _kl_nats(means, logs) for logs in (given, 2.0 * np.log(positive), np.log(positive))
    )
    return [
        f"no log variance is below 0 (their mean is {given.mean():.3g}), so no posterior is narrower than the prior; "
        f"the KL is {as_given:.3g} nats an image. If encode returns standard deviations, return 2 * log of them: the "
        f"KL would be {as_deviations:.3g} nats. If it returns variances, return log of them: {as_variances:.3g} nats"
    ]


def _kl_nats(means: Floats, log_variances: Floats) -> float:
    """Returns the mean KL of diagonal Gaussians (n, d) from the standard normal, in nats an image."""
    squares = means.astype(np.float64) ** 2
    return float(0.5 * (squares + np.exp(log_variances) - 1.0 - log_variances).sum(axis=1).mean())
