"""An audit by a classifier that the user brings, through the command: of 220 images, none is set apart."""

import csv
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.record.audit_json import schema_faults
from latent_audit.tasks.storage.artifacts import digest_of_file
from tests.audits.audits import USER, Ended, _command, _in_one_process
from tests.audits.brought.classifier_audit import CODE, write_brought_audit
from tests.audits.tiny_audit import command_environment
from tests.plain_audit import read_audit

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(1200)]
UNREAD = ["shape", "scale", "orientation"]


@dataclass(frozen=True)
class Run:
    """What the commands left and said."""

    home: Path
    folder: Path
    ended: dict[str, Ended]

    @property
    def audit(self) -> dict[str, Any]:
        return read_audit(self.folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Run:
    home = tmp_path_factory.mktemp("brought") / USER
    home.mkdir()
    settings = write_brought_audit(home)
    shutil.copytree(home / "own code", home / "changed code")
    with (home / "changed code" / f"{CODE}.py").open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    model = home / "model alone"
    model.mkdir()
    shutil.copyfile(home / "own code" / "own_moments.py", model / "own_moments.py")
    latest = "runs/latest"

    def sample(output: str, *code: str) -> dict[str, Any]:
        return _command("sample", latest, "--number", "2", "--output", output, *code)

    def wrong(name: str, *given: str) -> dict[str, Any]:
        places = ("--run.name", name, "--run.output", "bad runs", "--compute.runner", "thread")
        return _command("run", settings, *places, *given)

    asked = {
        # In processes, which began before it was known whose code they need.
        "run": _command("run", settings, "--compute.workers", "2"),
        "repeated": _command("run", settings, "--compute.runner", "thread"),
        "verified": _command("verify", latest),
        "without code": sample("drawn"),
        "without the classifier's code": sample("drawn", "--code", "model alone"),
        "other code": sample("drawn", "--code", "changed code"),
        "with code": sample("drawn", "--code", "own code"),
        "explained": _command("explain", latest, "9", "--code", "own code"),
        "described": _command(
            *(
                "data",
                "sprites",
                "--data.images",
                "220",
                "--classifier",
                json.dumps(_reads(home, "read_posX")),
            ),
            *("--models", json.dumps({"theirs": _model(home)})),
        ),
        "NaN": wrong("nan", "--classifier.entrypoint", f"{CODE}:make_nan"),
        "too few": wrong("few", "--data.images", "150"),
    }
    assert pytestconfig.cache is not None
    environment = command_environment(pytestconfig.cache.mkdir("numba"))
    ended = _in_one_process(asked, home, environment)
    assert ended["run"].code == 0, ended["run"]
    return Run(home, (home / latest).resolve(), ended)


def _model(home: Path) -> dict[str, str]:
    return {"kind": "entrypoint", "entrypoint": "own_moments:make", "folder": str(home / "own code")}


def _reads(home: Path, function: str) -> dict[str, str]:
    return {"entrypoint": f"{CODE}:{function}", "folder": str(home / "own code")}


def test_no_image_is_set_apart_and_what_it_reads_is_judged(run: Run) -> None:
    audit = run.audit
    assert schema_faults(audit) == []
    assert audit["failed"] == []
    images = {part["name"]: part["images"] for part in audit["data"]["parts"]}
    assert (images["model_train"], images["classifier_train"]) == (0, 0)
    (model,) = audit["models"]
    assert model["places"]["images"] == 220
    gates = {gate["attribute"]: gate for gate in model["intervention"]["gates"]}
    for name in ("posX", "posY"):
        assert gates[name]["status"] == "passed"
    places = {place["attribute"]: place for place in audit["where"]}
    assert (places["posX"]["rung"], places["posY"]["rung"]) == ("dimension", "dimension")
    assert {row["attribute"] for row in audit["classifier"]["scores"]} == {"posX", "posY"}


def test_what_it_does_not_read_is_not_tested_and_says_so(run: Run) -> None:
    audit = run.audit
    assert audit["classifier"]["not_read"] == UNREAD
    (model,) = audit["models"]
    gates = {gate["attribute"]: gate for gate in model["intervention"]["gates"]}
    verdicts = {row["attribute"]: row for row in audit["verdicts"]}
    for name in UNREAD:
        assert gates[name]["status"] == "not_tested"
        assert gates[name]["reason"] == f"the classifier does not read {name}"
        assert gates[name]["value"] is None
        assert verdicts[name]["checks"]["intervention"]["verdict"] == "not_tested"
        assert verdicts[name]["checks"]["intervention"]["reason"] == f"the classifier does not read {name}"
    edited = {row["attribute"] for row in model["moves"]["arithmetic"]}
    assert edited == {"posX", "posY"}
    assert model["moves"]["perturbation"]["attributes"] == ["posX", "posY"]
    errors = {row["attribute"] for row in audit["models"][0]["bias"][0]["errors"]}
    assert errors <= {"posX", "posY"}


def test_what_needs_layers_and_gradients_of_a_classifier_of_ours_says_why_not(run: Run) -> None:
    (model,) = run.audit["models"]
    for part in (model["moves"]["frechet"], model["moves"]["interpolation"]["paths"]):
        assert part["not_applicable"].startswith("the classifier that was brought has no layer of features")
    of_classifier = {row["method"] for row in model["attributions"] if row.get("target") == "classifier"}
    assert of_classifier == {"Lime", "KernelShap"}
    reasons = [row["not_applicable"] for row in model["attributions"] if "not_applicable" in row]
    assert any(why.startswith("no gradient passes through the classifier") for why in reasons)


def test_record_and_report_say_that_its_code_was_run(run: Run) -> None:
    classifier = run.audit["classifier"]
    origin = classifier["origin"]
    assert (origin["code"], origin["runs_its_code"]) == (f"{CODE}:make", True)
    assert len(origin["code_sha256"]) == 64
    (file,) = origin["files"]
    assert (file["setting"], file["sha256"]) == ("lines", digest_of_file(run.home / "lines.json"))
    assert classifier["weights_digest"] is None
    printed = run.ended["run"].out + run.ended["run"].err
    assert f"classifier: your own code {CODE}:make is run to read images" in printed
    html = (run.folder / "report.html").read_text(encoding="utf-8")
    for sentence in (
        f"The classifier was brought, and not trained by this audit: {CODE}:make.",
        "It does not read shape, scale, orientation:",
        f"The attribute classifier: the user&#39;s own Python code {CODE}:make was run in this audit",
        "The attribute classifier was brought: how it was trained is not recorded here",
        "all of them are audited",
    ):
        assert sentence in html, sentence


def test_verify_repeat_and_describe_know_it(run: Run) -> None:
    assert run.ended["verified"].code == 0, run.ended["verified"]
    repeated = [json.loads(line) for line in (run.folder / "ledger.jsonl").read_text().splitlines()]
    assert {row["stage"] for row in repeated if row["reused"]} >= {"prepare", "import_classifier", "locate"}
    assert run.ended["described"].code == 0, run.ended["described"]
    assert "all of them are audited" in " ".join(run.ended["described"].out.split())


def test_no_folder_of_this_machine_gets_out(run: Run) -> None:
    for name in ("audit.json", "run.json", "ledger.jsonl", "report.html", "manifest.json", "settings.yaml"):
        assert USER not in (run.folder / name).read_text(encoding="utf-8"), name


def test_samples_are_read_by_it_where_its_folder_is_named(run: Run) -> None:
    ended = run.ended
    for name, said in (
        ("without code", "moments is made by your own code, own_moments:make, which a run does not keep"),
        ("without the classifier's code", f"--code: there is no module or package of {CODE}:make in "),
        ("other code", f"is not the code of {CODE}:make that the run audited"),
    ):
        assert ended[name].code == 2, ended[name]
        assert said in ended[name].err
    assert ended["with code"].code == 0, ended["with code"]
    with (run.home / "drawn" / "codes.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert row["read:posX"]
    assert (row["read:shape"], row["read:orientation"]) == ("", "")


def test_what_cannot_be_done_is_refused_with_a_sentence(run: Run) -> None:
    ended = run.ended
    assert ended["explained"].code == 2, ended["explained"]
    assert "this run was judged by one that was brought" in ended["explained"].err
    for name, said in (
        ("NaN", "gives values that are NaN or infinite for the attribute 'posY'; expected its value"),
        ("too few", "150 images are too few for the parts of the audit"),
    ):
        assert ended[name].code == 1, ended[name]
        assert said in ended[name].err, ended[name].err
        assert "Traceback" not in ended[name].err
    assert "about 200 images are enough" in ended["too few"].err
