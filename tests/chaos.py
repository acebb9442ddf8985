"""Kills whole audits (kill -9 of every process) at random moments and asks whether anything was lost.

python -m tests.chaos --moments 30: moments are spread over all stages, and each killed audit is run again until the
next kill or its end. Results of the stage that is to be killed are removed first, so that it is computed again also
where an earlier run came that far; checkpoints stay. Before that, several identical runs share one store at once. At
every kill nothing half-written may be visible; in the end audit.json must be that of an unbroken run to the byte,
MLflow must hold each run once with its whole history, and no process may be left.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.audits.tiny_audit import TINY, command_environment
from tests.left_behind import (
    CHAOS_HOME,
    half_written,
    left_over,
    processes_of,
    unended_in_mlflow,
    wrong_in_mlflow,
)

COMMAND = [sys.executable, "-m", "latent_audit.flows.cli.main", "run", "tiny.yaml"]
# In the order in which a run comes to them. Before the first stage a run opens; after the last it renders and
# publishes, and moves its folder into place.
OPENING, PUBLISHING = "(opening)", "(publishing)"
STAGES = (
    OPENING, "prepare", "classify", "train", "encode", "probe", "intervene", "locate", "fitness",
    "negative_controls", "score", "subgroup", "project", "traverse", "show", "latent_responses", "manipulate",
    "applications", "attribute", "discriminate", "model_specific", "tabulate", "explain_classifier", "export",
    "verdicts", "draw", "draw_pictures", PUBLISHING,
)  # fmt: skip
LONGEST_RUN_SECONDS = 3600.0
SHORTEST_SECONDS = 0.02


@dataclass(frozen=True)
class Moment:
    """When to kill: so many seconds after a stage began to be computed."""

    stage: str
    delay: float


@dataclass(frozen=True)
class Kill:
    """What a kill met. `reached` is False if the audit ended before its moment came."""

    moment: Moment
    reached: bool
    seconds: float
    at_work: str
    faults: tuple[str, ...]


def kill_during(home: Path, environment: Mapping[str, str], moment: Moment) -> Kill:
    """Runs the audit in `home` until the moment, kills all its processes, and looks at what is left."""
    before = set(_begun(home, moment.stage))
    started = time.monotonic()
    with (home / "killed.txt").open("a") as said:
        process = subprocess.Popen(
            COMMAND, cwd=home, env=environment, stdout=said, stderr=said, start_new_session=True
        )
    deadline = started + LONGEST_RUN_SECONDS
    waits = moment.stage != OPENING
    while waits and process.poll() is None and time.monotonic() < deadline:
        waits = not set(_begun(home, moment.stage)) - before
        time.sleep(0.01)
    end = time.monotonic() + moment.delay
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    reached = process.poll() is None
    at_work = ", ".join(sorted({path.parent.name for path in home.glob("artifacts/*/.building-*")}))
    if reached:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    faults = (*half_written(home), *_survivors(home))
    return Kill(moment, reached, time.monotonic() - started, at_work, faults)


def kill_in(home: Path, environment: Mapping[str, str], moment: Moment) -> Kill:
    """Kills while the stage is computed, also if it was finished before; sooner where the run ended too soon."""
    while True:
        for folder in home.glob(f"artifacts/{moment.stage}/[!.]*"):
            shutil.rmtree(folder)
        kill = kill_during(home, environment, moment)
        if kill.reached or moment.delay < SHORTEST_SECONDS:
            return kill
        moment = Moment(moment.stage, moment.delay / 2)


def finish(home: Path, environment: Mapping[str, str]) -> list[str]:
    """Runs the audit to its end and returns everything that is wrong then."""
    ended = subprocess.run(
        COMMAND, cwd=home, env=environment, capture_output=True, text=True, timeout=LONGEST_RUN_SECONDS
    )
    faults = [] if ended.returncode == 0 else [f"it ended with {ended.returncode}: {ended.stderr[-500:]}"]
    faults += ["it said Traceback"] if "Traceback" in ended.stderr else []
    return [
        *faults,
        *half_written(home),
        *left_over(home),
        *wrong_in_mlflow(home),
        *unended_in_mlflow(home),
        *_survivors(home),
    ]


def together(home: Path, environment: Mapping[str, str], count: int) -> list[str]:
    """Starts identical runs at once in a fresh store and returns everything that is wrong in the end."""
    started = [
        subprocess.Popen(
            COMMAND, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    said = [process.communicate(timeout=LONGEST_RUN_SECONDS)[1] for process in started]
    faults = [
        f"one of {count} runs ended with {process.returncode}: {text[-500:]}"
        for process, text in zip(started, said, strict=True)
        if process.returncode != 0 or "Traceback" in text
    ]
    computed = Counter(
        (entry["stage"], entry["model"], entry["seed"])
        for ledger in home.glob("runs/*/*/ledger.jsonl")
        for entry in map(json.loads, ledger.read_text().splitlines())
        if not entry["reused"]
    )
    faults += [f"{stage} was computed {times} times" for stage, times in computed.items() if times > 2]
    return [*faults, *half_written(home), *left_over(home), *wrong_in_mlflow(home), *_survivors(home)]


def moments(count: int, seconds: Mapping[str, float], seed: int) -> list[list[Moment]]:
    """Returns moments by audit: each audit is killed once in each stage, in order, until `count` are spent."""
    draw = random.Random(seed)
    every = [
        Moment(stage, draw.uniform(0, seconds[stage]))
        for _ in range(-(-count // len(STAGES)))
        for stage in STAGES
    ]
    kept = sorted(draw.sample(range(len(every)), count))
    rounds: dict[int, list[Moment]] = {}
    for index in kept:
        rounds.setdefault(index // len(STAGES), []).append(every[index])
    return list(rounds.values())


def main(words: Sequence[str] | None = None) -> int:
    """Runs the whole of it, prints a table, and returns 0 when nothing was lost."""
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    parser.add_argument("--moments", type=int, default=30, help="how many times to kill (default 30)")
    parser.add_argument("--together", type=int, default=2, help="how many identical runs at once (default 2)")
    parser.add_argument("--seed", type=int, default=0, help="which random moments (default 0)")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="chaos-") as place:
        return _report(_rounds(Path(place), arguments.moments, arguments.together, arguments.seed))


def _rounds(place: Path, count: int, at_once: int, seed: int) -> Iterator[Kill | list[str]]:
    """Yields every kill, and after each audit what was wrong in the end."""
    unbroken, environment = _home(place / "unbroken")
    faults = finish(unbroken, environment)
    yield faults
    if faults:
        return
    reference = (unbroken / "runs" / "latest" / "audit.json").read_bytes()
    if at_once > 1:
        home, environment = _home(place / "together")
        yield together(home, environment, at_once) + _differing(home, reference)
        shutil.rmtree(home, ignore_errors=True)
    for index, planned in enumerate(moments(count, _durations(unbroken), seed)):
        home, environment = _home(place / f"round{index}")
        for moment in planned:
            yield kill_in(home, environment, moment)
        yield finish(home, environment) + _differing(home, reference)
        shutil.rmtree(home, ignore_errors=True)


def _report(results: Iterator[Kill | list[str]]) -> int:
    bad = killed = 0
    print(f"{'killed in':14}{'after':>8}{'of run':>9}  at work, and what was found", flush=True)
    for result in results:
        if isinstance(result, Kill):
            when = f"{result.moment.delay:6.2f} s" if result.reached else "ended"
            found = "; ".join(result.faults) or "nothing half-written, no process left"
            print(
                f"{result.moment.stage:14}{when:>8}{result.seconds:7.1f} s  [{result.at_work}] {found}",
                flush=True,
            )
            bad += bool(result.faults)
            killed += result.reached
        else:
            print(
                f"{'end':14}{'':17}  {'; '.join(result) or 'whole, once in MLflow, nothing left over'}",
                flush=True,
            )
            bad += bool(result)
    print(f"{killed} kills: " + (f"{bad} of these lost something" if bad else "nothing was lost"))
    return 1 if bad else 0


def _home(folder: Path) -> tuple[Path, dict[str, str]]:
    folder.mkdir()
    (folder / "tiny.yaml").write_text(TINY)
    numba = folder.parent / "numba"
    numba.mkdir(exist_ok=True)
    return folder, {**command_environment(numba), CHAOS_HOME: str(folder)}


def _differing(home: Path, reference: bytes) -> list[str]:
    audits = [path.read_bytes() for path in home.glob("runs/*/*/audit.json") if not path.parent.is_symlink()]
    different = sum(audit != reference for audit in audits)
    return [f"{different} of {len(audits)} audits differ from the unbroken one"] if different else []


def _durations(home: Path) -> dict[str, float]:
    """Returns how long each stage takes: the longest of its kind."""
    seconds = {OPENING: 8.0, PUBLISHING: 4.0}
    for line in (home / "runs" / "latest" / "ledger.jsonl").read_text().splitlines():
        entry = json.loads(line)
        seconds[entry["stage"]] = max(seconds.get(entry["stage"], 0.0), entry["seconds"])
    return seconds


def _begun(home: Path, stage: str) -> list[Path]:
    if stage == PUBLISHING:
        return list(home.glob("runs/*/.*.unfinished/audit.json"))
    return list(home.glob(f"artifacts/{stage}/.building-*"))


def _survivors(home: Path) -> list[str]:
    """Processes need a moment to die of a kill."""
    deadline = time.monotonic() + 10
    while (found := processes_of(str(home))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [f"still there: {command}" for command in found]


if __name__ == "__main__":
    sys.exit(main())
