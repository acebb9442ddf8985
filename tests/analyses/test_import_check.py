"""What is odd about a model from elsewhere is said with numbers, and what is not odd is not said."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.scores.import_check import ImportCheck, Reading, check

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (64, 1, 6, 6), dtype=np.uint8)
PIXELS = IMAGES / 255.0
CODES = RNG.standard_normal((64, 3))
LOG_VARIANCES = np.full((64, 3), -2.0) + 0.1 * CODES
GOOD = PIXELS + 0.02 * RNG.standard_normal(PIXELS.shape)


def checked(
    codes: NDArray[np.floating] = CODES,
    log_variances: NDArray[np.floating] | None = LOG_VARIANCES,
    as_set: NDArray[np.floating] = GOOD,
    others: tuple[Reading, ...] = (),
) -> ImportCheck:
    return check(IMAGES, codes, log_variances, as_set, others)


def only_warning(found: ImportCheck) -> str:
    (warning,) = found.warnings
    return english(warning)


def test_a_healthy_model_is_measured_and_nothing_is_said() -> None:
    found = checked(others=(Reading("pixel_range [-1, 1]", PIXELS / 2 + 0.5),))
    assert found.warnings == ()
    assert found.images == 64
    assert found.pixels_cut == np.mean((GOOD < 0) | (GOOD > 1)) > 0  # overshoot is no fault
    assert found.mean_image_error == pytest.approx(PIXELS.var(axis=0).mean())
    assert found.reconstruction_error == pytest.approx(np.mean((GOOD.clip(0, 1) - PIXELS) ** 2))
    np.testing.assert_allclose(found.code_mean, CODES.mean(axis=0))
    variance = CODES.var(axis=0) + np.exp(LOG_VARIANCES).mean(axis=0)
    np.testing.assert_allclose(found.code_standard_deviation, np.sqrt(variance))
    assert found.posterior_standard_deviation == pytest.approx(np.exp(LOG_VARIANCES / 2).mean())
    assert checked(log_variances=None).posterior_standard_deviation is None


def test_logits_are_known_by_what_is_cut_and_by_what_a_sigmoid_would_give() -> None:
    inside = PIXELS.clip(0.01, 0.99)
    logits = np.log(inside / (1 - inside)) * 3
    found = checked(as_set=logits, others=(Reading("torch.sigmoid", inside), Reading("other", logits / 255)))
    cut, better = english(found.warnings[0]), english(found.warnings[-1])
    assert cut.startswith(
        f"{found.pixels_cut:.0%} of the decoder's pixel values lie below black or above white"
    )
    assert better.startswith("with torch.sigmoid, the mean squared error of a reconstruction would be ")
    assert better.endswith(f"in place of {found.reconstruction_error:.3g}")


def test_a_range_that_cuts_nothing_is_known_by_its_error() -> None:
    found = checked(as_set=PIXELS / 2 + 0.5, others=(Reading("pixel_range [0, 1]", PIXELS),))
    assert found.pixels_cut == 0
    assert any(english(warning).startswith("with pixel_range [0, 1], ") for warning in found.warnings)


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (CODES * 10_000, "z\\d has a standard deviation of (?!1,).*e\\+0?4"),
        (CODES + np.array([0, 40, 0]), r"z1 has a mean of 39\.9"),
        (CODES / 1000, r"no dimension has a standard deviation above 0\.0"),
    ],
)
def test_codes_are_held_against_the_prior(codes: NDArray[np.floating], said: str) -> None:
    warning = only_warning(checked(codes=codes, log_variances=None))
    assert re.search(said, warning), warning
    assert "standardise the codes" in warning


def test_reconstructions_worse_than_one_mean_image() -> None:
    warning = only_warning(checked(as_set=PIXELS[::-1]))
    assert "the model does not reconstruct images of this data set" in warning


def test_standard_deviations_in_place_of_log_variances() -> None:
    deviations = np.exp(LOG_VARIANCES / 2)
    warning = only_warning(checked(log_variances=deviations))
    kl = 0.5 * (CODES**2 + np.exp(LOG_VARIANCES) - 1 - LOG_VARIANCES).sum(1).mean()
    wrong = 0.5 * (CODES**2 + np.exp(deviations) - 1 - deviations).sum(1).mean()
    assert f"the KL is {wrong:.3g} nats an image" in warning
    assert f"return 2 * log of them: the KL would be {kl:.3g} nats" in warning


def test_whole_numbers_may_be_indices_of_a_codebook() -> None:
    whole = np.round(CODES)
    warning = only_warning(checked(codes=whole, log_variances=None))
    assert warning.startswith("all codes are whole numbers. If they are indices of a codebook (VQ)")
    assert checked(codes=np.sign(CODES), log_variances=None).warnings == ()  # binary codes are quantities


def test_a_collapsed_or_unit_posterior_is_no_mistake() -> None:
    """Log variances around 0, or all 0, are what a collapsed model gives."""
    assert checked(log_variances=np.zeros((64, 3))).warnings == ()
    assert checked(log_variances=0.01 * CODES).warnings == ()
