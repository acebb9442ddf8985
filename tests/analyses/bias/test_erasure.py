"""The remedy: what LEACE takes out of codes whose bias is known, what stays, and the word on it."""

from dataclasses import replace

import numpy as np
import pytest

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.absence.measure import AbsenceSizes, CodeAndValues
from latent_audit.tasks.analyses.bias.erased import erased_from, eraser_of, probe_choices, readable
from latent_audit.tasks.analyses.bias.erasure import fit_eraser
from latent_audit.tasks.analyses.bias.fairness import Decision, Gap, decisions
from latent_audit.tasks.analyses.bias.rules import Erasure, judge_erasures
from latent_audit.tasks.analyses.bias.subgroups import subgroups_of
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.datasets.attributes import Attribute

LIMITS = Thresholds()
SIZES = AbsenceSizes(permutations=199, bootstraps=200, boosting_images=2000, boosting_iterations=40)
SEX = Attribute("sex", "binary", ("f", "m"))
SMILE = Attribute("smile", "binary", ("no", "yes"))
AGE = Attribute("age", "continuous")
N, D = 3000, 6


def code_of(codes: np.ndarray, values: np.ndarray, *attributes: Attribute) -> CodeAndValues:
    """Returns codes (2 N, d) and values (2 N, k): the first half is probe_fit."""
    fit, test, single = np.arange(N), np.arange(N, 2 * N), codes.astype(np.float32)
    return CodeAndValues(attributes, single[fit], values[fit], single[test], values[test])


def biased_code() -> CodeAndValues:
    """Returns codes in which sex shifts the means of two dimensions, and smile and age are read along two others."""
    rng = np.random.default_rng(0)
    sex, smile = (rng.integers(2, size=2 * N).astype(float) for _ in range(2))
    codes = rng.standard_normal((2 * N, D))
    codes[:, 0] += 2.0 * smile
    age = codes[:, 1] + 0.3 * rng.standard_normal(2 * N)
    codes[:, 2:4] += 1.5 * sex[:, None]
    return code_of(codes, np.stack([sex, smile, age], axis=1), SEX, SMILE, AGE)


def with_biased_labels(code: CodeAndValues) -> CodeAndValues:
    """Returns the code with half of the men who do not smile labelled as smiling, in probe_fit alone."""
    values, rng = code.fit_values.copy(), np.random.default_rng(1)
    values[(values[:, 0] == 1) & (rng.random(N) < 1 / 2), 1] = 1.0
    return replace(code, fit_values=values)


def judged(code: CodeAndValues) -> Erasure:
    after = readable(code, "sex", LIMITS.absent_max, SIZES, 0)
    model = {
        "name": "vae",
        "seed": 0,
        "bias": [{"protected": "sex", "remedy": {"after": to_json(after)}}],
    }
    (row,) = judge_erasures([model], LIMITS)
    return row


def smile_decision(code: CodeAndValues) -> Decision:
    given = probe_choices(code, [1])
    groups = subgroups_of(SEX, code.test_values[:, 0])
    images = ImageGroups.of(None, N)
    (row,) = decisions("probe", [SMILE], code.test_values[:, [1]], given, groups, images, 200, 0)
    return row


def strongest(code: CodeAndValues, attribute: str) -> float:
    """Returns U of the strongest reader of the whole code."""
    return readable(code, attribute, LIMITS.absent_max, SIZES, 0).absence.uncertainty.value


def test_after_erasing_no_covariance_with_the_attribute_is_left() -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(3, size=500)
    codes = rng.standard_normal((500, 5)) @ rng.standard_normal((5, 5)) + rng.standard_normal((3, 5))[targets]
    columns = np.eye(3)[targets]
    eraser = fit_eraser(codes, columns)
    erased = eraser.apply(codes).astype(np.float64)
    assert eraser.rank == 2  # three classes whose columns add up to 1
    covariance = (erased - erased.mean(0)).T @ (columns - columns.mean(0)) / 500
    assert np.abs(covariance).max() < 1e-6
    np.testing.assert_allclose(erased.mean(0), codes.mean(0), atol=1e-6)
    np.testing.assert_allclose(
        eraser.apply(erased), erased, atol=1e-5
    )  # a projection: nothing is left to take


def test_no_other_projection_that_erases_changes_codes_less() -> None:
    """Theorem 4.3: of all that leave no covariance, LEACE moves codes least, in expected square."""
    rng = np.random.default_rng(1)
    shape = rng.standard_normal((4, 4))
    target = rng.integers(2, size=2000).astype(float)[:, None]
    codes = rng.standard_normal((2000, 4)) @ shape + target * np.array([1.0, -2.0, 0.5, 0.0])
    eraser = fit_eraser(codes, target)
    change = float(((eraser.apply(codes) - codes) ** 2).mean())
    centred = codes - codes.mean(0)
    shift = centred.T @ (target - target.mean())
    for _ in range(50):  # x - shift (w' x) / (w' shift) erases, whatever w is
        w = rng.standard_normal((4, 1))
        other = centred @ w @ shift.T / float((w.T @ shift).item())
        assert change <= float((other**2).mean()) * 1.000001


def test_a_code_without_the_attribute_stays_and_bad_shapes_are_refused() -> None:
    rng = np.random.default_rng(2)
    codes = rng.standard_normal((100, 3))
    eraser = fit_eraser(codes, np.ones((100, 1)))
    assert eraser.rank == 0
    np.testing.assert_allclose(eraser.apply(codes), codes, atol=1e-6)
    with pytest.raises(
        ValueError, match=r"targets \(n, c\) of at least 2 images, got \(100, 3\) and \(99, 1\)"
    ):
        fit_eraser(codes, np.ones((99, 1)))


def test_bias_in_the_means_is_found_mended_and_shown_absent_and_others_stay() -> None:
    """Decisions are learnt from biased labels, and scored where smile is as often among both sexes."""
    code = biased_code()
    before = smile_decision(with_biased_labels(code))
    assert before.demographic_parity.difference.low > 0.1
    assert before.demographic_parity.p_adjusted <= 0.001
    mended = erased_from(code, eraser_of(code, "sex"))
    after = smile_decision(with_biased_labels(mended))
    assert after.demographic_parity.difference.value < 0.05
    assert after.demographic_parity.p_adjusted > 0.05
    assert isinstance(after.equalised_odds, Gap)
    assert after.equalised_odds.difference.value < 0.06
    row = judged(mended)
    assert row.word == "shown_absent", english(row.reason)
    assert judged(code).word == "still_read"
    for other in ("smile", "age"):
        assert strongest(mended, other) == pytest.approx(strongest(code, other), abs=0.02), other


def test_bias_in_the_covariance_is_not_called_absent() -> None:
    """No linear reader tells of it, and others do: LEACE cannot reach it, and the word says so."""
    rng = np.random.default_rng(3)
    sex = rng.integers(2, size=2 * N).astype(float)
    codes = rng.standard_normal((2 * N, D))
    codes[:, :3] *= (1.0 + 1.5 * sex)[:, None]
    code = code_of(codes, sex[:, None], SEX)
    row = judged(erased_from(code, eraser_of(code, "sex")))
    assert row.word == "no_longer_linear", english(row.reason)
    assert english(row.reason).startswith("no longer linear: still read at U = 0.")
