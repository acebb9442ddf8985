"""Attribute: which pixels a dimension or a discriminator decides by, and whether maps can be believed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.attribution import explain_decoder, explain_pixels
from latent_audit.tasks.analyses.attributions.attribution_methods import encoder_methods
from latent_audit.tasks.analyses.attributions.attribution_record import Attribution, Subjects
from latent_audit.tasks.analyses.attributions.neuron_conductance import conductance_method
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import Codes, open_codes
from latent_audit.tasks.stages.inputs.informativeness import informativeness
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.stages.inputs.shown_images import ShownImages, write_attributions
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.code import Code
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.storage.checkpoints import load, load_classifier

if TYPE_CHECKING:
    from latent_audit.vae_models.interpretable_gan.model import InterpretableGan


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    fitness: Artifact,
    classifier: Artifact,
    attribution_images: int,
    attribution_dimensions: int,
    attribution_steps: int,
    reference_images: int,
    discriminator_images: int,
    variance_draws: int,
    gan_explanations: Code | None,
    seed: int,
) -> None:
    """Writes attributions.json and evidence.json, and gan.json for an InterpretableGAN.

    `gan_explanations` is the module that explains such a model, None for a model of another kind.
    """
    data = open_prepared(prepared)
    codes = open_codes(encoded)
    model = load(trained.path, context.device)
    by_information = np.argsort(-informativeness(fitness), kind="stable")
    dimensions = sorted(by_information[:attribution_dimensions].tolist())
    shown = ShownImages(data, attribution_images, attribution_steps, reference_images, seed)
    context.report(0, 3, {})
    reach = reach_of(trained)
    found = list(_encoder_maps(model, codes, dimensions, shown, reach.encoder_gradients))
    context.report(1, 3, {})
    found += _decoder_maps(model, codes, dimensions, shown, reach.decoder_gradients)
    context.report(2, 3, {})
    gan: dict[str, Any] | None = None
    if gan_explanations is not None:
        found += _discriminator_maps(cast("InterpretableGan", model), codes, dimensions, shown)
        attribute_classifier = load_classifier(classifier.path, context.device)
        explain_gan = gan_explanations.load().explain_gan
        gan = explain_gan(
            folder, model, attribute_classifier, data, trained, discriminator_images, variance_draws, seed
        )
    metrics = write_attributions(folder, found, shown.files, reach.without_gradients())
    if gan is not None:
        write_json(folder / "gan.json", gan)
        metrics |= {f"variance_share.{row['group']}": row["total"]["value"] for row in gan["variance_shares"]}
    write_summary(folder, metrics=metrics)


def _means(module: nn.Module, images: Tensor) -> Tensor:
    return module.encode(images).mean  # type: ignore[operator]  # a Module has whatever it was given


def _decoded(module: nn.Module, latents: Tensor) -> Tensor:
    return module.decode(latents)  # type: ignore[operator]  # a Module has whatever it was given


def _presented(module: nn.Module, images: Tensor) -> Tensor:
    gan = cast("InterpretableGan", module)
    return gan.layout.presented(gan.encoder(images))


def _logit(module: nn.Module, presented: Tensor) -> Tensor:
    return module.discriminator(presented)  # type: ignore[operator]  # a Module has whatever it was given


def _contributions(module: nn.Module, images: Tensor) -> Tensor:
    return module.contributions(images).values  # type: ignore[operator]  # a Module has whatever it was given


def _encoder_maps(
    model: Model, codes: Codes, dimensions: Sequence[int], shown: ShownImages, has_gradient: bool
) -> tuple[Attribution, ...]:
    assert isinstance(model, nn.Module)
    device = next(model.parameters()).device
    methods = encoder_methods(
        _means,
        [codes.place_of(dimension) for dimension in dimensions],
        shown.baseline_on(device),
        torch.from_numpy(shown.reference).to(device),
        shown.depth,
        shown.seed,
    )
    methods = tuple(method for method in methods if has_gradient or not method.needs_gradient)
    subjects = _subjects("encoder", codes, dimensions)
    return explain_pixels(
        model, _means, subjects, methods, shown.images, shown.baseline, shown.seed, shown.depth, shown.masks
    )


def _decoder_maps(
    model: Model, codes: Codes, dimensions: Sequence[int], shown: ShownImages, has_gradient: bool
) -> tuple[Attribution, ...]:
    assert isinstance(model, nn.Module)
    held_out = codes.of("probe_test")
    return explain_decoder(
        model,
        _decoded,
        _subjects("decoder", codes, dimensions),
        held_out[shown.place],
        held_out,
        shown.images,
        shown.seed,
        shown.depth,
        shown.masks,
        has_gradient=has_gradient,
    )


def _discriminator_maps(
    model: "InterpretableGan", codes: Codes, dimensions: Sequence[int], shown: ShownImages
) -> tuple[Attribution, ...]:
    """How the decision flows through each semantic dimension; sums are held against the exact terms."""
    baseline = shown.baseline_on(next(model.parameters()).device)
    steps = shown.depth.gradient_steps
    method = conductance_method(_presented, _logit, list(dimensions), baseline, steps)
    return explain_pixels(
        model,
        _contributions,
        _subjects("discriminator", codes, dimensions),
        [method],
        shown.images,
        shown.baseline,
        shown.seed,
        shown.depth,
        shown.masks,
    )


def _subjects(target: Any, codes: Codes, dimensions: Sequence[int]) -> Subjects:
    shown = tuple(int(dimension) for dimension in dimensions)
    columns = tuple(codes.place_of(dimension) for dimension in shown)
    return Subjects(target, columns, tuple(codes.names[column] for column in columns), shown)
