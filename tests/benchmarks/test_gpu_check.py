"""make gpu-check: the same script in small on a CPU, without Prefect, MLflow and umap; figures after every part."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gpu import check
from benchmarks.results import ROOT, Section

BEGINNING = """
import importlib, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("prefect", "mlflow", "umap"):
            raise ImportError(f"{name} is not on such a machine")

sys.meta_path.insert(0, Blocked())
import latent_audit.tasks.analyses, latent_audit.vae_models
for room in (latent_audit.vae_models, latent_audit.tasks.analyses):
    for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
        importlib.import_module(found.name)
from benchmarks.gpu import check
rooms = {name for name in sys.modules if name.startswith("latent_audit.")}
allowed = tuple(f"latent_audit.{room}" for room in ("vae_models", "vocabulary", "tasks.analyses", "tasks.datasets"))
print("beside them:", sorted(name for name in rooms if not name.startswith(allowed)), flush=True)
sys.exit(check.main(sys.argv[1:]))
"""


@pytest.mark.timeout(900)
def test_the_check_runs_in_small_without_prefect_mlflow_and_umap(tmp_path: Path) -> None:
    results, document = tmp_path / "gpu.json", tmp_path / "page.md"
    document.write_text(f"before\n{check.BEGIN}\n{check.END}\nafter\n")
    words = ["--device", "cpu", "--quick", "--results", str(results), "--document", str(document)]
    done = subprocess.run(
        [sys.executable, "-c", BEGINNING, *words],
        cwd=ROOT, capture_output=True, encoding="utf-8", env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "beside them: ['latent_audit.tasks']" in done.stdout
    sections = json.loads(results.read_text())["sections"]
    assert list(sections) == ["same results", "one at a time", "stacks"]
    same = {row["what"]: row["measured"]["median"] <= row["most"] for row in sections["same results"]["rows"]}
    assert all(same.values())
    assert {"training, vae", "encode, vae", "decode, interpretable_gan", "intervene, vae"} <= set(same)
    assert "attribute, IntegratedGradients" in same
    assert {row["side"] for row in sections["stacks"]["rows"]} >= {"ours", "ours, no graph"}
    assert "30 models of 300,000 steps at" in sections["stacks"]["notes"][-1]
    assert "| encode, vae | at most 0.001 |" in document.read_text()


def test_a_part_that_fails_leaves_the_figures_of_the_others(tmp_path: Path, monkeypatch, capsys) -> None:
    def broken():
        raise RuntimeError("no such kernel")

    whole = Section("Whole", "One core.")
    monkeypatch.setattr(check, "_parts", lambda given: [("broken", broken), ("whole", lambda: whole)])
    assert check.main(["--results", str(tmp_path / "gpu.json")]) == 1
    sections = json.loads((tmp_path / "gpu.json").read_text())["sections"]
    assert sections["broken"]["failed"] == "RuntimeError: no such kernel"
    assert sections["whole"]["title"] == "Whole"
    assert "Not measured: RuntimeError: no such kernel" in capsys.readouterr().out


def test_the_table_of_another_machine_is_written_without_a_measurement(tmp_path: Path) -> None:
    document, results = tmp_path / "page.md", tmp_path / "gpu.json"
    document.write_text(f"{check.BEGIN}\n{check.END}\n")
    machine = {"processor": "A1", "cores": 16, "flags": [], "memory_gb": 128, "system": "Linux x"}
    sections = {"stacks": {"title": "Several models in one step", "failed": "the card was lost"}}
    results.write_text(json.dumps({"machine": machine, "versions": {}, "sections": sections}))
    assert check.main(["--table", str(results), "--document", str(document)]) == 0
    assert "Not measured: the card was lost" in document.read_text()


def test_the_document_has_a_place_for_the_table() -> None:
    kept = check.DOCUMENT.read_text(encoding="utf-8")
    assert (kept.count(check.BEGIN), kept.count(check.END)) == (1, 1)
