"""Train one generative model with one seed."""

from pathlib import Path

from tasks.arrays import write_json
from tasks.prepare import open_prepared
from tasks.records import Artifact
from tasks.stage import Bench, Stage
from tasks.training_report import on_interval, said_to_the_parent, shortened, training_facts
from vae_models.checkpoints import recipe, save
from vae_models.presets import ModelSettings, build
from vae_models.targets import fit_targets
from vae_models.training import train

# Part of model_train that is held out of training, to watch the objective and to stop early on.
HELD_OUT_SHARE = 20


def compute(folder: Path, bench: Bench, *, prepared: Artifact, model: ModelSettings, seed: int) -> None:
    """Writes weights.safetensors, recipe.json and training.json (steps, how it stopped, curves)."""
    data = open_prepared(prepared)
    images, values = data.images("model_train"), data.values("model_train")
    held_out = max(len(images) // HELD_OUT_SHARE, 1)
    targets = fit_targets(data.data.attributes, values)
    shape = images.shape[1:]
    trained = build(model, shape, targets, seed)
    with said_to_the_parent():
        result = train(
            trained,
            images[held_out:],
            values[held_out:],
            images[:held_out],
            shortened(model.training, bench),
            seed,
            bench.device,
            bench.work_folder,
            on_interval(bench),
            bench.should_stop,
            validation_values=values[:held_out],
        )
    save(folder, trained, recipe(model, shape, targets, seed))
    facts = training_facts(result)
    facts["parameters"] = sum(weights.numel() for weights in trained.parameters())
    write_json(folder / "training.json", facts)
    write_json(
        folder / "summary.json",
        {
            "metrics": {"steps": facts["steps"], "parameters": facts["parameters"]},
            "curves": {f"training.{name}": curve for name, curve in facts["curves"].items()},
            "tags": {"training.stopped": facts["stopped"]},
        },
    )


TRAIN_MODEL = Stage("train", "training", compute, on_device=True)
