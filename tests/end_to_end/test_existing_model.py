"""A small audit of two models that were trained elsewhere: published weights, and a user's own code."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reports.audit_json import read_audit, schema_faults
from tasks.records import digest_of_file
from tasks.verify import verify
from tests.end_to_end.audits import IN_ONE_THREAD, USER, command_environment

pytestmark = pytest.mark.timeout(1000)

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "existing_model.yaml"
SMALL = """\
run: {name: small}
data: {kind: sprites, images: 1800, image_size: 64}
seeds: [0, 1, 2]
classifier: {width: 8, hidden: 16, training: {steps: 20, evaluate_every: 20, patience: null}}
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_moves_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, move_images: 16, use_images: 20, regret_steps: 2}
"""
OWN = """
import torch
from torch import nn

class Four(nn.Module):  # four numbers, and back
    def __init__(self):
        super().__init__()
        self.towards = nn.Conv2d(1, 4, 64)
        self.back = nn.Linear(4, 64 * 64)

    def encode(self, images):
        return self.towards(images).flatten(1)

    def decode(self, codes):
        return self.back(codes).sigmoid().view(-1, 1, 64, 64)

def make():
    torch.manual_seed(0)
    return Four()
"""


@pytest.fixture(scope="module")
def run(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> tuple[Path, str]:
    """Returns the run's folder and what the command printed."""
    home = tmp_path_factory.mktemp("existing") / USER
    (home / "code").mkdir(parents=True)
    (home / "code" / "own_four.py").write_text(OWN)
    settings = yaml.safe_load(SMALL)
    published = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["models"]["beta_vae"]
    published["path"] = str(real_data / "checkpoints" / "betaH_dsprites" / "model.pt")
    own = {"kind": "entrypoint", "entrypoint": "own_four:make", "folder": str(home / "code")}
    settings["models"] = {"published": published, "own": own}
    (home / "small.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    assert pytestconfig.cache is not None
    environment = command_environment(pytestconfig.cache.mkdir("numba"))
    done = subprocess.run(
        [sys.executable, "-m", "flows.command", "run", "small.yaml", *IN_ONE_THREAD],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("report: "))
    return (home / line.removeprefix("report: ")).parent, done.stdout + done.stderr


@pytest.fixture
def audit(run: tuple[Path, str]) -> dict[str, Any]:
    return read_audit(run[0])


def test_each_model_has_one_seed_and_every_verdict(audit: dict[str, Any], run: tuple[Path, str]) -> None:
    assert schema_faults(audit) == []
    assert verify(run[0]).problems == ()
    assert [(model["name"], model["seed"]) for model in audit["models"]] == [("published", 0), ("own", 0)]
    assert len(audit["verdicts"]) == 2 * len(audit["data"]["attributes"])
    for section in audit["stability"]:
        assert section["status"] == "not_assessed"
        assert section["reason"].startswith("1 seed(s) were trained and 3 are needed")
    assert {verdict["checks"]["stability"]["verdict"] for verdict in audit["verdicts"]} == {"not_assessed"}


def test_published_weights_rebuild_our_sprites(audit: dict[str, Any]) -> None:
    published, own = audit["models"]
    assert published["kind"] == "checkpoint"
    assert published["fitness"]["reconstruction_nats_per_image"] < 45
    assert published["fitness"]["active_units"] >= 5
    assert own["fitness"]["reconstruction_nats_per_image"] > 1000  # nobody has trained it


def test_where_they_came_from_is_recorded(audit: dict[str, Any], real_data: Path) -> None:
    published, own = (model["origin"] for model in audit["models"])
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
    assert audit["models"][0]["training"] == {"not_applicable": "this model was trained elsewhere"}


def test_the_report_and_the_log_say_what_was_run(run: tuple[Path, str]) -> None:
    folder, printed = run
    assert "own: your own code own_four:make is run to make this model and to use it" in printed
    html = (folder / "report.html").read_text(encoding="utf-8")
    for sentence in (
        "Models trained elsewhere",
        "read as tensors alone; nothing in the file was run.",
        "the user&#39;s own Python code own_four:make was run in this audit",
        "published was trained elsewhere: how is not recorded here",
        "Not assessed with 1 seeds; three are needed.",
    ):
        assert sentence in html, sentence


def test_no_folder_of_this_machine_gets_out(run: tuple[Path, str], real_data: Path) -> None:
    for name in ("audit.json", "run.json", "ledger.jsonl", "report.html", "manifest.json", "settings.yaml"):
        text = (run[0] / name).read_text(encoding="utf-8")
        assert USER not in text, name
        assert str(real_data) not in text, name
    stages = [json.loads(line)["stage"] for line in (run[0] / "ledger.jsonl").read_text().splitlines()]
    assert stages.count("import") == 2
    assert stages.count("export") == 1  # of the networks that are ours
    assert "train" not in stages
