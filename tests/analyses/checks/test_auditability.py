"""An attribute that no classifier reads in real images cannot be audited, and no model is blamed for it."""

from dataclasses import asdict
from typing import Any

import pytest

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.checks import auditability
from latent_audit.tasks.analyses.checks.rules import THRESHOLDS_1_0, verdicts_of
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.checks.verdicts import (
    reach_verdicts,
    verdicts_on_control,
    verdicts_without_stability,
)
from tests.analyses.checks.test_verdicts import model, stability

ATTRIBUTES = [
    {"name": "lit", "kind": "binary"},
    {"name": "shape", "kind": "categorical"},
    {"name": "turn", "kind": "cyclic"},
    {"name": "unscored", "kind": "continuous"},
]


def score(attribute: str, statistic: str, value: float | None, chance: float) -> dict[str, Any]:
    return {
        "attribute": attribute,
        "statistic": statistic,
        "chance": chance,
        "estimate": {"value": value, "low": None, "high": None, "n": 9, "source": ""},
    }


def scores(auroc: float | None = 0.9, balanced: float = 0.9, r_squared: float = 0.9) -> list[dict[str, Any]]:
    return [
        score("lit", "balanced accuracy", 0.5, 0.5),  # the gate is held against the AUROC
        score("lit", "AUROC", auroc, 0.5),
        score("shape", "balanced accuracy", balanced, 0.25),
        score("turn", "R2", r_squared, 0.0),
    ]


@pytest.mark.parametrize(
    ("given", "closed"),
    [
        ({}, []),
        ({"auroc": 0.74}, ["lit"]),
        ({"auroc": 0.75, "balanced": 0.62, "r_squared": -0.02}, ["shape", "turn"]),
        ({"auroc": None}, ["lit"]),
    ],
)
def test_an_attribute_is_auditable_half_of_the_way_from_chance(
    given: dict[str, Any], closed: list[str]
) -> None:
    rows = auditability.compute(ATTRIBUTES, scores(**given), 0.5)
    assert [row.attribute for row in rows] == ["lit", "shape", "turn"]
    assert [row.attribute for row in rows if not row.auditable] == closed
    for row in rows:
        assert bool(english(row.reason)) == bool(english(row.helps)) == (not row.auditable)


def test_every_model_gets_the_same_words_whatever_its_checks_say() -> None:
    unreadable = auditability.reasons(auditability.compute(ATTRIBUTES, scores(auroc=0.52), 0.5))
    models = [model(seed) for seed in range(3)]
    models[1]["association"]["p_adjusted"][0][0] = 0.9  # not associated: it would be "not supported"
    found = reach_verdicts(models, [stability()], Thresholds(), unreadable)
    assert {row.verdict for row in found} == {"not_tested"}
    assert {row.effect is None for row in found} == {True}
    assert all(row.reason == unreadable["lit"]["reason"] for row in found)
    assert "AUROC 0.52, 0.75 needed" in english(found[0].reason)
    assert all(row.would_change == unreadable["lit"]["helps"] for row in found)
    assert verdicts_without_stability(models, Thresholds(), unreadable) == {"lit": ["not_tested"] * 3}
    assert verdicts_on_control(model(), Thresholds(), unreadable)[0]["verdict"] == "not_tested"


def test_files_of_schema_1_0_are_judged_without_this_rule() -> None:
    audit = {
        "schema_version": "1.1",
        "models": [model(seed) for seed in range(3)],
        "stability": [stability()],
        "thresholds": asdict(Thresholds()),
        "data": {"attributes": ATTRIBUTES},
        "classifier": {"scores": scores(auroc=0.6)},
    }
    assert {row["verdict"] for row in verdicts_of(audit)} == {"not_tested"}
    limits = {name: value for name, value in asdict(Thresholds()).items() if name in THRESHOLDS_1_0}
    older = {**audit, "schema_version": "1.0", "thresholds": limits}
    assert {row["verdict"] for row in verdicts_of(older)} == {"supported"}
