"""An audit of exactly one attribute, model, latent dimension and seed is whole; what needs two says so in words."""

import re
from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.page.messages import english
from latent_audit.reports.page.reasons import with_sentences
from latent_audit.reports.record.audit_json import schema_faults
from latent_audit.tasks.analyses.scores.disentanglement_scores import ONE_ATTRIBUTE, ONE_DIMENSION
from latent_audit.tasks.analyses.scores.score_meanings import MEANINGS
from latent_audit.tasks.runs.verify import verify
from tests.audits.audits import Commands
from tests.plain_audit import read_audit

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def run(others: Commands) -> Path:
    ended = others.ended["one of each"]
    assert ended.code == 0, ended
    assert "Warning" not in ended.err + ended.out
    return others.run_folder("one of each")


@pytest.fixture(scope="module")
def audit(run: Path) -> dict[str, Any]:
    return read_audit(run)


def test_the_report_is_whole(run: Path, audit: dict[str, Any]) -> None:
    assert schema_faults(audit) == []
    assert verify(run).problems == ()
    (model,), (verdict,) = audit["models"], audit["verdicts"]
    assert (model["latent_dim"], verdict["attribute"], verdict["dimension"]) == (1, "bright", 0)
    assert verdict["checks"]["association"]["verdict"] == "supported"
    page = (run / "report.html").read_text(encoding="utf-8")
    # The settings list the words that stand for a missing cell, "nan" among them, in quotation marks.
    assert re.search(r"(?<!&#34;)(\bnan\b|\binf\b)", page) is None


def test_scores_of_two_are_not_defined_for_one(audit: dict[str, Any]) -> None:
    scores = audit["models"][0]["scores"]
    assert {name for name, score in scores.items() if "value" in score} == {
        "irs", "explicitness", "dci_extra_trees_informativeness"
    }  # fmt: skip
    for name, score in scores.items():
        if "value" not in score:
            compares = MEANINGS[name].compares
            assert compares
            expected = ONE_ATTRIBUTE if "attributes" in compares else ONE_DIMENSION
            assert score == with_sentences({"not_applicable": expected})


def test_the_page_says_what_cannot_be_compared(run: Path, audit: dict[str, Any]) -> None:
    specific = audit["verdicts"][0]["checks"]["specificity"]
    assert "z0 has no other dimension to be compared with, and explains " in specific["reason"]
    html = (run / "report.html").read_text(encoding="utf-8")
    for sentence in (
        english(ONE_ATTRIBUTE),
        english(ONE_DIMENSION),
        "not defined for one attribute: there is no other to compare it with",
        "Leakage and conditioning are not defined for one attribute",
        "The gap to a runner-up is not defined for one dimension",
        "One model was audited, so there is no other to compare it with.",
        "only 1 latent dimensions vary over the images, a map needs 2",
    ):
        assert sentence in html, sentence
    for untrue in ("Models may be compared with each other", "The strongest association between two attributes",
                   "the seeds differ most", "Gap to the runner-up", "Best on each measure"):  # fmt: skip
        assert untrue not in html, untrue
