"""An audit whose seeds are trained in one step: the stages and report of one by one, and nearly the same numbers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.record.audit_json import read_audit
from tests.audits.tiny_audit import SMALLEST, command_environment

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(600)]


# As many as rounding does not grow over: noise of 1e-5 on each weight before each step moves a model's nats by 1 %,
# another seed by 13 % and more. Over a hundred steps, noise of the size of rounding, 1e-6, moves the KL by 11 %.
FEW_STEPS = {
    "steps": 8,
    "batch_size": 16,
    "evaluate_every": 4,
    "checkpoint_every": 4,
    "evaluation_images": 100,
}


def run(home: Path, environment: dict[str, str], *words: str) -> Path:
    command = [
        sys.executable,
        "-m",
        "latent_audit.flows.cli.main",
        "run",
        "smallest.yaml",
        "--seeds",
        "[0,1]",
        "--models.vae.training",
        json.dumps(FEW_STEPS),
        *words,
    ]
    ended = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=500)
    assert ended.returncode == 0, ended.stderr
    line = next(line for line in ended.stdout.splitlines() if line.startswith("report: "))
    return (home / line.removeprefix("report: ")).parent


def stages(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def test_stacked_seeds_end_in_nearly_the_same_report(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    (tmp_path / "smallest.yaml").write_text(SMALLEST)
    assert pytestconfig.cache is not None
    environment = command_environment(pytestconfig.cache.mkdir("numba"))
    alone = run(tmp_path, environment)
    stacked = run(tmp_path, environment, "--compute.stack_seeds", "true")
    named = sorted("train" if line["stage"] == "take" else line["stage"] for line in stages(stacked))
    assert named == sorted(["train_stack", *(line["stage"] for line in stages(alone))])
    taken = [line for line in stages(stacked) if line["stage"] == "take"]
    assert len(taken) == 2
    assert all(line["seconds"] < 5 for line in taken)
    before, after = read_audit(alone), read_audit(stacked)
    for name in ("reconstruction_nats_per_image", "kl_nats_per_image"):
        first, second = (model["fitness"][name] for model in before["models"])
        assert abs(second - first) > 0.1 * first, name
        assert [model["fitness"][name] for model in after["models"]] == pytest.approx(
            [first, second], rel=0.04
        )
