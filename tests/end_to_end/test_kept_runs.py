"""A finished run of a released version stays verifiable for good, and its claim to be old is no way round anything."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from latent_audit.reports.record.drawn_words import page_faults
from latent_audit.reports.record.manifest import write_manifest
from latent_audit.tasks.analyses.checks import rules
from latent_audit.tasks.analyses.checks.rules import thresholds_digest
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.runs.verify import verify
from latent_audit.tasks.storage.artifacts import digest_of_file
from tests.audits.kept_run import command, unpack
from tests.plain_audit import read_audit
from tests.reports.judged_run import seal, write_judged_run

DRAWN = (
    "drawn by 0.1.0: words compared, page not; only a signature or --digest shows that nobody has changed it"
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack("0.1.0", tmp_path_factory.mktemp("kept"))


@pytest.fixture
def run(kept: Path, tmp_path: Path) -> Path:
    return Path(copytree(kept, tmp_path / "kept" / "run"))


def test_the_installed_command_takes_it(run: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    verified = command("verify", run, home=tmp_path)
    assert (verified.returncode, verified.stderr) == (0, "")
    assert DRAWN in verified.stdout.splitlines()
    assert "20 verdicts follow from the evidence beside them, by the rules of that schema" in verified.stdout
    compared = command("compare", run, run, home=tmp_path)
    assert (compared.returncode, compared.stderr) == (0, "")
    assert "10 have the same verdict, 0 a stronger and 0 a weaker one" in compared.stdout
    assert "No verdict changed, no score moved beyond its interval" in compared.stdout
    signed = command("sign", run, "--key", key, home=tmp_path)
    assert signed.returncode == 0
    assert signed.stdout.startswith("signed by SHA256:")
    assert "its verdict words were compared, its page was not" in signed.stderr
    accepted = command("accept", run, "--by", "Ada", home=tmp_path)
    assert accepted.returncode == 0, accepted.stderr
    (note,) = (run.parent / "accepted.jsonl").read_text().splitlines()
    assert json.loads(note)["run_id"] == "run"
    again = verify(run, public_key=key.with_suffix(".pub"))
    assert again.exit_code == 0


def edit_audit(run: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Edits audit.json in its own form, states its new digest in the report, and seals the run anew."""
    path = run / "audit.json"
    audit = json.loads(path.read_text())
    before = digest_of_file(path)
    edit(audit)
    path.write_text(json.dumps(audit, sort_keys=True, indent=1, ensure_ascii=True) + "\n")
    page = (run / "report.html").read_text()
    (run / "report.html").write_text(page.replace(before, digest_of_file(path)))
    write_manifest(run)


WORDS = ("supported", "partly_supported", "not_supported", "inconclusive", "not_tested")


def other(word: str) -> str:
    return next(one for one in WORDS if one != word)


def of_a_claim(audit: dict[str, Any]) -> None:
    audit["verdicts"][0]["verdict"] = other(audit["verdicts"][0]["verdict"])


def of_another_seed(audit: dict[str, Any]) -> None:
    audit["verdicts"][-1]["verdict"] = other(audit["verdicts"][-1]["verdict"])


def of_a_check(audit: dict[str, Any]) -> None:
    check = audit["verdicts"][3]["checks"]["intervention"]
    check["verdict"] = other(check["verdict"])


def of_a_control(audit: dict[str, Any]) -> None:
    audit["controls"][2]["verdicts"][1]["verdict"] = "supported"


def of_a_check_of_a_control(audit: dict[str, Any]) -> None:
    check = audit["controls"][0]["verdicts"][0]["checks"]["association"]
    check["verdict"] = other(check["verdict"])


def of_a_seed_in_stability(audit: dict[str, Any]) -> None:
    words = audit["stability"][0]["attributes"][0]["verdicts"]
    words[0] = other(words[0])


def a_value(audit: dict[str, Any]) -> None:
    audit["verdicts"][0]["checks"]["association"]["value"]["value"] += 0.1


def a_limit(audit: dict[str, Any]) -> None:
    audit["verdicts"][0]["checks"]["association"]["threshold"] /= 2


def an_effect(audit: dict[str, Any]) -> None:
    row = next(row for row in audit["verdicts"] if row["effect"])
    row["effect"]["value"] *= 2


@pytest.mark.parametrize(
    "edit",
    [
        of_a_claim,
        of_another_seed,
        of_a_check,
        of_a_control,
        of_a_check_of_a_control,
        of_a_seed_in_stability,
        a_value,
        a_limit,
        an_effect,
    ],
)
def test_a_changed_word_or_value_is_found(edit: Callable[[dict[str, Any]], None], run: Path) -> None:
    edit_audit(run, edit)
    assert verify(run).exit_code == 15


def test_only_sentences_may_be_others(run: Path) -> None:
    """Another version says the same in other words."""

    def reworded(audit: dict[str, Any]) -> None:
        for row in audit["verdicts"]:
            row["reason"] = row["would_change"] = "in other words"
            for check in row["checks"].values():
                check["reason"] = check["statistic"] = "in other words"

    edit_audit(run, reworded)
    assert verify(run).problems == ()


def test_a_changed_word_on_the_page_is_found(kept: Path) -> None:
    """Wherever a verdict is shown as one, not in the middle of a sentence."""
    audit, page = read_audit(kept), (kept / "report.html").read_text()
    assert page_faults(page.encode(), audit) == []
    shown = list(
        re.finditer(r'(?:</svg>|title="|aria-label="|data-sort="|class="chip )([A-Za-z_ ]+)(?=[<"])', page)
    )
    words = {
        *WORDS,
        "not_assessed",
        "Supported",
        "Partly supported",
        "Not supported",
        "Inconclusive",
        "Not tested",
    }
    found = [match for match in shown if match[1] in words]
    assert len(found) > 200
    for match in found[::20]:
        forged = "Supported" if match[1] != "Supported" else "Not supported"
        edited = page[: match.start(1)] + forged + page[match.end(1) :]
        assert page_faults(edited.encode(), audit) != [], page[match.start() - 80 : match.end() + 20]


def test_a_page_with_another_word_and_a_new_seal_gives_sixteen(run: Path, tmp_path: Path) -> None:
    page = (run / "report.html").read_text()
    start = page.index('<table class="verdicts')
    forged = page[start:].replace(
        '<span class="chip not_supported"><svg class="icon" aria-hidden="true" focusable="false">'
        '<use href="#icon-not_supported"/></svg>Not supported',
        '<span class="chip supported"><svg class="icon" aria-hidden="true" focusable="false">'
        '<use href="#icon-supported"/></svg>Supported',
        1,
    )
    (run / "report.html").write_text(page[:start] + forged)
    write_manifest(run)
    ended = command("verify", run, home=tmp_path)
    assert ended.returncode == 16
    assert (
        "its first table: shape in vae is not_supported by audit.json, and the page shows supported"
        in ended.stderr
    )


@pytest.mark.parametrize("table", ["", "<table class='verdicts'></table>"])
def test_a_page_with_no_table_or_two_is_refused(table: str, run: Path) -> None:
    page = (run / "report.html").read_text()
    if table:
        page = page.replace("</body>", f"{table}</body>")
    else:
        page = page.replace('<table class="verdicts', '<table class="tables')
    (run / "report.html").write_text(page)
    write_manifest(run)
    assert [problem.kind for problem in verify(run).problems] == ["report"]


def test_rules_and_limits_of_its_schema_stay_what_they_were(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new limit, another reason: neither moves an old file's digest or verdicts."""
    audit = read_audit(kept)
    assert audit["thresholds_digest"] == "".join(re.findall("[0-9a-f]", audit["thresholds_digest"]))
    assert thresholds_digest(audit["thresholds"]) == audit["thresholds_digest"]
    assert audit["thresholds"].keys() == rules.THRESHOLDS_1_0
    for edit in (lambda stated: stated.pop("gap_min"), lambda stated: stated.update(another=0.1)):
        edited = {**audit, "thresholds": dict(audit["thresholds"])}
        edit(edited["thresholds"])
        with pytest.raises(ValueError, match=r"^schema 1\.0 (lacks gap_min|knows no another)$"):
            rules.thresholds_of(edited)


def claim(run: Path, version: str) -> None:
    facts = json.loads((run / "run.json").read_text())
    facts["packages"] = {**facts["packages"], "latent-audit": version}
    (run / "run.json").write_text(json.dumps(facts))


def test_a_new_run_does_not_pass_by_a_claim_to_be_old(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_judged_run(run)
    claim(run, "0.1.0")
    page = (run / "report.html").read_text()
    (run / "report.html").write_text(page.replace("scale", "Scale"))
    write_manifest(run)
    verified = verify(run)
    assert [(problem.kind, problem.path) for problem in verified.problems] == [("report", "run.json")]
    assert "version 0.1.0 wrote this run, but that version does not write audit.json by schema 1.1" in (
        verified.problems[0].sentence
    )


@pytest.mark.parametrize("version", ["0.1", "old", "", "0.1.0\x1b[2J", "9.9.9; rm"])
def test_a_version_that_is_none_is_refused(version: str, run: Path) -> None:
    claim(run, version)
    write_manifest(run)
    (problem,) = verify(run).problems
    assert (problem.kind, problem.path) == ("report", "run.json")
    assert "\x1b" not in problem.sentence


def test_an_old_run_does_not_pass_as_one_of_this_version(run: Path) -> None:
    facts = json.loads((run / "run.json").read_text())
    del facts["packages"]["latent-audit"]
    (run / "run.json").write_text(json.dumps(facts))
    write_manifest(run)
    assert verify(run).exit_code == 16


def test_a_file_of_this_version_keeps_every_limit(tmp_path: Path) -> None:
    """A limit that was taken out would fall back on its default."""
    run = tmp_path / "run"
    write_judged_run(run)
    audit = read_audit(run)
    del audit["thresholds"]["gap_min"]
    audit["thresholds_digest"] = thresholds_digest(audit["thresholds"])
    seal(run, audit)
    (problem,) = verify(run).problems
    assert problem.kind == "thresholds"
    assert "schema 1.1 lacks gap_min" in problem.sentence
    assert thresholds_digest({}) != Thresholds().digest()
