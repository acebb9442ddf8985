"""What changed between two audits: intervals that are known, every kind of change, names as text."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_audit.flows.cli.main import main
from latent_audit.reports.page.changes_page import lines, page
from latent_audit.reports.page.render import open_page
from latent_audit.reports.page.sections.overview import provenance
from latent_audit.reports.record import what_changed
from latent_audit.reports.record.audit_json import write_audit
from latent_audit.reports.record.changes import _moved, changes, difference
from latent_audit.reports.record.manifest import write_manifest
from latent_audit.tasks.session import drift
from latent_audit.tasks.storage.artifacts import Artifact, digest_of_file
from latent_audit.vocabulary.record.data import Counts
from latent_audit.vocabulary.record.forms import Estimate
from tests.reports.conftest import Rendered, elements


def estimate(value: float, low: float | None, high: float | None) -> Estimate:
    return {"value": value, "low": low, "high": high, "n": 10, "source": "bootstrap over images"}


def test_an_interval_of_a_difference_is_recovered_from_two() -> None:
    """Half-widths 3 and 4 make 5; a lopsided pair keeps its lean."""
    found = difference(estimate(10, 7, 13), estimate(20, 16, 24))
    assert (found.value, found.low, found.high, found.is_clear) == (10, 5, 15, True)
    lean = difference(estimate(0, -3, 12), estimate(0, -4, 5))
    assert (lean.low, lean.high, lean.is_clear) == (-(160**0.5), 34**0.5, False)


def test_what_is_unknown_has_no_difference_and_what_has_no_interval_none_either() -> None:
    assert difference(None, estimate(1, 0, 2)) is None
    assert difference({"not_applicable": "why"}, estimate(1, 0, 2)) is None
    found = difference(estimate(1, None, None), estimate(3, 2, 4))
    assert (found.value, found.low, found.high, found.is_clear) == (2, None, None, False)


@given(st.floats(-1e3, 1e3), st.floats(0, 10), st.floats(-1e3, 1e3), st.floats(0, 10))
def test_turned_round_a_difference_changes_its_sign(a: float, wide: float, b: float, broad: float) -> None:
    first, second = estimate(a, a - wide, a + wide), estimate(b, b - broad, b + broad)
    there, back = difference(first, second), difference(second, first)
    assert there is not None
    assert back is not None
    assert there.value == -back.value
    assert there.low == pytest.approx(-back.high)
    assert there.low <= there.value <= there.high


def test_an_audit_differs_from_itself_in_nothing(full_run: Rendered) -> None:
    found = changes(full_run.audit, full_run.audit)
    assert (found.facts, found.only_first, found.only_second) == ((), (), ())
    assert {change.direction for change in found.verdicts} == {"same"}
    assert len(found.verdicts) == 15
    assert {change.difference.value for change in found.scores} == {0.0}
    assert "15 have the same verdict, 0 a stronger and 0 a weaker one" in lines(found, "a", "b", "en")[1]


@pytest.fixture
def changed(full_run: Rendered) -> Any:
    audit = copy.deepcopy(full_run.audit)
    audit["verdicts"][0].update(verdict="supported", reason="now it holds")
    audit["verdicts"][1].update(verdict="not_supported")
    gone = [row for row in audit["verdicts"] if row["attribute"] == "posY"]
    audit["verdicts"] = [row for row in audit["verdicts"] if row not in gone]
    audit["thresholds"]["association"] = 0.2
    audit["models"][0]["scores"]["mig"] = estimate(0.61, 0.59, 0.63)
    audit["data"]["digest"] = "00" * 32
    return audit


def test_every_kind_of_change_is_found(full_run: Rendered, changed: Any) -> None:
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


def test_every_setting_that_differs_is_named(full_run: Rendered) -> None:
    """Thresholds among the settings are left to those that the audit states."""
    first, second = copy.deepcopy(full_run.audit), copy.deepcopy(full_run.audit)
    first["settings"] = {
        "seeds": [0, 1],
        "evidence": {"thresholds": {"gap_min": 0.1}, "permutations": 100},
        "models": {"vae": {"beta": 2.0, "deterministic": True}, "gone": {"kind": "vae"}},
    }
    second["settings"] = {
        "seeds": [0, 1, 7],
        "evidence": {"thresholds": {"gap_min": 0.2}, "permutations": 100},
        "models": {"vae": {"beta": 4.0, "deterministic": False}, "größer": {"kind": "vae", "latent_dim": 3}},
    }
    second["settings_digest"] = "22" * 32
    found = changes(first, second)
    assert [(fact.name, fact.first, fact.second) for fact in found.facts] == [
        ("settings.seeds", "[0, 1]", "[0, 1, 7]"),
        ("settings.models.vae.beta", 2.0, 4.0),
        ("settings.models.vae.deterministic", "true", "false"),
        ("settings.models.gone", '{"kind": "vae"}', None),
        ("settings.models.größer", None, '{"kind": "vae", "latent_dim": 3}'),
    ]
    text = "\n".join(lines(found, "a", "b", "en"))
    assert "settings.models.vae.deterministic" in text
    assert "settings_digest" not in text


def test_text_and_page_say_the_same(full_run: Rendered, changed: Any) -> None:
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


@pytest.fixture
def moved(full_run: Rendered) -> Any:
    """The same audit on other data."""
    audit = copy.deepcopy(full_run.audit)
    audit["data"]["digest"] = "11" * 32
    return audit


def attribute(audit: dict[str, Any], name: str) -> Any:
    return next(row for row in audit["data"]["attributes"] if row["name"] == name)


def test_other_images_of_the_same_kind_are_no_change(full_run: Rendered, moved: Any) -> None:
    found = changes(full_run.audit, moved)
    assert (found.same_data, found.data, found.any) == (False, (), False)


@pytest.mark.parametrize(
    ("counts", "quantile", "shown"),
    [
        ([549, 451, 0], 0.5, []),
        ([551, 449, 0], 0.5, [("shape", "shares", 0.051)]),
        ([500, 500, 0], 0.528, []),
        ([500, 500, 0], 0.53, [("posX", "quantiles", 0.03 / 0.29)]),
        ([560, 440, 0], 0.6, [("shape", "shares", 0.06), ("posX", "quantiles", 0.1 / 0.29)]),
    ],
)
def test_limits_of_a_drift_of_the_data(
    full_run: Rendered, moved: Any, counts: list[int], quantile: float, shown: list[Any]
) -> None:
    before = copy.deepcopy(full_run.audit)
    attribute(before, "shape")["summary"]["counts"] = [500, 500, 0]
    attribute(moved, "shape")["summary"]["counts"] = counts
    attribute(moved, "posX")["summary"]["quantiles"][2] = quantile
    found = [(change.attribute, change.what, change.shift) for change in changes(before, moved).data]
    assert found == [(name, what, pytest.approx(shift)) for name, what, shift in shown]


def test_attributes_that_came_went_or_are_something_else(full_run: Rendered, moved: Any) -> None:
    moved["data"]["images"] += 1
    attribute(moved, "shape")["classes"][0] = "circle"
    attribute(moved, "posX")["name"] = "width"
    attribute(moved, "posY")["summary"] = {"counts": [1]}
    constant = copy.deepcopy(full_run.audit)
    attribute(constant, "orientation")["summary"].update(std=0.0, quantiles=[0.5] * 5)
    assert [(change.attribute, change.what) for change in changes(constant, moved).data] == [
        (None, "images"),
        ("shape", "other_kind"),
        ("orientation", "spread"),
        ("posX", "gone"),
        ("posY", "other_kind"),
        ("width", "new"),
    ]


@given(st.lists(st.integers(1, 1000), min_size=3, max_size=3), st.integers(2, 9))
def test_shares_do_not_depend_on_how_many_images_there_are(counts: list[int], times: int) -> None:
    before: Counts = {"counts": counts}
    after: Counts = {"counts": [count * times for count in counts]}
    assert list(_moved("shape", before, after)) == []


def test_what_is_too_large_has_no_difference() -> None:
    assert difference(estimate(-1e308, None, None), estimate(1e308, None, None)) is None
    found = difference(estimate(0, -1.5e308, 1.5e308), estimate(1, -1.5e308, 1.5e308))
    assert (found.low, found.high) == (None, None)


def test_run_compare_and_report_say_the_same(
    full_run: Rendered, changed: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One set of rules and words: what a run says since the last accepted one is what `compare` says of the two."""
    home = tmp_path / "runs" / "nightly"
    changed["data"]["images"] += 1
    for run_id, audit in (("20260301-101500-aaaaaa", full_run.audit), ("20260302-101500-bbbbbb", changed)):
        shutil.copytree(full_run.folder, home / run_id)
        write_audit(home / run_id, audit)
        write_manifest(home / run_id)
    first, second = sorted(home.iterdir())
    digest = digest_of_file(first / "manifest.json")
    note = {"run_id": first.name, "manifest": digest, "accepted": "2026-03-01T12:00:00+00:00", "by": ""}
    (home / "accepted.jsonl").write_text(json.dumps(note) + "\n")
    since = drift.since_accepted(home, Artifact("verdicts", "key", second, "digest", 1.0, False, "run"))
    assert since is not None
    assert since["changed"]
    assert main(["compare", str(first), str(second), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["what_changed"]
    assert told == {key: value for key, value in since.items() if key not in ("run_id", "accepted")}
    said = drift.sentences(since)
    assert said[:2] == [
        "vae, shape: Not supported, now Supported",
        "vae, scale: Inconclusive, now Not supported",
    ]
    assert "vae, MIG: 0.31, now 0.61, a difference of 0.30 [0.27, 0.33]" in said
    assert said[-1] == "data: another number of images"
    assert main(["compare", str(first), str(second)]) == 0
    text = capsys.readouterr().out
    assert [line.strip() for line in text.split("What changed\n")[1].split("\n\n")[0].splitlines()] == said
    run = json.loads((second / "run.json").read_text())
    (second / "run.json").write_text(json.dumps({**run, "since_accepted": since}))
    facts = dict(provenance.build(open_page(second, "en"))["facts"])
    assert facts["Since the last accepted run"] == f"{first.name}: " + "; ".join(said)


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


@pytest.mark.parametrize(
    ("shift", "weights", "told"), [(0.3, "same", ["z1"]), (0.001, "same", []), (0.3, "other", [])]
)
def test_codes_of_the_same_weights_are_compared(
    shift: float, weights: str, told: list[str], full_run: Rendered
) -> None:
    before = copy.deepcopy(full_run.audit)
    for model in before["models"]:
        for row in model["dimensions"]:
            row |= {"quantiles": [-1.6, -0.7, 0.0, 0.7, 1.6], "spread": 1.0}
    after = copy.deepcopy(before)
    after["data"]["digest"] = "22" * 32
    lead = next(model for model in after["models"] if model["is_lead"])
    lead["dimensions"][1]["quantiles"][4] += shift
    if weights == "other":
        lead["weights_digest"] = "33" * 32
    found = changes(before, after)
    assert [change.dimension for change in found.codes] == told
    said = [line for line in drift.sentences(what_changed.record(found)) if "codes:" in line]
    assert said == [f"{lead['name']}, codes: z1 moved by up to 0.30 standard deviations"] * len(told)
