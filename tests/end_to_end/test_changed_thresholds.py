"""An audit with every threshold changed: each new value stands wherever a limit is stated, and decides there."""

import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latent_audit.reports.page.number_text import number
from latent_audit.tasks.analyses.checks.check_rules import interval_against
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from tests.audits.audits import Commands
from tests.audits.tiny_audit import CHANGED_THRESHOLDS
from tests.end_to_end.test_audit import computed
from tests.plain_audit import read_audit

pytestmark = pytest.mark.timeout(1200)
LIMITS = CHANGED_THRESHOLDS
DEFAULTS = Thresholds()


@pytest.fixture
def folder(commands: Commands) -> Path:
    return commands.run_folder("other limits")


@pytest.fixture
def audit(folder: Path) -> dict[str, Any]:
    return read_audit(folder)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


@pytest.fixture
def page(folder: Path) -> str:
    parser = _Text()
    parser.feed((folder / "report.html").read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", "".join(parser.parts))


def judged(audit: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yields what was found of a model or a control, and the verdict on each of its claims."""
    by_model = {(model["name"], model["seed"]): model for model in audit["models"]}
    for verdict in audit["verdicts"]:
        yield by_model[verdict["model"], verdict["seed"]], verdict
    for control in audit["controls"]:
        for verdict in control["verdicts"]:
            yield control, verdict


def claim_of(found: dict[str, Any], verdict: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = next(c for c in found["specificity"] if c["attribute"] == verdict["attribute"])
    return row


def p_value(found: dict[str, Any], claim: dict[str, Any]) -> float:
    cells = found["association"]
    p: float = cells["p_adjusted"][cells["attributes"].index(claim["attribute"])][claim["dimension"]]
    return p


def test_every_threshold_is_another_than_the_default() -> None:
    for limit in fields(Thresholds):
        assert getattr(LIMITS, limit.name) != getattr(DEFAULTS, limit.name), limit.name
    assert len(set(asdict(LIMITS).values())) == len(fields(Thresholds))


def test_nothing_before_the_evidence_is_computed_again(folder: Path) -> None:
    stages = {stage for stage, _, _ in computed(folder)}
    assert stages >= {"probe", "negative_controls", "intervene", "fitness", "verdicts"}
    assert not stages & {"prepare", "classify", "explain_classifier", "train", "encode", "project", "export"}


def test_they_stand_in_the_record_and_on_the_page(audit: dict[str, Any], page: str) -> None:
    assert audit["thresholds"] == asdict(LIMITS)
    assert audit["thresholds_digest"] == LIMITS.digest()
    assert audit["settings"]["evidence"]["thresholds"] == asdict(LIMITS)
    for name, value in asdict(LIMITS).items():
        assert f'"{name}": {value}' in page


def test_each_check_states_the_limit_that_it_was_held_against(audit: dict[str, Any], page: str) -> None:
    by_unit = {"probability": LIMITS.effect_probability_min}
    for _, verdict in judged(audit):
        effect = by_unit.get(verdict["effect_unit"], LIMITS.effect_standard_deviations_min)
        expected = {
            "association": LIMITS.uncertainty_min,
            "specificity": LIMITS.gap_min,
            "intervention": effect,
            "stability": LIMITS.matched_strength_min,
        }
        for name, check in verdict["checks"].items():
            assert check["threshold"] == expected[name]
            stated = re.findall(r"(?:below|crosses) ([\d.]*\d)", check["reason"])
            own = {f"{expected[name]:g}", *(f"{gate:.2f}" for gate in gate_limits(audit))}
            assert set(stated) <= own, check["reason"]
    for value in (LIMITS.uncertainty_min, LIMITS.gap_min, LIMITS.matched_strength_min):
        assert number(value) in page


def gate_limits(audit: dict[str, Any]) -> set[float]:
    return {
        gate["threshold"]
        for found in [*audit["models"], *audit["controls"]]
        for gate in found["intervention"].get("gates", ())
    }


def test_the_significance_decides_everywhere(audit: dict[str, Any], page: str, folder: Path) -> None:
    html = (folder / "report.html").read_text(encoding="utf-8")  # with what drawings say in words
    limit = LIMITS.significance
    between = 0
    for found, verdict in judged(audit):
        claim = claim_of(found, verdict)
        p = p_value(found, claim)
        between += DEFAULTS.significance < p <= limit
        assert ("beyond chance" in verdict["checks"]["association"]["reason"]) == (p > limit)
        fallen = [row["on"] for row in claim["survives_conditioning"] if not row["survives"]]
        assert claim["explained_away_by"] == (fallen if p <= limit else [])
    assert between, "no p-value lies between the two limits: nothing was tried"
    for row in audit["unclaimed"]:
        model = next(m for m in audit["models"] if m["is_lead"] and m["name"] == row["model"])
        column = np.array(model["association"]["p_adjusted"])[:, row["dimension"]]
        assert len(row["associations"]) == min(3, int((column <= limit).sum()))
    assert f"not significant at {number(limit)}" in page
    assert "not significant at 0.05" not in page
    for model in audit["models"]:
        if model["is_lead"]:
            cells = np.array(model["association"]["p_adjusted"])
            assert f"{int((cells <= limit).sum())} of {cells.size} cells are significant" in html
    groups = [row["p_adjusted"] for row in audit["subgroups"]]
    clear = sum(p is not None and p <= limit for p in groups)
    assert f"{clear} of {len(groups)} comparisons between groups differ" in html


def test_what_survives_and_what_leaks(audit: dict[str, Any]) -> None:
    for found, verdict in judged(audit):
        claim = claim_of(found, verdict)
        enough = min(LIMITS.survives_min, claim["uncertainty"]["value"] / 2.0)
        for row in claim["survives_conditioning"]:
            told = row["uncertainty"]["value"] or 0.0
            if row["survives"]:
                assert told >= enough - 1e-6
        leaks = [
            row["attribute"]
            for row in claim["leakage"]
            if (row["conditional_uncertainty"]["value"] or 0.0) >= LIMITS.leakage_max
        ]
        holds = interval_against(claim["gap"], LIMITS.gap_min) == "above" and not claim["explained_away_by"]
        assert verdict["checks"]["specificity"]["reason"].startswith("not only") == (holds and bool(leaks))


def test_the_gate_lies_where_it_was_put(audit: dict[str, Any]) -> None:
    chance = {"AUROC": 0.5, "R2": 0.0}
    classes = {attribute["name"]: len(attribute["classes"]) for attribute in audit["data"]["attributes"]}
    for model in audit["models"]:
        for gate in model["intervention"]["gates"]:
            start = chance.get(gate["statistic"], 1.0 / max(classes[gate["attribute"]], 1))
            expected = start + LIMITS.classifier_share_of_way * (1.0 - start)
            assert gate["threshold"] == pytest.approx(expected, rel=1e-5)
            assert f"{gate['threshold']:.2f}" in gate["reason"]


def test_a_dimension_is_used_above_the_new_limit(audit: dict[str, Any]) -> None:
    used = {}
    for model in audit["models"]:
        for row in model["dimensions"]:
            if row["kl_nats"] is not None:
                assert row["active"] == (row["kl_nats"] > LIMITS.unused_kl_nats)
            used[model["name"], model["seed"], row["index"]] = row["active"]
    lead = audit["subject"]["lead_seed"]
    for row in audit["unclaimed"]:
        assert (row["status"] == "carries") == used[row["model"], lead, row["dimension"]]


def test_attributes_are_entangled_from_the_new_limit(audit: dict[str, Any], page: str) -> None:
    correlation = audit["data"]["correlation"]
    names, matrix = correlation["names"], np.array(correlation["matrix"])
    expected = {
        (names[i], names[j])
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if matrix[i, j] >= LIMITS.entangled_from
    }
    assert expected
    assert {(pair["first"], pair["second"]) for pair in correlation["entangled"]} == expected
    assert all(f"{first} and {second} go together" in page for first, second in expected)


def test_two_seeds_are_enough_where_that_is_said(audit: dict[str, Any]) -> None:
    assert {section["status"] for section in audit["stability"]} == {"assessed"}
    for verdict in audit["verdicts"]:
        assert verdict["checks"]["stability"]["verdict"] != "not_assessed"
