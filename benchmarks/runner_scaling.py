"""Four trainings with one worker process and with two: wall time, start of the workers included, in turns.

python -m benchmarks.runner_scaling --rounds 3
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.execution import process_setup
from latent_audit.tasks.execution.devices import available_cores
from latent_audit.tasks.execution.runners.work_item import WorkItem
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.workers import Workers
from latent_audit.tasks.settings.subject import SplitSettings
from latent_audit.tasks.stages.registry import PREPARE, TRAIN_MODEL
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.settings import TrainingSettings

TRAININGS = 4


def main(words: Sequence[str] | None = None) -> None:
    """Prints each round, then medians, their ratio and its range."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each number of workers is timed")
    parser.add_argument("--steps", type=int, default=1000, help="steps of each of the four trainings")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as place:
        process_setup.prepare(Path(place))
        prepared = _prepared(Path(place))
        rounds = []
        for index in range(options.rounds):
            rounds.append(tuple(_seconds(Path(place), prepared, count, options.steps) for count in (1, 2)))
            one, two = rounds[-1]
            print(f"round {index + 1}: 1 worker {one:.1f} s, 2 workers {two:.1f} s, ratio {two / one:.2f}")
    ratios = [two / one for one, two in rounds]
    print(
        f"{TRAININGS} trainings of {options.steps:,} steps on {available_cores()} cores, {len(ratios)} rounds: "
        f"2 workers take {statistics.median(ratios):.2f} of the time of 1 ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def _prepared(place: Path) -> Artifact:
    inputs = {
        "data": SpritesSettings(images=20_000),
        "files": DataFiles(place, {}),
        "shares": SplitSettings().model_dump(),
        "seed": 0,
    }
    folder = place / "prepared"
    with Workers(1, lambda report: None) as workers:
        workers.run(_order(PREPARE, inputs, folder))
    return Artifact(PREPARE.name, "key", folder, "digest", 0.0, False, "run")


def _seconds(place: Path, prepared: Artifact, count: int, steps: int) -> float:
    with tempfile.TemporaryDirectory(dir=place) as work:
        model = VaeSettings(training=TrainingSettings(steps=steps, evaluate_every=steps))
        orders = [
            _order(TRAIN_MODEL, {"prepared": prepared, "model": model, "seed": seed}, Path(work) / str(seed))
            for seed in range(TRAININGS)
        ]
        started = time.monotonic()
        with Workers(count, lambda report: None) as workers, ThreadPoolExecutor(TRAININGS) as threads:
            list(threads.map(workers.run, orders))
        return time.monotonic() - started


def _order(stage: Stage, inputs: dict[str, object], folder: Path) -> WorkItem:
    work = folder.with_name(f"{folder.name}.work")
    folder.mkdir()
    work.mkdir()
    return WorkItem(stage, "key", "run", stage.verb, inputs, "cpu", folder, work, folder)


if __name__ == "__main__":
    main()
