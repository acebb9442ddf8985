"""Loads trained models: rebuilds the kind of model in the recipe and reads its weights."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import nn

from latent_audit.vae_models.attribute_classifier.targets import from_record
from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.presets.settings_by_kind import read_settings
from latent_audit.vae_models.storage.recipes import FORMAT
from latent_audit.vae_models.storage.saved_model import RECIPE_FILE, WEIGHTS_FILE
from latent_audit.vae_models.storage.weight_files import read_tensors

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes
    from latent_audit.vae_models.model import Model
    from latent_audit.vae_models.pretrained.entrypoint import OwnCode

CLASSIFIERS = ("attribute_classifier", "entrypoint_classifier", "function_classifier")


class _Recipe(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    kind: str
    settings: dict[str, Any]
    image_shape: tuple[int, int, int]
    targets: list[dict[str, Any]]
    seed: int


def load(folder: Path, device: torch.device | str) -> "Model":
    """Returns the generative model in `folder`, ready to encode on `device`; raises BadCheckpoint."""
    model: Model = _with_weights(_generative(folder), folder, torch.device(device))
    return model


def load_classifier(folder: Path, device: torch.device | str) -> "ReadsAttributes":
    """Returns the attribute classifier in `folder` on `device`; raises BadCheckpoint."""
    recipe = _read_recipe(folder)
    if recipe.kind not in CLASSIFIERS:
        raise BadCheckpoint(f"{folder} holds a generative model, not an attribute classifier")
    model: ReadsAttributes = _with_weights(_rebuilt(folder, recipe), folder, torch.device(device))
    return model


def load_untrained(folder: Path, device: torch.device | str) -> "Model":
    """Returns the untrained model of a recipe, on `device`; raises BadCheckpoint.

    A model of ours has the weights that its training began with; networks from elsewhere have their own in
    random order.
    """
    model: Model = _ready(_generative(folder), torch.device(device))
    return model


def own_code_of(folder: Path) -> "OwnCode | None":
    """Returns the settings of a saved model or classifier that a user's own code makes, None for any other.

    Nothing of it is run.

    Raises BadCheckpoint.
    """
    recipe = _read_recipe(folder)
    settings = _settings(folder, recipe)
    found: OwnCode | None = settings if getattr(settings, "runs_its_code", False) else None
    return found


def _generative(folder: Path) -> Any:
    recipe = _read_recipe(folder)
    if recipe.kind in CLASSIFIERS:
        raise BadCheckpoint(f"{folder} holds an attribute classifier, not a generative model")
    return _rebuilt(folder, recipe)


def _with_weights(model: Any, folder: Path, device: torch.device) -> Any:
    assert isinstance(model, nn.Module)
    weights, _ = read_tensors(folder / WEIGHTS_FILE, device)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise BadCheckpoint(f"{folder / WEIGHTS_FILE} does not fit its recipe: {error}") from error
    return _ready(model, device)


def _read_recipe(folder: Path) -> _Recipe:
    path = folder / RECIPE_FILE
    try:
        recipe = _Recipe.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise BadCheckpoint(f"no recipe.json in {folder}: it is not a saved model") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise BadCheckpoint(f"{path} is not a recipe this version can read: {error}") from error
    if recipe.format != FORMAT:
        raise BadCheckpoint(
            f"{path} has format {recipe.format}, this version reads {FORMAT}: train the model again"
        )
    return recipe


def _settings(folder: Path, recipe: _Recipe) -> Any:
    try:
        return read_settings(recipe.kind, recipe.settings)
    except (ValidationError, TypeError, KeyError) as error:
        raise BadCheckpoint(
            f"{folder / RECIPE_FILE} is not a recipe this version can read: {error}"
        ) from error


def _rebuilt(folder: Path, recipe: _Recipe) -> Any:
    settings = _settings(folder, recipe)
    try:
        targets = [from_record(target) for target in recipe.targets]
    except (TypeError, KeyError, ValueError) as error:
        raise BadCheckpoint(
            f"{folder / RECIPE_FILE} is not a recipe this version can read: {error}"
        ) from error
    if hasattr(settings, "given_files"):  # trained elsewhere: its recipe names files by their place beside it
        settings = settings.with_files(
            {name: folder / place for name, place in settings.given_files().items()}
        )
    built: Any = build(settings, recipe.image_shape, targets, recipe.seed)
    return built


def _ready(model: Any, device: torch.device) -> Any:
    # As in training: convolutions in this layout take two thirds of the time.
    return model.to(device).to(memory_format=torch.channels_last).eval()
