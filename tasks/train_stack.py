"""Train all seeds of a model in one step, for a GPU that one of them leaves idle; and take one of them out again."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from tasks.prepare import open_prepared
from tasks.records import Artifact
from tasks.stage import Bench
from tasks.train_model import HELD_OUT_SHARE, write_trained
from tasks.training_report import train_stack_on_part
from vae_models.presets import ModelSettings


def compute(
    folder: Path, bench: Bench, *, prepared: Artifact, model: ModelSettings, seeds: Sequence[int]
) -> None:
    """Writes a folder for each seed, with what tasks.train_model writes for one."""
    data = open_prepared(prepared)
    for seed, trained in zip(
        seeds, train_stack_on_part(data, "model_train", HELD_OUT_SHARE, model, seeds, bench), strict=True
    ):
        (folder / str(seed)).mkdir()
        write_trained(folder / str(seed), trained)


def take(folder: Path, bench: Bench, *, stack: Artifact, seed: int) -> None:
    """Writes one seed's files, as if it had been trained by itself."""
    shutil.copytree(stack.path / str(seed), folder, dirs_exist_ok=True)
