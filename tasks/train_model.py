"""Train one generative model with one seed."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from tasks.bench import Bench
from tasks.inputs.prepared import open_prepared
from tasks.records import Artifact
from tasks.trained_files import write_trained
from tasks.training_report import train_on_part

if TYPE_CHECKING:
    from tasks.training_report import Learning
    from vae_models.presets import ModelSettings


def compute(folder: Path, bench: Bench, *, prepared: Artifact, model: "ModelSettings", seed: int) -> None:
    """Writes weights.safetensors, recipe.json and training.json (steps, how it stopped, curves, labels used)."""
    settings = cast("Learning", model)  # others are imported
    write_trained(folder, train_on_part(open_prepared(prepared), "model_train", settings, seed, bench))
