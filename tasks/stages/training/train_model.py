"""Train one generative model with one seed."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.training.trained_files import write_trained
from latent_audit.tasks.stages.training.training_report import train_on_part
from latent_audit.tasks.storage.artifacts import Artifact

if TYPE_CHECKING:
    from latent_audit.tasks.stages.training.training_report import Learning
    from latent_audit.vae_models.presets.presets import ModelSettings


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    model: "ModelSettings",
    seed: int,
    before: Artifact | None = None,
) -> None:
    """Writes weights.safetensors, recipe.json and training.json (steps, how it stopped, curves, labels used).

    before: the trained model that this one starts from, if it is trained in phases.
    """
    settings = cast("Learning", model)  # others are imported
    start = None if before is None else before.path
    trained = train_on_part(open_prepared(prepared), "model_train", settings, seed, context, start)
    write_trained(folder, trained)
