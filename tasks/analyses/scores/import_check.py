"""Checks on a few images, before the audit, that an imported model behaves as its settings state.

Nothing here refuses a model. What is odd is said in a sentence, with what the same numbers would be if the model's
outputs were read the other way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.vocabulary.reasons import Reason, reason

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
    pixels in [0, 1], the first None without a decoder; mean_image_error is that of the mean of these images.
    code_mean and code_standard_deviation: one a dimension, posterior variance included; the prior has 0 and 1.
    posterior_standard_deviation: mean over images and dimensions, None for an encoder without variances.
    """

    images: int
    pixels_cut: float
    reconstruction_error: float | None
    mean_image_error: float
    code_mean: tuple[float, ...]
    code_standard_deviation: tuple[float, ...]
    posterior_standard_deviation: float | None
    warnings: tuple[Reason, ...]


def check(
    images: NDArray[np.uint8],
    means: Floats,
    log_variances: Floats | None,
    as_set: Floats | None,
    other_readings: Sequence[Reading],
) -> ImportCheck:
    """Returns the check of images (n, c, h, w) with codes (n, d) and reconstructions (n, c, h, w), not yet cut.

    log_variances: as the encoder gave them, None where it gives none. as_set: reconstructions as the settings
    read them, None without a decoder. other_readings: the same decoder, read in other ways.
    """
    pixels = images.astype(np.float64) / 255.0
    error = None if as_set is None else _error(pixels, as_set)
    mean_image_error = _error(pixels, np.broadcast_to(pixels.mean(axis=0), pixels.shape))
    spread = means.astype(np.float64).var(axis=0)
    if log_variances is not None:
        spread = spread + np.exp(log_variances.astype(np.float64)).mean(axis=0)
    deviations = np.sqrt(spread)
    centres = means.astype(np.float64).mean(axis=0)
    warnings = [
        *(
            ()
            if as_set is None or error is None
            else _about_pixels(pixels, as_set, error, mean_image_error, other_readings)
        ),
        *_about_codes(centres, deviations),
        *_about_whole_numbers(means),
        *(() if log_variances is None else _about_variances(means, log_variances)),
    ]
    return ImportCheck(
        images=len(images),
        pixels_cut=0.0 if as_set is None else float(np.mean((as_set < 0.0) | (as_set > 1.0))),
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
) -> list[Reason]:
    found = []
    far = float(np.mean((as_set < -FAR_OUTSIDE) | (as_set > 1.0 + FAR_OUTSIDE)))
    if far > MAX_FAR_OUTSIDE:
        cut = float(np.mean((as_set < 0.0) | (as_set > 1.0)))
        found.append(reason("import.pixels_cut", cut=f"{cut:.0%}", far=f"{far:.0%}"))
    if error >= mean_image_error:
        found.append(
            reason(
                "import.no_reconstruction", error=f"{error:.3g}", mean_image_error=f"{mean_image_error:.3g}"
            )
        )
    errors = [(_error(pixels, other.pixels), other.words) for other in others]
    best, words = min(errors, default=(np.inf, ""))
    if best <= BETTER_BY * error and best < mean_image_error:
        found.append(reason("import.other_reading", reading=words, best=f"{best:.3g}", error=f"{error:.3g}"))
    return found


def _about_codes(centres: Floats, deviations: Floats) -> list[Reason]:
    widest, farthest = int(np.argmax(deviations)), int(np.argmax(np.abs(centres)))
    odd: list[str | Reason] = []
    if deviations[widest] > OFF_PRIOR:
        odd.append(reason("import.wide", dimension=f"z{widest}", value=f"{deviations[widest]:.3g}"))
    elif deviations[widest] < 1.0 / OFF_PRIOR:
        odd.append(reason("import.narrow", value=f"{deviations[widest]:.2g}"))
    if abs(centres[farthest]) > OFF_PRIOR:
        odd.append(reason("import.off_centre", dimension=f"z{farthest}", value=f"{centres[farthest]:.3g}"))
    return [reason("import.off_prior", odd=odd)] if odd else []


def _about_whole_numbers(means: Floats) -> list[Reason]:
    if not np.array_equal(means, np.round(means)) or len(np.unique(means)) <= 2:
        return []
    return [reason("import.whole_numbers")]


def _about_variances(means: Floats, log_variances: Floats) -> list[Reason]:
    given = log_variances.astype(np.float64)
    if given.min() < 0.0 or given.max() <= 0.0:
        return []
    positive = np.maximum(given, 1e-12)
    as_given, as_deviations, as_variances = (
        _kl_nats(means, logs) for logs in (given, 2.0 * np.log(positive), np.log(positive))
    )
    return [
        reason(
            "import.positive_log_variances",
            mean=f"{given.mean():.3g}",
            kl=f"{as_given:.3g}",
            deviations=f"{as_deviations:.3g}",
            variances=f"{as_variances:.3g}",
        )
    ]


def _kl_nats(means: Floats, log_variances: Floats) -> float:
    """Returns the mean KL of diagonal Gaussians (n, d) from the standard normal, in nats an image."""
    squares = means.astype(np.float64) ** 2
    return float(0.5 * (squares + np.exp(log_variances) - 1.0 - log_variances).sum(axis=1).mean())
