"""Two classifiers that judge, by the command: the weaker verdict stands, each one's own beside it; verify agrees."""

from typing import Any

import pytest

from latent_audit.vocabulary.verdicts import STRENGTH
from tests.audits.audits import Commands
from tests.plain_audit import read_audit

NAMES = ["compact 1", "compact 2"]


@pytest.fixture(scope="session")
def audit(others: Commands) -> dict[str, Any]:
    return read_audit(others.run_folder("must not be held"))


def test_both_are_recorded_and_each_word_stands_beside_the_weaker(audit: dict[str, Any]) -> None:
    assert audit["second_classifier"]["names"] == NAMES
    assert audit["second_classifier"]["weights_digest"] != audit["classifier"]["weights_digest"]
    for row in (*audit["verdicts"], *audit["where"]):
        words = [own["verdict"] for own in row["by_classifier"]]
        assert [own["classifier"] for own in row["by_classifier"]] == NAMES
        assert row["verdict"] == min(words, key=lambda word: STRENGTH[word])
        assert isinstance(row["differ"], bool)
    assert {row["attribute"] for row in audit["where"]} == {row["attribute"] for row in audit["verdicts"]}


def test_the_second_ones_evidence_is_of_the_same_code_and_pairs(audit: dict[str, Any]) -> None:
    (model,) = audit["models"]
    second = model["by_second_classifier"]
    assert second["places"]["pairs"] == model["places"]["pairs"]
    for own, other in zip(model["places"]["attributes"], second["places"]["attributes"], strict=True):
        assert own["whole_code"] == other["whole_code"]  # what the code tells depends on no classifier
    for row in second["differences"]:
        assert row["difference"]["value"] == pytest.approx(
            row["first"]["value"] - row["second"]["value"], abs=1e-4
        )


def test_the_report_says_that_agreement_is_no_proof(others: Commands) -> None:
    page = (others.run_folder("must not be held") / "report.html").read_text(encoding="utf-8")
    assert "their agreement is no proof" in page
    assert "By compact 1: " in page


def test_verify_computes_the_weaker_words_again(others: Commands) -> None:
    assert others.ended["must not be held verified"].code == 0


def test_one_classifier_leaves_no_trace_of_a_second(others: Commands) -> None:
    audit = read_audit(others.run_folder("own data"))
    assert "second_classifier" not in audit
    assert "by_second_classifier" not in audit["models"][0]
    assert all("by_classifier" not in row for row in (*audit["verdicts"], *audit["where"]))
