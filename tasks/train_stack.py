"""Train all seeds of a model in one step, for a GPU that one of them leaves idle."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tasks.bench import Bench
from tasks.inputs.prepared import open_prepared
from tasks.records import Artifact
from tasks.stack_training import train_stack_on_part
from tasks.trained_files import write_trained

if TYPE_CHECKING:
    from tasks.training_report import Learning
    from vae_models.presets import ModelSettings


def compute(
    folder: Path, bench: Bench, *, prepared: Artifact, model: "ModelSettings", seeds: Sequence[int]
) -> None:
    """Writes a folder for each seed, with what tasks.train_model writes for one."""
    settings = cast("Learning", model)  # others are imported
    data = open_prepared(prepared)
    for seed, trained in zip(
        seeds, train_stack_on_part(data, "model_train", settings, seeds, bench), strict=True
    ):
        (folder / str(seed)).mkdir()
        write_trained(folder / str(seed), trained)
