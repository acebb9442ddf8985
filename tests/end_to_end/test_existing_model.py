"""A small audit of two models that were trained elsewhere: published weights, and a user's own code."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.record.audit_json import schema_faults
from latent_audit.tasks.runs.verify import verify
from latent_audit.tasks.storage.artifacts import digest_of_file
from tests.audits.audits import USER, Commands, _command, _in_one_process
from tests.audits.tiny_audit import COMMAND, command_environment
from tests.plain_audit import read_audit

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def run(real_data: Path, others: Commands) -> tuple[Path, str]:
    """Returns the run's folder and what the command printed."""
    ended = others.ended["existing"]
    assert ended.code == 0, ended
    return others.run_folder("existing"), ended.out + ended.err


@pytest.fixture
def audit(run: tuple[Path, str]) -> dict[str, Any]:
    return read_audit(run[0])


def test_each_model_has_one_seed_and_every_verdict(audit: dict[str, Any], run: tuple[Path, str]) -> None:
    assert schema_faults(audit) == []
    assert verify(run[0]).problems == ()
    assert [(model["name"], model["seed"]) for model in audit["models"]] == [
        ("published", 0), ("own", 0), ("frozen", 0), ("moments", 0)
    ]  # fmt: skip
    assert len(audit["verdicts"]) == 4 * len(audit["data"]["attributes"])
    for section in audit["stability"]:
        assert section["status"] == "not_assessed"
        assert section["reason"].startswith("1 seed(s) were trained and 3 are needed")
    assert {verdict["checks"]["stability"]["verdict"] for verdict in audit["verdicts"]} == {"not_assessed"}


def test_published_weights_rebuild_our_sprites(audit: dict[str, Any]) -> None:
    published, own = audit["models"][:2]
    assert published["kind"] == "checkpoint"
    assert published["fitness"]["reconstruction_nats_per_image"] < 45
    assert published["fitness"]["active_units"] >= 5
    assert own["fitness"]["reconstruction_nats_per_image"] > 1000  # nobody has trained it


def test_where_they_came_from_is_recorded(audit: dict[str, Any], real_data: Path) -> None:
    published, own = (model["origin"] for model in audit["models"][:2])
    file = real_data / "checkpoints" / "betaH_dsprites" / "model.pt"
    assert published["files"] == [
        {
            "setting": "path",
            "name": "model.pt",
            "bytes": file.stat().st_size,
            "sha256": digest_of_file(file),
        }
    ]
    assert (published["runs_its_code"], published["rebuilds_offline"]) == (False, True)
    assert (own["code"], own["runs_its_code"], own["rebuilds_offline"]) == ("own_four:make", True, False)
    assert audit["models"][1]["fitness"]["kl"] is None
    assert audit["models"][0]["training"]["not_applicable"] == "this model was trained elsewhere"


def test_what_is_odd_is_measured_at_import_and_said(audit: dict[str, Any], run: tuple[Path, str]) -> None:
    published, own, frozen, moments = (model["import_check"] for model in audit["models"])
    assert published["warnings"] == []
    assert published["reconstruction_error"] < 0.3 * published["mean_image_error"]
    assert any("does not reconstruct images of this data set" in warning for warning in own["warnings"])
    assert frozen["pixels_cut"] > 0.9
    assert frozen["warnings"][0].startswith(
        f"{frozen['pixels_cut']:.0%} of the decoder's pixel values lie below"
    )
    assert any("return 2 * log of them: the KL would be" in warning for warning in frozen["warnings"])
    assert moments["pixels_cut"] == 0
    html = (run[0] / "report.html").read_text(encoding="utf-8")
    assert "Odd when the model was imported." in html
    assert "Measured at import on 64 random images" in html
    assert (
        html.count("The encoder returns two tensors of one shape. They are read as means and log") == 1
    )  # frozen
    odd = sum(bool(check["warnings"]) for check in (published, own, frozen, moments))
    assert html.count("things were odd when it was imported") == odd


def test_code_without_gradients_or_weights_loses_only_what_needs_them(
    audit: dict[str, Any], run: tuple[Path, str]
) -> None:
    _, own, frozen, moments = audit["models"]

    def methods(model: dict[str, Any]) -> set[str]:
        return {row["method"] for row in model["attributions"] if row.get("target") in ("encoder", "decoder")}

    def reasons(model: dict[str, Any]) -> list[str]:
        return [row["not_applicable"] for row in model["attributions"] if "not_applicable" in row]

    assert {"IntegratedGradients", "GradientShap", "SmoothGrad", "Occlusion", "Jacobian"} < methods(own)
    assert reasons(own) == []
    for model in (frozen, moments):
        assert methods(model) == {"Occlusion", "FiniteDifference"}
        assert [reason.partition(" of this model")[0] for reason in reasons(model)] == [
            "no gradient passes through encode", "no gradient passes through decode"
        ]  # fmt: skip
    faithful = {
        model["name"]: {
            row["checks"]["faithful"] for row in model["attributions"] if row.get("target") == "encoder"
        }
        for model in (frozen, moments)
    }
    assert faithful["moments"] == {None}  # there are no weights to redraw
    assert None not in faithful["frozen"]  # its weights are found without gradients
    assert "likelihood regret" not in {row["score"] for row in frozen["uses"]["anomaly"]["scores"]}
    assert "gradients through the decoder" in frozen["uses"]["anomaly"]["not_applicable"]
    controls = {
        name: [c["control"] for c in audit["controls"] if c["name"] == name] for name in ("frozen", "moments")
    }
    assert controls == {"frozen": ["shuffled", "random_init", "pca"], "moments": ["shuffled", "pca"]}
    nulls = {
        model["name"]: [
            claim["null"]["untrained_decoder"] for claim in model["intervention"]["claims"] if claim["null"]
        ]
        for model in (moments, frozen)
    }
    assert all(effects == [] for effects in nulls["moments"])
    assert all(effects != [] for effects in nulls["frozen"])
    assert all("random_init" not in {r["codes"] for r in probe["results"]} for probe in moments["probes"])
    html = (run[0] / "report.html").read_text(encoding="utf-8")
    assert "The untrained model is not applicable as a control: this model&#39;s codes do not depend" in html


def test_code_without_weights_is_judged_like_any_other(audit: dict[str, Any]) -> None:
    """Its two numbers are the place of the sprite."""
    found = {row["attribute"]: row for row in audit["models"][3]["specificity"]}
    assert (found["posX"]["dimension"], found["posY"]["dimension"]) == (0, 1)
    assert found["posX"]["uncertainty"]["value"] > 0.5 < found["posY"]["uncertainty"]["value"]


def test_the_report_and_the_log_say_what_was_run(run: tuple[Path, str]) -> None:
    folder, printed = run
    assert "own: your own code own_four:make is run to make this model and to use it" in printed
    html = (folder / "report.html").read_text(encoding="utf-8")
    for sentence in (
        "Models trained elsewhere",
        "read as tensors alone; nothing in the file was run.",
        "the user&#39;s own Python code own_four:make was run in this audit",
        "published was trained elsewhere: how is not recorded here",
        "Not assessed with 1 seeds; 3 are needed.",
    ):
        assert sentence in html, sentence


def test_no_folder_of_this_machine_gets_out(run: tuple[Path, str], real_data: Path) -> None:
    for name in ("audit.json", "run.json", "ledger.jsonl", "report.html", "manifest.json", "settings.yaml"):
        text = (run[0] / name).read_text(encoding="utf-8")
        assert USER not in text, name
        assert str(real_data) not in text, name
    stages = [json.loads(line)["stage"] for line in (run[0] / "ledger.jsonl").read_text().splitlines()]
    assert stages.count("import") == 4
    assert stages.count("export") == 1  # of the networks that are ours
    assert "train" not in stages


def said_of(folder: Path, run: Path, store: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a command on a finished run in a folder of one's own."""
    command, *rest = words
    return subprocess.run(
        [COMMAND, command, str(run), *rest, "--store", str(store)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.mark.parametrize("model", ["published", "frozen", "moments"])
def test_one_image_is_explained_with_it(
    model: str, run: tuple[Path, str], others: Commands, tmp_path: Path
) -> None:
    words = ("explain", "9", "--model", model, "--format", "json", "--output", "found.json")
    code = () if model == "published" else ("--code", str(others.home / "code"))
    ended = said_of(tmp_path, run[0], others.home / "artifacts", *words, *code)
    # effect of explain --code
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["subject"]["model"] == model
    lacking = {remark["key"].removeprefix("explain.lacking.") for remark in found["lacking"]}
    assert "discriminator" in lacking
    without_gradients = {"encoder_gradients", "decoder_gradients"}
    assert lacking & without_gradients == (set() if model == "published" else without_gradients)
    assert found["neighbours"]


def test_own_code_runs_only_where_its_folder_is_named_and_is_what_was_audited(
    others: Commands, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Of the run that has no other model: each command verifies the run first."""
    run, store = others.run_folder("fifteen hundred"), others.home / "artifacts"
    (tmp_path / "of_few.py").write_text("raise SystemExit('it was run')\n")
    words = ("sample", "--model", "theirs", "--number", "2", "--output", "drawn")
    command, *rest = words
    refused = {
        "theirs is made by your own code, of_few:make_any, which a run does not keep: give the folder": (),
        "--code: there is no module or package of of_few:make_any in ": ("--code", str(run)),
        "is not the code of of_few:make_any that the run audited": ("--code", "."),
    }
    asked = {
        sentence: _command(command, str(run), *rest, "--store", str(store), *code)
        for sentence, code in refused.items()
    }
    assert pytestconfig.cache is not None
    environment = command_environment(pytestconfig.cache.mkdir("numba"))
    for sentence, ended in _in_one_process(asked, tmp_path, environment).items():
        assert (ended.code, ended.out) == (2, ""), ended
        assert sentence in ended.err
        assert "it was run" not in ended.err
    drawn = said_of(tmp_path, run, store, *words, "--code", str(others.home / "few"))
    # effect of sample --code
    assert drawn.returncode == 0, drawn
    assert len(list((tmp_path / "drawn").glob("*.png"))) == 2
