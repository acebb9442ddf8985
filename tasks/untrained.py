"""A model as it was before its first training step: the control that every finding is held against."""

import torch
from pydantic import TypeAdapter
from torch import nn

from tasks.arrays import read_json
from tasks.records import Artifact
from vae_models.model import Model
from vae_models.presets import ModelSettings, build
from vae_models.targets import from_record

_settings_of: TypeAdapter[ModelSettings] = TypeAdapter(ModelSettings)


def load_untrained(trained: Artifact, device: str) -> Model:
    """Returns the model of a recipe with its initial weights, ready to encode and decode on `device`."""
    recipe = read_json(trained.path / "recipe.json")
    targets = [from_record(target) for target in recipe["targets"]]
    settings = _settings_of.validate_python(recipe["settings"])
    model = build(settings, tuple(recipe["image_shape"]), targets, recipe["seed"])
    assert isinstance(model, nn.Module)
    return model.to(torch.device(device)).to(memory_format=torch.channels_last).eval()
