"""Import: a model that was trained elsewhere, put where a trained one would stand."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from latent_audit.tasks.analyses.many_dimensions.chosen import LARGEST_CODE
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.training.choose_reading import choose_reading
from latent_audit.tasks.stages.training.given_files import described, keep
from latent_audit.tasks.stages.training.import_check import write_check
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import ModelFiles
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings
from latent_audit.vae_models.pretrained.foreign_model import ForeignModel
from latent_audit.vae_models.storage.recipes import recipe, save
from latent_audit.vae_models.supervision import as_stated
from latent_audit.vocabulary.reasons import reason

# Share of the range of codes or pixels by which sums in another order do not differ.
_OF_THE_BATCH = 0.01


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    model: ExistingModelSettings,
    files: ModelFiles,
    seed: int,
) -> None:
    """Writes weights.safetensors, recipe.json, training.json (why there is none, and which labels its owner says it
    was trained with), origin.json and import_check.json.

    The recipe's seed draws the weights of the untrained control.
    """
    data = open_prepared(prepared)
    shape = data.data.images.shape[1:]
    images = _random_images(data, seed)
    opened, completed, tried = choose_reading(model.with_files(files.places), shape, images)
    assert isinstance(opened, nn.Module)
    _try(opened, images)
    write_check(folder, opened, images, seed, tried)
    save(folder, opened, recipe(_kept(completed, files, folder), shape, (), seed))
    parameters = sum(weights.numel() for weights in opened.parameters())
    write_json(
        folder / "training.json",
        {
            "not_applicable": reason("training.elsewhere"),
            "parameters": parameters,
            "supervision": to_json(as_stated(model.trained_with_labels)),
        },
    )
    write_json(folder / "origin.json", _origin(model, files))
    write_summary(folder, metrics={"parameters": parameters}, tags={"trained": "elsewhere"})


def _kept(model: ExistingModelSettings, files: ModelFiles, folder: Path) -> ExistingModelSettings:
    """Returns the settings as the recipe holds them: files beside it, and no folder of this machine."""
    if not model.rebuilds_from_files:
        return model.with_files({name: Path(path.name) for name, path in files.places.items()})
    settings = model.with_files(keep(files, folder))
    return settings.model_copy(update={"folder": Path()}) if _code(model) else settings


def _code(model: ExistingModelSettings) -> str | None:
    """Returns the name of the code of others that makes the model, None for a model without such code."""
    name: str | None = getattr(model, "code_name", None)
    return name


def _random_images(data: Prepared, seed: int, count: int = 64) -> NDArray[np.uint8]:
    """Returns enough images to see whether a model can be audited at all."""
    return data.images("probe_fit", data.draw("probe_fit", count, seed, "import check"))


def _try(model: Model, images: NDArray[np.uint8]) -> None:
    """Refuses a model that would make an audit end in riddles: by what it gives for images of this data set."""
    if model.latent_dim > LARGEST_CODE:
        raise BadCheckpoint(
            f"the code has {model.latent_dim:,} dimensions, and codes of up to {LARGEST_CODE:,} are audited: audit "
            "smaller images (data.image_size), or an entrypoint whose encode and decode pool the code"
        )
    means, log_variances = encode_images(model, images)
    if not (np.isfinite(means).all() and np.isfinite(log_variances).all()):
        raise BadCheckpoint("the encoder gives codes that are NaN or infinite for images of this data set")
    if _decodes(model) and not np.isfinite(decode_latents(model, means)).all():
        raise BadCheckpoint("the decoder gives pixels that are NaN or infinite for codes of this data set")
    if not np.array_equal(encode_images(model, images)[0], means):
        raise BadCheckpoint(
            "the encoder gives other codes when it is given the same images again: return the mean of the "
            "posterior, not a sample, and switch dropout off"
        )
    _refuse_dependence_on_the_batch(model, images, means)


def _refuse_dependence_on_the_batch(
    model: Model, images: NDArray[np.uint8], means: NDArray[np.float32]
) -> None:
    """Raises BadCheckpoint for a model that gives an image something else alone than among others."""
    parts = [("encoder", "code", encode_images(model, images[[0]])[0], means)]
    if _decodes(model):
        parts.append(("decoder", "image", decode_latents(model, means[[0]]), decode_latents(model, means)))
    for part, what, alone, together in parts:
        if np.abs(alone - together[[0]]).max() > _OF_THE_BATCH * np.ptp(together):
            raise BadCheckpoint(
                f"the {part} gives another {what} for one row alone than for the same row among others: switch batch "
                "normalisation to evaluation (model.eval()), and compute nothing over the rows of a batch"
            )


def _decodes(model: Model) -> bool:
    return not isinstance(model, ForeignModel) or model.has_decoder


def _origin(model: ExistingModelSettings, files: ModelFiles) -> dict[str, Any]:
    return {
        "kind": model.model_dump()["kind"],
        "code": _code(model),
        "code_sha256": files.sha256.get("code"),
        "files": described(files),
        "runs_its_code": model.runs_its_code,
        "rebuilds_offline": not model.runs_its_code,
    }
