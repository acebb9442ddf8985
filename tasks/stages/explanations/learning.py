"""While a model learns: U of every dimension and what swapping it does, at checkpoints of the training."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from latent_audit.tasks.analyses.learning import uptake
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.targets import label_columns
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.training.checkpoints_kept import train_and_keep
from latent_audit.tasks.stages.training.training_report import training_facts
from latent_audit.tasks.storage.arrays import read_json, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import classify_images, decoder_of, encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.presets.settings_by_kind import read_settings
from latent_audit.vae_models.storage.checkpoints import load_classifier
from latent_audit.vae_models.storage.saved_model import RECIPE_FILE, WEIGHTS_FILE
from latent_audit.vae_models.storage.weight_files import read_tensors

PAIRS = 200


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    classifier: Artifact,
    learning_checkpoints: int,
    probe_images: int,
    bootstraps: int,
    uncertainty_min: float,
    seed: int,
) -> None:
    """Trains the model once more, as its recipe says, and writes learning.json as audit.json has it.

    U is of at most `probe_images` images of probe_test, the cause of 200 pairs of them.
    """
    data, recipe = open_prepared(prepared), read_json(trained.path / RECIPE_FILE)
    settings = read_settings(recipe["kind"], recipe["settings"])
    watched = train_and_keep(data, "model_train", settings, recipe["seed"], context, learning_checkpoints)
    judge = load_classifier(classifier.path, context.device)
    fitted = data.draw("probe_fit", probe_images, seed, "learning", every_class=True)
    scored = data.draw("probe_test", probe_images, seed, "learning", every_class=True)
    fit_images, images = data.images("probe_fit", fitted), data.images("probe_test", scored)
    fit_values, values = data.values("probe_fit", fitted), data.values("probe_test", scored)
    attributes, columns = data.data.attributes, judge.response_columns
    labels = label_columns(attributes, values, fit_values, columns)
    groups = data.image_groups("probe_test", scored) or ImageGroups.of(None, len(scored))
    pairs = draw_pairs(groups, PAIRS, seed)
    rows: list[dict[str, Any]] = []
    matrices = []
    for checkpoint in watched.checkpoints:
        module = watched.at(checkpoint)
        model = cast("Model", module)
        codes = encode_images(model, images)[0]
        matrix = uptake.uncertainty_matrix(
            attributes, encode_images(model, fit_images)[0], fit_values, codes, values
        )
        found = uptake.causes(
            attributes,
            matrix,
            model.dimension_groups,
            columns,
            labels,
            codes,
            pairs,
            decoder_of(model, "auto"),
            partial(classify_images, judge, precision="auto"),
            bootstraps,
            seed,
        )
        found = tuple(replace(one, cause=None) if one.attribute in judge.not_read else one for one in found)
        matrices.append(matrix)
        rows.append({"step": checkpoint.step, "uncertainty": to_json(matrix), "causes": to_json(found)})
    steps = [checkpoint.step for checkpoint in watched.checkpoints]
    record = {
        "attributes": [attribute.name for attribute in attributes],
        "images": len(scored),
        "pairs": len(pairs),
        "checkpoints": rows,
        "taken_up": to_json(uptake.taken_up(attributes, steps, matrices, uncertainty_min)),
        "same_weights": _same_weights(watched.at(watched.checkpoints[-1]), trained),
        "curves": training_facts(watched.result)["curves"],
    }
    write_json(folder / "learning.json", record)


def _same_weights(module: nn.Module, trained: Artifact) -> bool:
    """Returns whether the last checkpoint is the audited model: seeds trained in a stack differ by rounding."""
    audited, _ = read_tensors(trained.path / WEIGHTS_FILE, torch.device("cpu"))
    return all(
        name in audited and np.array_equal(tensor.detach().cpu().numpy(), audited[name].numpy())
        for name, tensor in module.state_dict().items()
    )
