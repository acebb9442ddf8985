"""Fitness: how well a model rebuilds and samples images, which dimensions it uses, and whether it collapsed."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latent_audit.tasks.analyses.latent_space.sampling import Samples, sample_images
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.used_dimensions import MAX_PAIRS, used_dimensions
from latent_audit.tasks.analyses.scores import free_dimensions
from latent_audit.tasks.analyses.scores.fitness import (
    measure_fitness,
    reconstruction_pairs,
    spread_of_reconstructions,
)
from latent_audit.tasks.analyses.scores.free_dimensions import FreeDimension, recover
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import Codes, open_codes
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.storage.arrays import reference, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.components.named_reading import named_layout
from latent_audit.vae_models.evaluation import evaluate
from latent_audit.vae_models.inference import decode_latents, decoder_of, encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vocabulary.reasons import reason

SHOWN_SAMPLES = 16


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    bootstraps: int,
    unused_kl_nats: float,
    live_correlation_min: float,
    free_dimension_samples: int,
    memorisation_images: int,
    memorisation_held_out_images: int,
    seed: int,
) -> None:
    """Writes fitness.json: nats per image, every dimension's use, collapse, and with a decoder pairs and samples.

    Free dimensions are tried on `free_dimension_samples` samples. Samples, and `memorisation_held_out_images`, are held
    against `memorisation_images` training images.
    """
    data = open_prepared(prepared)
    codes = open_codes(encoded)
    model = load(trained.path, context.device)
    images, means = data.images("probe_test"), codes.of("probe_test")
    decodes = reach_of(trained).has_decoder
    evaluation = evaluate(model, images, decodes=decodes)
    kl = evaluation.kl_nats
    # With a KL by dimension, that says whether one is used.
    free = (
        _free_dimensions(model, codes, live_correlation_min, free_dimension_samples, bootstraps, seed)
        if kl is None and decodes
        else ()
    )
    unused = np.zeros(model.latent_dim, bool)
    unused[[row.index for row in free if not row.lives]] = True
    if kl is None and evaluation.whole_kl_nats is not None and decodes:
        unused |= ~_used(model, codes, seed)[0] if codes.chosen is None else _unused_chosen(codes)
    result = measure_fitness(
        evaluation.reconstruction_nats,
        kl,
        means,
        codes.names,
        spread_of_reconstructions(images, decode_latents(model, means, rows=np.arange(len(means))))
        if decodes
        else None,
        np.random.default_rng(seed),
        unused_kl_nats=unused_kl_nats,
        unused=unused,
        whole_kl_nats=evaluation.whole_kl_nats,
        elbo_nats=evaluation.elbo_nats,
        resamples=bootstraps,
    )
    plain = to_json(result)
    if codes.chosen is not None:
        plain["whole_code"] = {
            "dimensions": model.latent_dim,
            "chosen_by": "exchange" if decodes else "variance",
        }
        plain["dimensions"] = [
            {**plain["dimensions"][place], "index": index} for index, place in enumerate(codes.chosen)
        ]
    if free:
        plain["free_dimensions"] = to_json(free)
    if kl is None:
        plain["kl_not_applicable"] = evaluation.kl_not_applicable
    if not decodes:
        missing = {"not_applicable": reason("intervention.no_decoder")}
        plain |= dict.fromkeys(("reconstruction", "reconstruction_pairs", "samples"), missing)
        _write(folder, plain)
        return
    against = data.draw(data.training_part, memorisation_images, seed, "memorisation check")
    new = data.draw("probe_test", memorisation_held_out_images, seed, "memorisation check")
    samples = sample_images(
        lambda count, generator: _draw(model, count, generator),
        SHOWN_SAMPLES,
        data.images(data.training_part, against),
        data.images("probe_test", new),
        np.random.default_rng(seed),
    )
    plain.update(_pictures(folder, data, codes, model, samples, seed))
    _write(folder, plain)


def _write(folder: Path, plain: dict[str, Any]) -> None:
    write_json(folder / "fitness.json", plain)
    names = ("reconstruction_nats_per_image", "kl_nats_per_image", "active_units")
    bound = {} if plain["elbo"] is None else {"elbo_nats_per_image": plain["elbo"]["value"]}
    write_summary(
        folder,
        metrics={name: plain[name] for name in names} | bound,
        tags={"collapsed": str(plain["collapsed"])},
    )


def _free_dimensions(
    model: Model, codes: Codes, live_correlation_min: float, samples: int, resamples: int, seed: int
) -> tuple[FreeDimension, ...]:
    """Returns whether each dimension without a name lives, of a model whose first dimensions have names."""
    layout = named_layout(model)
    if layout is None or not layout.free_dimensions:
        return ()
    rng, decode = np.random.default_rng((seed, 0xF4EE)), decoder_of(model)
    used, changes = _used(model, codes, seed)
    asked = _latents(model, samples, rng)
    read = recover(asked, decode, lambda pictures: encode_images(model, pictures)[0], rng)
    return free_dimensions.compute(
        range(layout.named_size, layout.size),
        codes.names,
        asked,
        read,
        used,
        changes,
        rng,
        live_correlation_min=live_correlation_min,
        resamples=resamples,
    )


def _used(model: Model, codes: Codes, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Returns which dimensions the decoder uses, and the change that exchanging each makes."""
    held_out = np.asarray(codes.of("probe_test"))
    pairs = draw_pairs(ImageGroups.of(None, len(held_out)), MAX_PAIRS, seed)
    return used_dimensions(held_out, pairs, decoder_of(model), codes.groups, seed)


def _unused_chosen(codes: Codes) -> NDArray[np.bool_]:
    """Returns the dimensions (d,) that are audited one by one, and that the decoder does not use."""
    found = np.zeros(len(codes.names), bool)
    if codes.chosen is not None and codes.used is not None:
        found[codes.chosen] = ~codes.used[codes.chosen]
    return found


def _pictures(
    folder: Path,
    data: Prepared,
    codes: Codes,
    model: Model,
    samples: Samples,
    seed: int,
    shown_pairs: int = 12,
) -> dict[str, Any]:
    places = data.draw("probe_test", shown_pairs, seed, "shown reconstructions")
    shown = data.images("probe_test", places)
    rebuilt = decode_latents(model, codes.of("probe_test")[places], rows=places)
    return {
        "reconstruction_pairs": reference(
            folder,
            "reconstruction_pairs",
            reconstruction_pairs(shown, rebuilt),
            data.file_names("probe_test", places),
        ),
        "samples": reference(folder, "samples", samples.images),
        "nearest_training_images": reference(folder, "nearest_training_images", samples.nearest),
        "closer_than_held_out": to_json(samples.closer_than_held_out),
        "copied": to_json(samples.copied),
    }


def _draw(model: Model, count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    return decode_latents(model, _latents(model, count, generator), rows=np.arange(count))


def _latents(model: Model, count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Returns codes (count, d) as the model draws them."""
    assert isinstance(model, nn.Module)
    device = next(model.parameters()).device
    drawn = torch.Generator(device).manual_seed(int(generator.integers(2**31)))
    with torch.no_grad():
        return model.sample_latents(count, drawn).cpu().numpy()
