"""Saves trained models: weights.safetensors, and recipe.json, from which the model is rebuilt."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from torch import nn

from latent_audit.vae_models.attribute_classifier.targets import to_record
from latent_audit.vae_models.storage.saved_model import RECIPE_FILE, WEIGHTS_FILE
from latent_audit.vae_models.storage.weight_files import write_json, write_tensors

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.model import Model, Trainable

FORMAT = 1


def recipe(
    settings: BaseModel, image_shape: tuple[int, int, int], targets: Sequence["Target"], seed: int
) -> dict[str, Any]:
    """Returns the JSON object that rebuilds a model: kind, settings, image_shape, targets, seed, format."""
    record = settings.model_dump(mode="json")
    return {
        "format": FORMAT,
        "kind": record["kind"],
        "settings": record,
        "image_shape": list(image_shape),
        "targets": [to_record(target) for target in targets],
        "seed": seed,
    }


def save(folder: Path, model: "nn.Module | Model | Trainable", recipe: dict[str, Any]) -> None:
    """Writes weights.safetensors, then recipe.json, each in one atomic step."""
    assert isinstance(model, nn.Module)
    write_tensors(folder / WEIGHTS_FILE, model.state_dict(), {"kind": recipe["kind"], "format": FORMAT})
    write_json(folder / RECIPE_FILE, recipe)
