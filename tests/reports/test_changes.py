"""What changed between two audits: intervals that are known, every kind of change, names as text."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.command import main
from reports.changes import changes, difference
from reports.changes_page import lines, page
from tests.reports.conftest import Rendered, elements


def estimate(value: float, low: float | None, high: float | None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": 10, "source": "bootstrap over images"}


def test_an_interval_of_a_difference_is_recovered_from_two() -> None:
    """Half-widths 3 and 4 make 5; a lopsided pair keeps its lean."""
    found = difference(estimate(10, 7, 13), estimate(20, 16, 24))
    assert (found.value, found.low, found.high, found.is_clear) == (10, 5, 15, True)  # type: ignore[union-attr]
    lean = difference(estimate(0, -3, 12), estimate(0, -4, 5))
    assert (lean.low, lean.high, lean.is_clear) == (-(160**0.5), 34**0.5, False)  # type: ignore[union-attr]


def test_what_is_unknown_has_no_difference_and_what_has_no_interval_none_either() -> None:
    assert difference(None, estimate(1, 0, 2)) is None
    assert difference({"not_applicable": "why"}, estimate(1, 0, 2)) is None
    found = difference(estimate(1, None, None), estimate(3, 2, 4))
    assert (found.value, found.low, found.high, found.is_clear) == (2, None, None, False)  # type: ignore[union-attr]


@given(st.floats(-1e3, 1e3), st.floats(0, 10), st.floats(-1e3, 1e3), st.floats(0, 10))
def test_turned_round_a_difference_changes_its_sign(a: float, wide: float, b: float, broad: float) -> None:
    first, second = estimate(a, a - wide, a + wide), estimate(b, b - broad, b + broad)
    there, back = difference(first, second), difference(second, first)
    assert there is not None
    assert back is not None
    assert there.value == -back.value
    assert there.low == pytest.approx(-back.high)  # type: ignore[operator]
    assert there.low <= there.value <= there.high  # type: ignore[operator]


def test_an_audit_differs_from_itself_in_nothing(full_run: Rendered) -> None:
    found = changes(full_run.audit, full_run.audit)
    assert (found.facts, found.only_first, found.only_second) == ((), (), ())
    assert {change.direction for change in found.verdicts} == {"same"}
    assert len(found.verdicts) == 15
    assert {change.difference.value for change in found.scores} == {0.0}
    assert "15 have the same verdict, 0 a stronger and 0 a weaker one" in lines(found, "a", "b", "en")[1]


@pytest.fixture
def changed(full_run: Rendered) -> dict[str, Any]:
    audit = copy.deepcopy(full_run.audit)
    audit["verdicts"][0].update(verdict="supported", reason="now it holds")
    audit["verdicts"][1].update(verdict="not_supported")
    gone = [row for row in audit["verdicts"] if row["attribute"] == "posY"]
    audit["verdicts"] = [row for row in audit["verdicts"] if row not in gone]
    audit["thresholds"]["association"] = 0.2
    audit["models"][0]["scores"]["mig"] = estimate(0.61, 0.59, 0.63)
    audit["data"]["digest"] = "00" * 32
    return audit


def test_every_kind_of_change_is_found(full_run: Rendered, changed: dict[str, Any]) -> None:
    found = changes(full_run.audit, changed)
    assert [
        (c.attribute, c.first, c.second, c.direction) for c in found.verdicts if c.direction != "same"
    ] == [
        ("shape", "not_supported", "supported", "stronger"),
        ("scale", "inconclusive", "not_supported", "weaker"),
    ]
    lone = [(claim.model, claim.attribute) for claim in found.only_first]
    assert lone == [("vae", "posY"), ("beta_vae", "posY"), ("interpretable_gan", "posY")]
    assert found.only_second == ()
    assert [fact.name for fact in found.facts] == ["data.digest", "thresholds.association"]
    (mig,) = [c for c in found.scores if (c.model, c.score) == ("vae", "mig")]
    assert mig.difference.value == pytest.approx(0.30)
    assert mig.difference.is_clear


def test_text_and_page_say_the_same(full_run: Rendered, changed: dict[str, Any]) -> None:
    found = changes(full_run.audit, changed)
    text, html = "\n".join(lines(found, "a", "b", "en")), page(found, "a", "b", "en")
    for told in (
        "Verdicts that changed",
        "now it holds",
        "stronger",
        "in the first alone",
        "0.30 [0.27, 0.33]",
    ):
        assert told in text
    for told in ("Verdicts that changed", "now it holds", "in the first alone", "[0.27, 0.33]"):
        assert told in html
    assert "script" not in {e.tag for e in elements(html)}
    assert "两次审计之间的变化" in page(found, "a", "b", "zh")


def test_hostile_names_are_text(hostile_run: Rendered) -> None:
    changed = copy.deepcopy(hostile_run.audit)
    for row in changed["verdicts"]:
        row["verdict"] = "not_tested"
    found = changes(hostile_run.audit, changed)
    html = page(found, "<b>", "\u202e", "en")
    assert not {e.tag for e in elements(html)} & {"script", "img", "b"}
    assert not any(name.startswith("on") for e in elements(html) for name in e.attributes)
    assert "\u202e" not in html
    assert "\u202e" not in "".join(lines(found, "<b>", "\u202e", "en"))


def test_the_command_prints_text_or_json_and_writes_a_page(
    full_run: Rendered, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(full_run.folder)
    assert main(["compare", run, run, "--html", str(tmp_path / "changes.html")]) == 0
    assert "15 have the same verdict" in capsys.readouterr().out
    assert "15 have the same verdict" in (tmp_path / "changes.html").read_text()
    assert main(["compare", run, run, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["verdicts"]) == 15
    assert main(["compare", run, str(tmp_path)]) == 1
    assert "cannot be compared" in capsys.readouterr().err
    assert main(["compare", run, run, "--language", "xx"]) == 2
    assert "there are en, zh" in capsys.readouterr().err
