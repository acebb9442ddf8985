"""What a figure's alternative text finds is so: each kind is held against the numbers of audit.json."""

import re
from typing import Any

import numpy as np
import pytest

from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.visible_text import slug
from tests.reports.conftest import Rendered, elements


@pytest.fixture(scope="module")
def alts(full_run: Rendered) -> dict[str, str]:
    """Each figure's alternative text by the figure's id."""
    found: dict[str, str] = {}
    figure = ""
    for element in elements(full_run.html):
        if element.tag == "figure":
            figure = element.attributes["id"]
        elif figure and (element.tag == "img" or element.attributes.get("role") == "img"):
            found.setdefault(
                figure, element.attributes.get("alt") or element.attributes.get("aria-label", "")
            )
    return found


def claims(audit: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Every lead claim: the end of its figures' ids, its model, and its parts of checks B and C."""
    found = []
    for place, model in enumerate((model for model in audit["models"] if model["is_lead"]), 1):
        for index, claim in enumerate(model["intervention"]["claims"]):
            end = f"a{index + 1}-{slug(claim['attribute'])}-m{place}-{slug(model['name'])}"
            found.append((end, model, claim, model["specificity"][index]))
    return found


def test_every_figure_finds_something(alts: dict[str, str]) -> None:
    assert len(alts) > 100
    assert [name for name, alt in alts.items() if not re.search(r"\d", alt) or not alt.endswith(".")] == []


def test_dose_and_response(full_run: Rendered, alts: dict[str, str]) -> None:
    told = 0
    for end, _, claim, _ in claims(full_run.audit):
        if f"dose-{end}" not in alts:
            continue
        told += 1
        mean = claim["curve"]["mean"]
        assert f"goes from {number(mean[0])} to {number(mean[-1])}; " in alts[f"dose-{end}"]
        assert f"effect {estimate_text(claim['on_target'])}, " in alts[f"dose-{end}"]
        assert f"same direction in {estimate_text(claim['consistency'])} of images" in alts[f"dose-{end}"]
    assert told > 5


def test_effects_and_leakage_name_the_largest(full_run: Rendered, alts: dict[str, str]) -> None:
    told = 0
    for end, model, claim, specific in claims(full_run.audit):
        if f"effects-{end}" in alts:
            told += 1
            closed = {
                gate["attribute"] for gate in model["intervention"]["gates"] if gate["status"] != "passed"
            }
            off = max(
                (row for row in claim["off_target"] if row["attribute"] not in closed),
                key=lambda row: abs(row["effect"]["value"]),
            )
            assert alts[f"effects-{end}"] == (
                f"The effect on {claim['attribute']} is {estimate_text(claim['on_target'])}; the largest effect on "
                f"another attribute is {estimate_text(off['effect'])}, on {off['attribute']}."
            )
        if f"leakage-{end}" in alts:
            leak = max(specific["leakage"], key=lambda row: row["conditional_uncertainty"]["value"])
            known = estimate_text(leak["conditional_uncertainty"])
            assert f"still carries most of {leak['attribute']}: {known}." in alts[f"leakage-{end}"]
    assert told > 5


def test_nulls_count_what_exceeds_them(full_run: Rendered, alts: dict[str, str]) -> None:
    for place, model in enumerate((m for m in full_run.audit["models"] if m["is_lead"]), 1):
        end = f"m{place}-{slug(model['name'])}"
        null = model["association"]["null_max"]
        above = sum(max(row) > np.quantile(null, 0.95) for row in model["association"]["statistic"])
        assert alts[f"null-{end}"].startswith(f"{above} of 5 attributes have an association beyond ")
        gates = {gate["attribute"]: gate["status"] for gate in model["intervention"]["gates"]}
        nulls = [c["null"] for c in model["intervention"]["claims"] if gates[c["attribute"]] == "passed"]
        beyond = sum(null["p_adjusted"] <= 0.05 for null in nulls)
        told = f"{beyond} of {len(nulls)} effects are larger than random moves give, at an adjusted p of at most 0.05"
        assert told in alts[f"effect-null-{end}"]


def test_the_data_and_the_comparison(full_run: Rendered, alts: dict[str, str]) -> None:
    audit = full_run.audit
    assert alts["data-correlation"].startswith(
        "The strongest association between two attributes is 0.31, of "
    )
    shares = [
        (count / sum(attribute["summary"]["counts"]), name, attribute["name"])
        for attribute in audit["data"]["attributes"]
        if "counts" in attribute["summary"]
        for count, name in zip(attribute["summary"]["counts"], attribute["classes"], strict=True)
    ]
    share, rare, of = min(shares)
    assert (
        f"the rarest class is {rare} of {of} with {100 * share:.1f} % of the images"
        in alts["data-attributes"]
    )
    for row in audit["comparison"]:
        best = (max if row["better"] == "higher" else min)(
            row["models"], key=lambda model: model["estimate"]["value"]
        )
        assert f"{best['model']} {estimate_text(best['estimate'])}" in alts["model-comparison"]
