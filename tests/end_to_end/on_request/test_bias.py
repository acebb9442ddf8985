"""Protected attributes, by the command: errors and decisions by subgroup, the attribute erased, verified, and shown."""

import html
from typing import Any

import pytest

from tests.audits.audits import Commands
from tests.plain_audit import read_audit


@pytest.fixture(scope="session")
def audit(others: Commands) -> dict[str, Any]:
    return read_audit(others.run_folder("must not be held"))


@pytest.fixture(scope="session")
def row(audit: dict[str, Any]) -> dict[str, Any]:
    (model,) = audit["models"]
    (found,) = model["bias"]  # glasses were set aside: too few images
    return found


def test_subgroups_of_too_few_images_are_named_and_not_compared(row: dict[str, Any]) -> None:
    assert row["protected"] == "a/b"
    sizes = {group["group"]: (group["n"], group["too_few"]) for group in row["groups"]}
    assert {name for name, (_, few) in sizes.items() if few} == {"odd"}
    errors = {found["attribute"]: found for found in row["errors"]}
    assert set(errors) == {"size (mm)", "acc@5", "a/b", "50% left", "émotion 😀"}
    for found in (*row["errors"], row["reconstruction"]):
        for group in found["groups"]:
            assert group["figure"]["n"] == sizes[group["group"]][0]
            assert group["figure"]["low"] <= group["figure"]["value"] <= group["figure"]["high"]


def test_decisions_have_base_rates_beside_them(row: dict[str, Any]) -> None:
    readers = {(found["reader"], found["attribute"]) for found in row["decisions"]}
    assert readers >= {(name, "acc@5") for name in ("classifier", "probe", "probe_erased")}
    assert "a/b" not in {found["attribute"] for found in row["decisions"]}
    for found in row["decisions"]:
        assert len(found["base_rates"]) == len(found["selection_rates"]) == 2
        assert 0.0 < found["demographic_parity"]["p_adjusted"] <= 1.0


def test_the_attribute_is_erased_and_everything_read_again(
    audit: dict[str, Any], row: dict[str, Any]
) -> None:
    remedy = row["remedy"]
    assert remedy["rank"] == 1
    assert {found["attribute"] for found in remedy["others"]} == {
        "size (mm)", "acc@5", "50% left", "émotion 😀",
    }  # fmt: skip
    assert remedy["after"]["linear"]["value"] == pytest.approx(remedy["after"]["chance"], abs=0.02)
    (word,) = audit["erased"]
    assert (word["model"], word["attribute"]) == ("vae", "a/b")
    assert word["word"] in ("shown_absent", "no_longer_linear", "undecided")


def test_the_report_says_it(others: Commands, audit: dict[str, Any]) -> None:
    page = html.unescape((others.run_folder("must not be held") / "report.html").read_text(encoding="utf-8"))
    assert "Bias and its remedy" in page
    assert "a/b in VAE" in page
    assert audit["erased"][0]["reason"]["text"] in page
    assert "It does not reach the classifier, which reads pixels" in page


def test_verify_computes_the_word_again(others: Commands) -> None:
    assert others.ended["must not be held verified"].code == 0


def test_a_protected_attribute_that_is_not_there_is_refused_before_training(others: Commands) -> None:
    said = others.last_line("unknown protected", 1)
    assert said.startswith("evidence.protected names 'colour', and the data have size (mm), acc@5")
    assert "training" not in others.ended["unknown protected"].err


def test_nothing_is_recorded_where_none_is_named(others: Commands) -> None:
    audit = read_audit(others.run_folder("own data"))
    assert audit["erased"] == []
    assert [model["bias"] for model in audit["models"]] == [[]]
