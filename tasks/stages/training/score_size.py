"""Score one size on the fold that its training did not see: bound, active dimensions, linear probes."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from latent_audit.tasks.analyses.latent_space.attribute_classes import classes_of, labels_of
from latent_audit.tasks.analyses.latent_space.boundary_editing import fit_boundaries
from latent_audit.tasks.analyses.scores.fitness import is_used
from latent_audit.tasks.analyses.statistics.probe_scores import balanced_accuracy
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vocabulary.batches import batches

BATCH = 500


def compute(
    folder: Path,
    context: StageContext,
    *,
    fold: Artifact,
    trained: Artifact,
    unused_kl_nats: float,
    seed: int,
) -> None:
    """Writes score.json: elbo_nats, active_units and probe, each a mean over the held-out fold."""
    data = open_prepared(fold)
    model = load(trained.path, context.device)
    elbo, kl = _bound(model, data, seed)
    score = {
        "elbo_nats": float(elbo.mean()),
        "active_units": int(is_used(kl.mean(axis=0), unused_kl_nats).sum()),
        "probe": _probe(model, data),
    }
    write_json(folder / "score.json", score)
    write_summary(folder, metrics={f"held_out.{name}": value for name, value in score.items()})


def _bound(model: Model, data: Prepared, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns (n,) one-sample evidence lower bounds and (n, d) KL in nats of the held-out images."""
    assert isinstance(model, nn.Module)
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    images = data.images("probe_test")
    bounds, divergences = [], []
    with torch.no_grad():
        for some in batches(len(images), BATCH):
            pixels = torch.from_numpy(images[some]).to(device).float() / 255
            kl = model.kl_per_dimension(pixels)
            if kl is None:
                raise SettingsError(
                    "latent_size.model must be a model with an evidence lower bound, such as vae or beta_vae"
                )
            mean, log_variance = model.encode(pixels)
            noise = torch.empty_like(mean).normal_(generator=generator)
            nats = model.reconstruction_nats(pixels, mean + noise * (0.5 * log_variance).exp())
            bounds.append((-nats - kl.sum(1)).double().cpu())
            divergences.append(kl.double().cpu())
    return torch.cat(bounds).numpy(), torch.cat(divergences).numpy()


def _probe(model: Model, data: Prepared) -> float:
    """Returns the mean balanced accuracy of linear probes over attributes, fitted on images of another part."""
    attribute_classes = classes_of(data.data.attributes, data.values("probe_fit"))
    boundaries = fit_boundaries(
        encode_images(model, data.images("probe_fit"))[0],
        labels_of(attribute_classes, data.values("probe_fit")),
    )
    said = boundaries.distances(encode_images(model, data.images("probe_test"))[0]) > 0
    truth = labels_of(attribute_classes, data.values("probe_test")).astype(np.float64)
    return float(
        np.mean([balanced_accuracy(t, s.astype(np.int64)) for t, s in zip(truth.T, said.T, strict=True)])
    )
