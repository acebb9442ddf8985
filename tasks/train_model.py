"""Train one generative model with one seed."""

from pathlib import Path

from tasks.arrays import write_json
from tasks.prepare import open_prepared
from tasks.records import Artifact
from tasks.stage import Bench
from tasks.training_report import Trained, train_on_part, training_facts
from vae_models.checkpoints import save
from vae_models.presets import ModelSettings

# Part of model_train that is held out of training, to watch the objective and to stop early on.
HELD_OUT_SHARE = 20


def compute(folder: Path, bench: Bench, *, prepared: Artifact, model: ModelSettings, seed: int) -> None:
    """Writes weights.safetensors, recipe.json and training.json (steps, how it stopped, curves)."""
    write_trained(
        folder, train_on_part(open_prepared(prepared), "model_train", HELD_OUT_SHARE, model, seed, bench)
    )


def write_trained(folder: Path, trained: Trained) -> None:
    """Writes a trained model's files."""
    save(folder, trained.model, trained.recipe)
    facts = training_facts(trained.result)
    facts["parameters"] = sum(weights.numel() for weights in trained.model.parameters())
    write_json(folder / "training.json", facts)
    write_json(
        folder / "summary.json",
        {
            "metrics": {"steps": facts["steps"], "parameters": facts["parameters"]},
            "curves": {f"training.{name}": curve for name, curve in facts["curves"].items()},
            "tags": {"training.stopped": facts["stopped"]},
        },
    )
