"""Train all seeds of a model in one step, for a GPU that one of them leaves idle."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.training.stack_training import train_stack_on_part
from latent_audit.tasks.stages.training.trained_files import write_trained
from latent_audit.tasks.storage.artifacts import Artifact

if TYPE_CHECKING:
    from latent_audit.tasks.stages.training.training_report import Learning
    from latent_audit.vae_models.presets.presets import ModelSettings


def compute(
    folder: Path, context: StageContext, *, prepared: Artifact, model: "ModelSettings", seeds: Sequence[int]
) -> None:
    """Writes a folder for each seed, with what latent_audit.tasks.stages.training.train_model writes for one."""
    settings = cast("Learning", model)  # others are imported
    data = open_prepared(prepared)
    for seed, trained in zip(
        seeds, train_stack_on_part(data, "model_train", settings, seeds, context), strict=True
    ):
        (folder / str(seed)).mkdir()
        write_trained(folder / str(seed), trained)
