"""Particulars: what only this kind of model can show, for the seed that is shown in full."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latent_audit.tasks.analyses.attributions import attention_reach, uncertainty_sources
from latent_audit.tasks.analyses.latent_space import mixture_components
from latent_audit.tasks.analyses.latent_space.traversal import to_uint8
from latent_audit.tasks.analyses.scores import classifier_scores
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.storage.arrays import reference, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.code import Code
from latent_audit.vae_models.attribute_classifier.targets import scales_of
from latent_audit.vae_models.components.named_reading import named_layout, named_responses, response_columns
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.storage.checkpoints import load

if TYPE_CHECKING:
    from latent_audit.vae_models.components.mixture_priors import MixturePrior
    from latent_audit.vae_models.components.networks import ConvolutionTrunk
    from latent_audit.vae_models.components.vae import VariationalAutoencoder
    from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout

SAMPLES_A_COMPONENT = 8
DRAWS = 24


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    bootstraps: int,
    attention_images: int,
    uncertainty_images: int,
    label_images: int,
    label_efficiency: Code | None,
    seed: int,
) -> None:
    """Writes particulars.json, with a key for each thing that this model can show and others cannot.

    attention_images, uncertainty_images: held-out images that attention, and the uncertainty of weights, are averaged
    over. label_efficiency: the module that trains a semi-supervised model on fewer labels, None for other models;
    label_images: labelled images that its baseline is fitted on, at most.
    """
    data = open_prepared(prepared)
    model = load(trained.path, context.device)
    shown: dict[str, Any] = {}
    layout = named_layout(model)
    if layout is not None:
        shown["named"] = _named(model, layout, data, seed)
    attended = _Some.of(data, attention_images, "attention", seed)
    doubted = _Some.of(data, uncertainty_images, "uncertainty", seed)
    parts = {
        "mixture": _mixture(folder, model, data, bootstraps, np.random.default_rng(seed)),
        "attention": _attention(folder, model, attended, bootstraps, np.random.default_rng(seed)),
        "uncertainty": _uncertainty(folder, model, doubted, bootstraps, np.random.default_rng(seed)),
        "information": _information(model),
    }
    shown |= {name: part for name, part in parts.items() if part is not None}
    if label_efficiency is not None:
        train_again = label_efficiency.load().label_efficiency
        found = train_again(model, data, context, bootstraps, seed, label_images)
        shown["label_efficiency"] = to_json(found)
    write_json(folder / "particulars.json", shown)


def _named(model: Model, layout: "SemanticLayout", data: Prepared, seed: int) -> Any:
    """How well held-out images' attributes are read from the dimensions that are named after them."""
    codes = encode_images(model, data.images("probe_test"))[0]
    names = [attribute.name for attribute in data.data.attributes]
    chosen = [names.index(target.name) for target in layout.targets]
    return to_json(
        classifier_scores.compute(
            [data.data.attributes[column] for column in chosen],
            data.values("probe_test")[:, chosen],
            named_responses(model, codes),
            response_columns(layout),
            scales_of(layout.targets),
            seed,
        )
    )


def _device(model: Model) -> torch.device:
    assert isinstance(model, nn.Module)
    return next(model.parameters()).device


@dataclass(frozen=True)
class _Some:
    """Held-out images drawn at random, uint8 (n, c, h, w), which of them are shown, and the files of those."""

    images: NDArray[np.uint8]
    shown: NDArray[np.int64]
    files: list[str] | None

    @classmethod
    def of(cls, data: Prepared, most: int, name: str, seed: int, shown: int = 8) -> "_Some":
        places = data.draw("probe_test", most, seed, name)
        chosen = draw_rows(len(places), shown, seed, f"shown for {name}")
        return cls(data.images("probe_test", places), chosen, data.file_names("probe_test", places[chosen]))

    def pictures(self, folder: Path, name: str) -> dict[str, Any]:
        """Writes the images that are shown and returns their reference."""
        return reference(folder, name, self.images[self.shown], self.files)

    def pixels(self, model: Model) -> torch.Tensor:
        """Returns the images float32 in [0, 1] on the model's device."""
        return torch.from_numpy(self.images).to(_device(model)).float() / 255


def _mixture(
    folder: Path, model: Model, data: Prepared, bootstraps: int, rng: np.random.Generator
) -> dict[str, Any] | None:
    """Components, their purity, and samples of each, component by component."""
    prior = getattr(model, "prior", None)
    if not getattr(prior, "is_mixture", False):
        return None
    device = _device(model)
    with torch.no_grad():
        components = cast("MixturePrior", prior).components(model.encode)
        fit, held_out = (
            components.responsibilities(
                torch.from_numpy(encode_images(model, data.images(part))[0]).to(device)
            )
            for part in ("probe_fit", "probe_test")
        )
        fitted, scored = data.complete("probe_fit"), data.complete("probe_test")
        found = mixture_components.compute(
            fit.cpu().numpy()[fitted],
            data.values("probe_fit", fitted),
            held_out.cpu().numpy()[scored],
            data.values("probe_test", scored),
            components.log_weight.exp().cpu().numpy(),
            data.data.attributes,
            bootstraps,
            rng,
        )
        chosen = torch.tensor([row.index for row in found.components], device=device)
        generator = torch.Generator(device).manual_seed(int(rng.integers(2**31)))
        codes = components.draw(chosen.repeat_interleave(SAMPLES_A_COMPONENT), generator)
    images = decode_latents(model, codes.cpu().numpy())
    samples = reference(folder, "component_samples", (images * 255).round().astype(np.uint8))
    return {**to_json(found), "of": len(components.log_weight), "samples": samples}


def _attention(
    folder: Path, model: Model, some: _Some, bootstraps: int, rng: np.random.Generator
) -> dict[str, Any] | None:
    """Where the encoder's attention looks, and the decoder's, on a few images and on the mean."""
    pixels = some.pixels(model)
    with torch.no_grad():
        found = _attended(getattr(model, "encoder", None), pixels)
        if found is None:
            return None
        latents = model.encode(pixels).mean
        of_decoder = _attended(getattr(model, "decoder", None), latents)
    shown = _Attended(folder, some, bootstraps, rng)
    record = {
        **shown.record(*found, "attention_maps"),
        "images": some.pictures(folder, "attention_images"),
    }
    if of_decoder is not None:
        rebuilt = decode_latents(model, latents[some.shown].cpu().numpy(), rows=some.shown)
        pictures = reference(folder, "attention_rebuilt", to_uint8(rebuilt))
        record["decoder"] = {**shown.record(*of_decoder, "attention_decoder_maps"), "images": pictures}
    return record


def _attended(network: nn.Module | None, inputs: torch.Tensor) -> tuple[torch.Tensor, float, int] | None:
    """Returns the attention (n, places, places) of the part of a network that has some, its strength, and the side of
    its padded images; None for a network without one.
    """
    for part in network if isinstance(network, nn.Sequential) else ():
        attention = getattr(part, "attention", None)
        if attention is not None:
            found: tuple[torch.Tensor, float] | None = attention(inputs)
            return None if found is None else (*found, int(cast("ConvolutionTrunk", part).padded_side))
        inputs = part(inputs)
    return None


@dataclass(frozen=True)
class _Attended:
    """What the record holds of attention: its reach, and where it looks on the images that are shown."""

    folder: Path
    some: _Some
    bootstraps: int
    rng: np.random.Generator

    def record(self, weights: torch.Tensor, strength: float, size: int, name: str) -> dict[str, Any]:
        """Writes the maps of the shown images, as large as the images, and returns the figures with their reference."""
        reach = attention_reach.compute(weights.cpu().numpy(), self.bootstraps, self.rng)
        received, side = reach.received[self.some.shown], self.some.images.shape[2]
        maps = received.repeat(size // received.shape[1], 1).repeat(size // received.shape[2], 2)
        crop = (size - side) // 2
        maps = maps[:, crop : crop + side, crop : crop + side].astype(np.float32)
        return {
            "strength": round(strength, 6),
            "reach": to_json(reach.reach),
            "uniform_reach": to_json(reach.uniform_reach),
            "maps": reference(self.folder, name, maps),
        }


def _uncertainty(
    folder: Path, model: Model, some: _Some, bootstraps: int, rng: np.random.Generator
) -> dict[str, Any] | None:
    """Pixel by pixel, what drawing weights changes beside what drawing codes does."""
    if getattr(model, "weights", None) is None:
        return None
    vae = cast("VariationalAutoencoder", model)
    generator = torch.Generator(_device(model)).manual_seed(int(rng.integers(2**31)))
    by_weights, by_codes = [], []
    with torch.no_grad():
        posterior = vae.encode(some.pixels(model))
        for _ in range(DRAWS):
            drawn = vae.decode_with_drawn_weights(posterior.mean, generator)
            by_weights.append(drawn.cpu().numpy())
            codes = vae.posterior.sample(posterior, generator)
            by_codes.append(vae.decode(codes).cpu().numpy())
    of_weights, of_codes = (uncertainty_sources.running_deviation(draws) for draws in (by_weights, by_codes))
    found = uncertainty_sources.compute(of_weights, of_codes, bootstraps, rng)
    maps = [deviation[some.shown].mean(axis=1).astype(np.float32) for deviation in (of_weights, of_codes)]
    return {
        **to_json(found),
        "images": some.pictures(folder, "doubted_images"),
        "weight_maps": reference(folder, "weight_maps", maps[0]),
        "latent_maps": reference(folder, "latent_maps", maps[1]),
    }


def _information(model: Model) -> dict[str, Any] | None:
    """How much each dimension told as capacity grew."""
    regulariser = getattr(model, "regulariser", None)
    if not hasattr(regulariser, "information"):
        return None
    assert regulariser is not None
    capacity, kl = regulariser.information()
    return {"capacity_nats": to_json(capacity), "kl_nats": to_json(kl.cpu().double().numpy())}
