"""Reasons in audit.json: an English sentence with key and values beside it, and another language on the page."""

import json
from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.page.messages import MAX_DEPTH, english, load
from latent_audit.reports.page.reasons import in_language, with_sentences, with_text
from latent_audit.reports.page.render import render
from latent_audit.tasks.runs.verify import verify
from latent_audit.vocabulary.reasons import reason, reason_in, verbatim
from tests.reports.judged_run import seal, write_judged_run

GATE = reason(
    "gate.closed",
    attribute="shape",
    statistic=reason("statistic.balanced_accuracy"),
    value="0.45",
    threshold="0.67",
)
ENGLISH = (
    "the classifier does not recognise shape in this model's reconstructions (balanced accuracy 0.45, 0.67 needed), so "
    "decoded images cannot be judged"
)


def test_a_reason_becomes_a_sentence_with_its_key_beside_it() -> None:
    assert english(GATE) == ENGLISH
    written = with_sentences({"gates": [{"reason": GATE}], "notes": ["as it is", GATE], "nothing": None})
    assert written["gates"] == [{"reason": ENGLISH, "reason_message": GATE}]
    assert written["notes"] == ["as it is", ENGLISH]
    assert written["notes_message"] == [verbatim("as it is"), GATE]
    assert with_sentences({"reason": verbatim("as it is")}) == {"reason": "as it is"}
    assert with_text([{"reason": GATE}]) == [{"reason": {**GATE, "text": ENGLISH}}]
    assert reason_in(written["gates"][0]) == reason_in({"reason": GATE}) == GATE
    assert reason_in({"reason": "of an older file"}) == verbatim("of an older file")


def test_lists_and_reasons_within_reasons_are_translated() -> None:
    nested = reason(
        "verdict.weakest",
        check=reason("check.specificity"),
        why=reason("specificity.leaks", attribute="a", dimension="z1", others=["b", "c"]),
    )
    assert english(nested) == "specificity: not only a: given a, z1 is still associated with b, c"
    assert load("zh").reason(nested) == "专一：不只 a：给定 a 后，z1 仍与 b、c 相关联"


def test_what_looks_like_a_reason_in_settings_is_left_alone() -> None:
    own = {"settings": {"types": {"key": "ordinal", "values": {"kind": "cyclic"}}}}
    assert with_sentences(own) == own
    assert in_language(own, load("zh")) == own


@pytest.mark.parametrize(
    "beside",
    [
        {"key": "no.such.key", "values": {}},
        {"key": "gate.closed", "values": {}},
        {"key": "gate.closed", "values": {"attribute": 3}},
        {"key": "verbatim", "values": {"text": {"text": "x"}}},
        {"key": "verbatim", "values": {"self": "x", "key": "y"}},
        {"key": 3, "values": []},
        "gate.closed",
        None,
    ],
)
def test_a_key_that_is_not_ours_leaves_the_sentence(beside: Any) -> None:
    row = {"reason": "what the file says", "reason_message": beside}
    assert in_language(row, load("zh"))["reason"] == "what the file says"


def test_reasons_are_nested_to_a_bounded_depth() -> None:
    deep = verbatim("x")
    for _ in range(MAX_DEPTH + 2):
        deep = reason("verbatim", text=deep)
    with pytest.raises(ValueError, match="nested more than"):
        english(deep)
    assert in_language({"reason": "x", "reason_message": deep}, load("zh"))["reason"] == "x"


def test_the_chinese_report_has_chinese_reasons(tmp_path: Path) -> None:
    write_judged_run(tmp_path)
    audit = json.loads((tmp_path / "audit.json").read_text())
    page = render(tmp_path, "zh").read_text(encoding="utf-8")
    chinese, shown = load("zh"), 0
    for verdict in audit["verdicts"]:
        for row in (verdict, *verdict["checks"].values()):
            if "reason_message" in row:  # the gates of this run have sentences alone
                assert chinese.reason(row["reason_message"]) in page
                assert row["reason"] not in page
                shown += 1
        assert chinese.reason(verdict["would_change_message"]) in page
    assert shown > len(audit["verdicts"])
    assert "rank correlation between seeds" not in page


def test_verify_finds_a_sentence_that_its_key_does_not_give(tmp_path: Path) -> None:
    write_judged_run(tmp_path)
    assert verify(tmp_path).problems == ()
    audit = json.loads((tmp_path / "audit.json").read_text())
    gate = audit["models"][0]["intervention"]["gates"][0]
    gate |= {"reason": ENGLISH, "reason_message": GATE}
    seal(tmp_path, audit)
    assert not [found for found in verify(tmp_path).problems if "another sentence" in found.sentence]
    gate["reason"] = "the classifier recognises everything"
    seal(tmp_path, audit)
    (problem,) = [found for found in verify(tmp_path).problems if "another sentence" in found.sentence]
    assert problem.sentence.startswith("audit.models[0].intervention.gates[0].reason is")
