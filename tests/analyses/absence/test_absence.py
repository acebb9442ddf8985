"""Claims of absence: what readers find of planted attributes, what they would have found, and the word on it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import xlogy

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.absence.evidence import AbsenceClaim, AbsenceEvidence
from latent_audit.tasks.analyses.absence.measure import AbsenceSizes, CodeAndValues, measure
from latent_audit.tasks.analyses.absence.planted import Template, correlation_for, plant
from latent_audit.tasks.analyses.absence.rules import Absence, judge_absence
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.selftest.absence_rows import absence_row
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute

LIMITS = Thresholds()
SIZES = AbsenceSizes(permutations=199, bootstraps=200, boosting_images=2000, boosting_iterations=40)
BINARY = Attribute("sex", "binary", ("no", "yes"))
AGE = Attribute("age", "continuous")
N = 2000


def code_of(codes: np.ndarray, values: np.ndarray, *attributes: Attribute) -> CodeAndValues:
    """Returns codes (2 n, d) and values (2 n, k): the first half is probe_fit."""
    half, single = len(codes) // 2, codes.astype(np.float32)
    fit, test = np.arange(half), np.arange(half, 2 * half)
    return CodeAndValues(attributes, single[fit], values[fit], single[test], values[test])


def judged(code: CodeAndValues, claim: AbsenceClaim, limits: Thresholds = LIMITS) -> Absence:
    found = measure(code, [claim], limits.absent_max, SIZES, seed=0)
    (row,) = judge_absence([{"name": "vae", "seed": 0, "absence": to_json(found)}], limits)
    return row


def test_an_attribute_that_nothing_tells_of_is_shown_absent_where_images_suffice() -> None:
    rng = np.random.default_rng(0)
    sex = rng.integers(2, size=(2 * N, 1)).astype(float)
    row = judged(code_of(rng.standard_normal((2 * N, 10)), sex, BINARY), AbsenceClaim("sex"))
    assert row.word == "shown_absent", english(row.reason)
    assert english(row.reason).startswith("three readers, fitted on 2000 images, read at most 0.0")


def test_few_images_show_no_absence_and_say_what_could_be_missed() -> None:
    rng = np.random.default_rng(1)
    sex = rng.integers(2, size=(700, 1)).astype(float)
    limits = replace(LIMITS, absent_max=0.1)
    row = judged(code_of(rng.standard_normal((700, 200)), sex, BINARY), AbsenceClaim("sex"), limits)
    assert (row.word, row.reason["key"]) == ("not_shown", "absence_too_few")
    assert float(str(row.reason["values"]["missed"])) >= 0.2


@pytest.mark.parametrize("kind", ["linear", "squared", "chequered"])
def test_each_reader_finds_what_it_alone_can(kind: str) -> None:
    """A line, a distance from the middle, and a chequered board that is turned by 45 degrees."""
    rng = np.random.default_rng(2)
    codes = rng.standard_normal((2 * N, 2))
    signal = {
        "linear": codes[:, 0],
        "squared": codes[:, 0] ** 2 - 0.45,
        "chequered": np.sin(1.5 * (codes[:, 0] + codes[:, 1])) * np.sin(1.5 * (codes[:, 0] - codes[:, 1])),
    }[kind]
    sex = (signal > 0.0).astype(float)[:, None]
    found = measure(code_of(codes, sex, BINARY), [AbsenceClaim("sex")], LIMITS.absent_max, SIZES, 0)[0]
    scores = {score.reader: score.uncertainty for score in found.readers}
    assert scores[found.reader] == max(scores.values()) > 0.2
    if kind == "linear":
        assert scores["linear"] > 0.9 * max(scores.values())
    else:
        assert found.reader in ("boosting", "neighbours")
        assert scores["linear"] < scores[found.reader] / 2
    if kind == "chequered":
        assert scores["neighbours"] > scores["linear"]
    (row,) = judge_absence([{"name": "vae", "seed": 0, "absence": to_json([found])}], LIMITS)
    assert (row.word, row.exceeds) == ("held", True), english(row.reason)


def test_a_weak_attribute_exceeds_the_limit_and_is_not_held() -> None:
    rng = np.random.default_rng(3)
    codes, values = planted(0.1, rng)
    row = judged(code_of(codes, values[:, None], BINARY), AbsenceClaim("sex"))
    assert (row.word, row.exceeds, row.reason["key"]) == ("not_shown", True, "absence_exceeded")


def planted(uncertainty: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.standard_normal((2 * N, 5))
    values = rng.integers(2, size=2 * N).astype(float)
    template = Template(values, values.astype(int), np.zeros(2 * N, int))
    return codes, plant(template, codes, correlation_for(template, uncertainty), rng)


def test_what_other_attributes_tell_is_left_out_where_they_are_given() -> None:
    """The code holds age alone, and sex goes with age: beyond age it tells nothing of sex."""
    rng = np.random.default_rng(4)
    age = rng.integers(4, size=2 * N).astype(float)
    sex = (rng.random(2 * N) < np.array([0.1, 0.4, 0.6, 0.9])[age.astype(int)]).astype(float)
    codes = np.stack([age + 0.1 * rng.standard_normal(2 * N), rng.standard_normal(2 * N)], axis=1)
    code = code_of(codes, np.stack([sex, age], axis=1), BINARY, AGE)
    assert judged(code, AbsenceClaim("sex")).word == "held"
    row = judged(code, AbsenceClaim("sex", ("age",)))
    assert row.word == "shown_absent", english(row.reason)
    assert "of sex beyond age" in english(row.reason)


def test_what_is_told_beyond_what_is_given_is_found() -> None:
    rng = np.random.default_rng(5)
    age = rng.integers(4, size=2 * N).astype(float)
    sex = (rng.random(2 * N) < np.array([0.1, 0.4, 0.6, 0.9])[age.astype(int)]).astype(float)
    codes = np.stack([age, sex + 0.3 * rng.standard_normal(2 * N)], axis=1)
    row = judged(code_of(codes, np.stack([sex, age], axis=1), BINARY, AGE), AbsenceClaim("sex", ("age",)))
    assert row.word == "held", english(row.reason)


@pytest.mark.parametrize("kind", ["binary", "categorical", "continuous", "cyclic"])
@pytest.mark.parametrize("uncertainty", [0.04, 0.2])
def test_planted_attributes_have_the_uncertainty_that_was_asked_for(kind: str, uncertainty: float) -> None:
    rng = np.random.default_rng(6)
    n = 200_000
    values = {
        "binary": (rng.random(n) < 0.1).astype(float),
        "categorical": rng.integers(3, size=n).astype(float),
        "continuous": np.floor(5.0 * rng.random(n)),
        "cyclic": np.floor(8.0 * rng.random(n)),
    }[kind]
    strata = rng.integers(2, size=n)
    template = Template(values, values.astype(int), strata)
    codes = rng.standard_normal((n, 1))
    found = plant(template, codes, correlation_for(template, uncertainty), rng)
    assert np.array_equal(np.sort(found[strata == 1]), np.sort(values[strata == 1]))
    bins = np.floor(200 * np.argsort(np.argsort(codes[:, 0])) / n).astype(int)
    table = np.zeros((int(values.max()) + 1, 200))
    np.add.at(table, (found.astype(int), bins), 1.0)
    share = table / n
    margins = share.sum(0) * share.sum(1, keepdims=True)
    told = float(xlogy(share, share).sum() - xlogy(share, margins).sum())
    entropy = -float(xlogy(share.sum(1), share.sum(1)).sum())
    assert told / entropy == pytest.approx(uncertainty, rel=0.08)


def evidence(
    value: float | None, low: float | None, high: float | None, p: float, highs: tuple[float, ...] = ()
) -> dict[str, Any]:
    return {
        "attribute": "sex",
        "given": [],
        "fit_images": 100,
        "uncertainty": {"value": value, "low": low, "high": high, "n": 100, "source": ""},
        "p_adjusted": p,
        "planted": [{"uncertainty": 0.04, "highs": list(highs)}] if highs else [],
    }


@pytest.mark.parametrize(
    ("found", "word", "key"),
    [
        (evidence(0.0, 0.0, 0.01, 0.5, (0.05, 0.03)), "shown_absent", "absence_shown"),
        (evidence(0.0, 0.0, 0.01, 0.5, (0.05, 0.02)), "not_shown", "absence_too_few"),
        (evidence(0.01, 0.0, 0.03, 0.5), "not_shown", "absence_crosses"),
        (evidence(0.1, 0.08, 0.12, 0.01), "not_shown", "absence_exceeded"),
        (evidence(0.3, 0.25, 0.35, 0.01), "held", "absence_held"),
        (evidence(0.3, 0.25, 0.35, 0.2), "not_shown", "absence_crosses"),
        (evidence(None, None, None, 1.0), "not_shown", "absence_undefined"),
    ],
)
def test_the_word_follows_from_limit_and_planted_attributes(
    found: dict[str, Any], word: str, key: str
) -> None:
    (row,) = judge_absence([{"name": "vae", "seed": 0, "absence": [found]}], LIMITS)
    assert (row.word, row.reason["key"]) == (word, key)


def test_p_values_are_corrected_over_all_claims_of_a_model() -> None:
    rng = np.random.default_rng(7)
    values = rng.integers(2, size=(1000, 3)).astype(float)
    attributes = [Attribute(name, "binary", ("no", "yes")) for name in "abc"]
    code = code_of(rng.standard_normal((1000, 3)), values, *attributes)
    sizes = AbsenceSizes(99, 50, 500, 5)

    def p_values(*names: str) -> list[float]:
        found: list[AbsenceEvidence] = measure(code, [AbsenceClaim(name) for name in names], 0.02, sizes, 0)
        return [one.p_adjusted for one in found]

    alone = [p_values(name)[0] for name in "abc"]
    together = p_values(*"abc")
    assert min(together) == pytest.approx(min(1.0, 3 * min(alone)))
    assert all(b >= a for a, b in zip(alone, together, strict=True))


def test_the_row_of_the_selftest_holds_when_it_is_reduced() -> None:
    row = absence_row(2, seed=0)
    assert row.holds, row.measured
    assert row.measured["u0_d10_n1000_allowed"] >= 0.5
