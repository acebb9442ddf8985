"""Faults of a machine: what a run says of each, and that nothing that was finished is lost.

Every run here goes on with the store of the one before (tests/audits/faulty_runs.py says in which order).
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from latent_audit.tasks.services import service
from tests.audits.tiny_audit import command_environment
from tests.left_behind import half_written, left_over, unended_in_mlflow, wrong_in_mlflow

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(1500)]

SHARED = {"prepare", "classify", "explain_classifier"}
OF_MODEL = {
    "train", "encode", "probe", "score", "intervene", "locate", "subgroup", "fitness", "negative_controls", "project",
    "traverse", "show", "latent_responses", "manipulate", "applications", "attribute", "model_specific", "export",
    "tabulate",
}  # fmt: skip
JUDGEMENT = {"verdicts", "draw", "draw_pictures"}
STAGES = SHARED | OF_MODEL | JUDGEMENT
RERUN_SECONDS = 15.0
Run = dict[str, Any]


class Faulty:
    """The folder of all runs, and what each did, by its name."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.runs: dict[str, Run] = json.loads((home / "results.json").read_text())

    def said(self, name: str, code: int = 1) -> str:
        """Returns what a run said last, in its own words: no traceback before it."""
        run = self.runs[name]
        assert run["code"] == code, run["err"][-2000:]
        assert "Traceback" not in run["err"]
        found: str = run["err"].rstrip().rpartition("latent-audit: ")[2]
        return found

    def folder(self, name: str) -> Path:
        """Returns the run folder that a run named at its end."""
        assert self.runs[name]["code"] == 0, self.runs[name]["err"][-2000:]
        (line,) = (x for x in self.runs[name]["out"].splitlines() if x.startswith("report: "))
        return (self.home / line.removeprefix("report: ")).parent

    def ledger(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder(name) / "ledger.jsonl").read_text().splitlines()]

    def computed(self, *names: str) -> set[str]:
        """Returns the stages that some of the runs sealed."""
        runs = [self.runs[name] for name in names]
        return {key.split("/")[0] for run in runs for key in run["after"].items() - run["before"].items()
                for key in key[:1]}  # fmt: skip


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Faulty:
    home = tmp_path_factory.mktemp("faulty")
    assert pytestconfig.cache is not None
    try:
        subprocess.run(
            [sys.executable, "-m", "tests.audits.faulty_process", str(home)],
            env={**command_environment(pytestconfig.cache.mkdir("numba")), "OMP_NUM_THREADS": "1"},
            check=True,
            timeout=1400,
        )
    finally:  # what outlives a process that was ended
        for name in ("prefect-server", "mlflow"):
            service.end(name, home / "artifacts" / "services")
    return Faulty(home)


def kills(faulty: Faulty) -> list[Run]:
    return [run for name, run in faulty.runs.items() if name.startswith("killed ")]


def test_no_fault_loses_or_computes_again_what_was_finished(faulty: Faulty) -> None:
    """Each stage that was sealed before a fault is there afterwards, and is the same file since the same moment."""
    for name, run in faulty.runs.items():
        lost = {stage for stage, _ in run["before"].items() - run["after"].items()}
        # Before one of the runs the damage was done on purpose: see below.
        damaged = {"train", "probe"} if name == "damaged artifacts" else set()
        assert {stage.split("/")[0] for stage in lost} == damaged, name
        assert run["half_written"] == [], name


def test_in_the_end_nothing_is_left_and_mlflow_is_whole(faulty: Faulty) -> None:
    assert half_written(faulty.home) == []
    assert left_over(faulty.home) == []
    assert wrong_in_mlflow(faulty.home) == []
    assert unended_in_mlflow(faulty.home) == []


def test_kill_in_every_stage(faulty: Faulty) -> None:
    *killed, last = kills(faulty)
    assert [run["code"] for run in killed] == [-9] * len(killed)
    stages = [run["stage"] for run in killed]
    assert len(stages) == len(set(stages))
    assert set(stages) == STAGES | {"(opening)", "(sealing)", "(placing)"}
    for run in killed:
        assert not [key for key in run["after"] if key.startswith(f"{run['stage']}/")], run["stage"]
    # The next run of the same command says of all of it that it is there already.
    assert last["code"] == 0
    assert last["err"].count(": reused\n") == len(STAGES)
    assert {line["stage"] for line in faulty.ledger(f"killed {len(killed)}") if line["reused"]} == STAGES
    # One run was killed again and again, and went on under its id until it was in its place.
    assert len(list((faulty.home / "runs" / "faulty").iterdir())) >= 2


@pytest.mark.parametrize("stage", ["train", "export"])
def test_full_disk(faulty: Faulty, stage: str) -> None:
    said = faulty.said(f"full disk in {stage}")
    assert said.startswith(f"the disk that holds {faulty.home}/artifacts/{stage}/")
    assert said.endswith("free some space and run the same command again; finished stages are kept")
    assert not [key for key in faulty.runs["full disk in export"]["after"] if key.startswith("export/")][1:]
    assert not list(faulty.home.glob("artifacts/*/.building-*"))


def test_mlflow_gone(faulty: Faulty) -> None:
    said = faulty.said("MLflow gone")
    assert said.startswith("MLflow's store http://127.0.0.1:")
    assert said.endswith("Start its server, or give another with --tracking.uri")


def test_both_servers_gone_for_a_while(faulty: Faulty) -> None:
    run = faulty.runs["both gone for a while"]
    assert faulty.folder("both gone for a while").is_dir()
    assert run["stage"] == "verdicts"
    assert "Traceback" not in run["err"]


def test_prefect_gone(faulty: Faulty) -> None:
    said = faulty.said("Prefect gone")
    assert said.startswith("Prefect's server http://127.0.0.1:")
    assert "is gone (" in said
    assert "start it, or unset PREFECT_API_URL to run without one, and run the same command again" in said
    assert (
        "Prefect's server is not reached (ConnectError); its pages will lack something"
        in (faulty.runs["Prefect gone"]["err"])
    )
    assert len(faulty.runs["Prefect gone"]["err"].splitlines()) < 40


def test_another_beta_computes_that_models_stages_and_the_judgement(faulty: Faulty) -> None:
    """Once each, in whichever of the runs that failed in between."""
    names = ("full disk in train", "full disk in export", "MLflow gone", "both gone for a while")
    assert faulty.computed(*names) == OF_MODEL | JUDGEMENT
    assert {line["stage"] for line in faulty.ledger("other beta") if not line["reused"]} == set()


def test_damaged_artifacts(faulty: Faulty) -> None:
    """A flipped bit, a deleted result, file and manifest: these stages are computed again, and no other."""
    ledger = faulty.ledger("damaged artifacts")
    assert {line["stage"] for line in ledger if not line["reused"]} == {
        "train",
        "encode",
        "probe",
        "negative_controls",
    }
    text = faulty.runs["damaged artifacts"]["err"]
    for stage, what in (
        ("train", "weights.safetensors is not what was written"),
        ("probe", "probe.json is missing"),
        ("negative_controls", "its manifest cannot be read"),
    ):
        (key,) = (line["key"] for line in ledger if line["stage"] == stage)
        assert f"warning: {stage}: the stored result {key} is damaged ({what}); it is computed again" in text
    damaged = [line for line in text.splitlines() if "is damaged" in line]
    assert len(damaged) == 3, damaged
    before, after = (faulty.folder(name) / "audit.json" for name in ("other beta", "damaged artifacts"))
    assert before.read_bytes() == after.read_bytes()


def test_a_rerun_with_nothing_changed(faulty: Faulty) -> None:
    assert {line["stage"] for line in faulty.ledger("repeated") if line["reused"]} == STAGES
    facts = json.loads((faulty.folder("repeated") / "run.json").read_text())
    assert facts["wall_seconds"] <= RERUN_SECONDS
    assert faulty.runs["repeated"]["seconds"] <= RERUN_SECONDS


def test_read_only_output(faulty: Faulty) -> None:
    said = faulty.said("read-only output")
    assert said.startswith("cannot write "), said
    assert said.endswith("give a folder you may write with --run.store and --run.output")
    said = faulty.said("output that never was writable")
    assert said.startswith("run.output is '/sys/kernel/runs', where nothing can be written ("), said
    assert said.endswith("give a folder that you may write with --run.output")
    assert (
        faulty.runs["output that never was writable"]["before"]
        == (faulty.runs["output that never was writable"]["after"])
    )
    # What was judged while nothing could be written is there when it can.
    assert faulty.computed("read-only output") == JUDGEMENT
    assert [line for line in faulty.ledger("output that is writable again") if not line["reused"]] == []


def test_changed_clock(faulty: Faulty) -> None:
    ledger = faulty.ledger("clock put back")
    assert faulty.runs["clock put back"]["stage"] == "verdicts"
    assert {line["stage"] for line in ledger if not line["reused"]} == JUDGEMENT
    assert all(0 <= line["seconds"] < 600 for line in ledger)
    names = ("clock put back", "clock of tomorrow", "clock of yesterday")
    for name in names:
        facts = json.loads((faulty.folder(name) / "run.json").read_text())
        assert facts["started"] <= facts["finished"]
        assert 0 <= facts["overhead_seconds"] <= facts["wall_seconds"] < 600
        assert 0 <= facts["overhead_share"] <= 1
    for name in names[1:]:
        assert [line for line in faulty.ledger(name) if not line["reused"]] == []
    ids = [faulty.folder(name).name for name in names]
    assert ids[2] < ids[0] < ids[1]
    # The newest is what was made last, whatever the clock said.
    assert (faulty.home / "runs" / "latest").resolve() == faulty.folder("clock of yesterday")


def test_no_run_in_mlflow_ends_before_it_began(faulty: Faulty) -> None:
    database = faulty.home / "artifacts" / "mlflow" / "mlflow.db"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "select start_time, end_time from runs where status = 'FINISHED'"
        ).fetchall()
    assert len(rows) > 10
    assert [(start, end) for start, end in rows if end < start] == []
