"""Trained models on disk: weights.safetensors, and a recipe.json that rebuilds the model around them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from torch import nn

from vae_models.attribute_classifier import AttributeClassifier
from vae_models.attribute_classifier_settings import AttributeClassifierSettings
from vae_models.errors import BadCheckpoint
from vae_models.existing_settings import ExistingModelSettings
from vae_models.model import Model, Trainable
from vae_models.presets import ModelSettings, build
from vae_models.targets import Target, from_record, to_record
from vae_models.weight_files import read_tensors, write_json, write_tensors

WEIGHTS_FILE = "weights.safetensors"
RECIPE_FILE = "recipe.json"
FORMAT = 1

_Settings = Annotated[ModelSettings | AttributeClassifierSettings, Field(discriminator="kind")]
_settings_of: TypeAdapter[Any] = TypeAdapter(_Settings)


class _Recipe(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    kind: str
    settings: dict[str, Any]
    image_shape: tuple[int, int, int]
    targets: list[dict[str, Any]]
    seed: int


def recipe(
    settings: BaseModel, image_shape: tuple[int, int, int], targets: Sequence[Target], seed: int
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


def save(folder: Path, model: Model | Trainable, recipe: dict[str, Any]) -> None:
    """Writes weights.safetensors, then recipe.json, each in one atomic step."""
    assert isinstance(model, nn.Module)
    write_tensors(folder / WEIGHTS_FILE, model.state_dict(), {"kind": recipe["kind"], "format": FORMAT})
    write_json(folder / RECIPE_FILE, recipe)


def load(folder: Path, device: torch.device | str) -> Model:
    """Returns the generative model in `folder`, ready to encode on `device`; raises BadCheckpoint."""
    model = _load(folder, torch.device(device))
    if isinstance(model, AttributeClassifier):
        raise BadCheckpoint(f"{folder} holds an attribute classifier, not a generative model")
    return model


def load_classifier(folder: Path, device: torch.device | str) -> AttributeClassifier:
    """Returns the attribute classifier in `folder` on `device`; raises BadCheckpoint."""
    model = _load(folder, torch.device(device))
    if not isinstance(model, AttributeClassifier):
        raise BadCheckpoint(f"{folder} holds a generative model, not an attribute classifier")
    return model


def load_untrained(folder: Path, device: torch.device | str) -> Model:
    """Returns the model of a recipe without its trained weights, on `device`; raises BadCheckpoint.

    A model of ours has the weights that its training began with; networks from elsewhere have their own in
    random order.
    """
    model = _rebuilt(folder)
    if isinstance(model, AttributeClassifier):
        raise BadCheckpoint(f"{folder} holds an attribute classifier, not a generative model")
    _make_ready(model, torch.device(device))
    return model


def _load(folder: Path, device: torch.device) -> Model | AttributeClassifier:
    model = _rebuilt(folder)
    assert isinstance(model, nn.Module)
    weights, _ = read_tensors(folder / WEIGHTS_FILE, device)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise BadCheckpoint(f"{folder / WEIGHTS_FILE} does not fit its recipe: {error}") from error
    _make_ready(model, device)
    return model


def _rebuilt(folder: Path) -> Model | AttributeClassifier:
    path = folder / RECIPE_FILE
    try:
        record = _Recipe.model_validate(json.loads(path.read_text(encoding="utf-8")))
        settings = _settings_of.validate_python(record.settings)
        targets = [from_record(target) for target in record.targets]
    except FileNotFoundError as error:
        raise BadCheckpoint(f"no recipe.json in {folder}: it is not a saved model") from error
    except (json.JSONDecodeError, ValidationError, TypeError, KeyError) as error:
        raise BadCheckpoint(f"{path} is not a recipe this version can read: {error}") from error
    if record.format != FORMAT:
        raise BadCheckpoint(
            f"{path} has format {record.format}, this version reads {FORMAT}: train the model again"
        )
    if isinstance(settings, ExistingModelSettings):  # a recipe names files by their place beside it
        settings = settings.with_files(
            {name: folder / place for name, place in settings.given_files().items()}
        )
    built: Model | AttributeClassifier = build(settings, record.image_shape, targets, record.seed)
    return built


def _make_ready(model: object, device: torch.device) -> None:
    assert isinstance(model, nn.Module)
    # As in training: convolutions in this layout take two thirds of the time.
    model.to(device).to(memory_format=torch.channels_last).eval()
