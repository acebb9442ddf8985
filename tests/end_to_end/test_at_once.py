"""Eight runs at once on one store, two of each kind: all end well, and no stage is computed twice for nothing."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.audits.tiny_audit import SMALLEST, command_environment
from tests.left_behind import CHAOS_HOME, half_written, left_over, processes_of, wrong_in_mlflow

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(1200)]
# Who owns a model stands in the judgement alone: all eight share the stages before it, two the judgement as well.
OWNERS = ("Ada", "Ada", "Grace", "Grace", "Emmy", "Emmy", "Mary", "Mary")


@dataclass(frozen=True)
class AtOnce:
    """The folder, each run's exit code, what it said, and the folder of its results."""

    home: Path
    codes: list[int]
    said: list[str]
    folders: list[Path]

    def facts(self, run: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((run / "run.json").read_text())
        return found


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> AtOnce:
    home = tmp_path_factory.mktemp("at_once")
    (home / "smallest.yaml").write_text(SMALLEST)
    assert pytestconfig.cache is not None
    environment = {**command_environment(pytestconfig.cache.mkdir("numba")), CHAOS_HOME: str(home)}
    words = [
        sys.executable,
        "-m",
        "latent_audit.flows.cli.main",
        "run",
        "smallest.yaml",
        "--compute.runner",
        "thread",
    ]
    started = [
        subprocess.Popen(
            [*words, "--subject.owner", owner],
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for owner in OWNERS
    ]
    said = [process.communicate(timeout=1000) for process in started]
    codes = [process.returncode for process in started]
    folders = [
        (home / line.removeprefix("report: ")).parent
        for out, _ in said
        for line in out.splitlines()
        if line.startswith("report: ")
    ]
    return AtOnce(home, codes, [err for _, err in said], folders)


def computed(runs: list[Path]) -> Counter[tuple[str, str]]:
    """Returns how often each stage was computed, by its name and key."""
    lines = [json.loads(line) for run in runs for line in (run / "ledger.jsonl").read_text().splitlines()]
    return Counter((line["stage"], line["key"]) for line in lines if not line["reused"])


def test_all_eight_end_well(at_once: AtOnce) -> None:
    failed = [text[-1500:] for text, code in zip(at_once.said, at_once.codes, strict=True) if code]
    assert at_once.codes == [0] * 8, "\n".join(failed)
    assert not [text for text in at_once.said if "Traceback" in text or "Error" in text]
    assert len(set(at_once.folders)) == 8
    assert [half_written(at_once.home), left_over(at_once.home), wrong_in_mlflow(at_once.home)] == [
        [],
        [],
        [],
    ]
    assert processes_of(str(at_once.home)) == []


def test_they_ran_at_once(at_once: AtOnce) -> None:
    """Each began before any ended, and some waited for what others computed."""
    facts = [at_once.facts(run) for run in at_once.folders]
    assert max(one["started"] for one in facts) < min(one["finished"] for one in facts)
    assert [
        text
        for text in at_once.said
        if "another run is computing" in text and "waiting for its result" in text
    ]


def test_eight_compute_what_they_share_once(at_once: AtOnce) -> None:
    times = computed(at_once.folders)
    assert set(times.values()) == {1}
    stages = Counter(stage for stage, _ in times)
    assert {stage: count for stage, count in stages.items() if count != 1} == {
        "verdicts": 4,
        "draw": 4,
        "draw_pictures": 4,
    }


def test_two_identical_runs_at_once(at_once: AtOnce) -> None:
    """They give the same audit to the byte; no stage is computed more than twice, here not even more than once."""
    audits = [(run / "audit.json").read_bytes() for run in at_once.folders]
    same = [first == second for first, second in combinations(audits, 2)]
    assert same == [one == other for one, other in combinations(OWNERS, 2)]
    for first in range(0, 8, 2):
        assert max(computed(at_once.folders[first : first + 2]).values(), default=0) <= 2
