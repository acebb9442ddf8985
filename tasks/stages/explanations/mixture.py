"""A mixture with the model's distribution of pixels, fitted to the same images, beside the model's likelihood."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.many_dimensions.chosen import MANY_DIMENSIONS
from latent_audit.tasks.analyses.mixtures.bernoulli import BernoulliMixture
from latent_audit.tasks.analyses.mixtures.fitting import Fit, Mixture, choose, hold_against
from latent_audit.tasks.analyses.mixtures.gaussian import GaussianMixture
from latent_audit.tasks.analyses.scores.likelihood import importance_bound
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.on_request.applications import MixtureSettings
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.storage.arrays import reference, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.components.reconstruction import (
    BernoulliReconstruction,
    GaussianReconstruction,
    Reconstruction,
)
from latent_audit.vae_models.importance_weights import importance_weights, known_log_likelihood
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vocabulary.reasons import reason


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    mixture: MixtureSettings,
    bootstraps: int,
    seed: int,
) -> None:
    """Writes mixture.json: fitted to training images, chosen by images of probe_fit, held against the model on images
    of probe_test; the reason in its place for a model whose codes have no densities, or with other pixels, and where
    no image is set apart for training.
    """
    data = open_prepared(prepared)
    model: Any = load(trained.path, context.device)
    pixels = getattr(model, "reconstruction", None)
    dimensions = min(model.latent_dim, MANY_DIMENSIONS)
    fit = _fit(pixels, dimensions)
    if fit is None:
        write_json(folder / "mixture.json", {"not_applicable": reason("mixture.other_pixels")})
        return
    part = data.training_part
    if part == "probe_fit":  # which chooses the mixture, so that it cannot fit it too
        write_json(folder / "mixture.json", {"not_applicable": reason("mixture.no_training_images")})
        return
    training = _flat(data, part, mixture.fitted_images, seed)
    choosing = _flat(data, "probe_fit", mixture.fitted_images, seed)
    places = data.draw("probe_test", mixture.images, seed, "mixture")
    images = data.images("probe_test", places)
    weights = importance_weights(model, images, mixture.draws, seed)
    if weights is None:
        write_json(folder / "mixture.json", {"not_applicable": reason("likelihood.no_density")})
        return
    exact = known_log_likelihood(model, images)
    bound = importance_bound(weights)[0] if exact is None else exact
    best, candidates = choose(training, choosing, mixture.components, fit, mixture.iterations, seed)
    context.report(1, 2, {})
    found = hold_against(
        best,
        candidates,
        _as_floats(images),
        weights.mean(axis=1),
        bound,
        bootstraps,
        np.random.default_rng(seed),
    )
    gaussian = isinstance(best, GaussianMixture)
    record = {
        **to_json(found),
        "pixels": "gaussian" if gaussian else "bernoulli",
        "dimensions": dimensions if gaussian else 0,
        "fitted_images": len(training),
        "draws": mixture.draws,
        "exact": exact is not None,
        "means": _means(folder, best, images.shape[1:], seed),
    }
    write_json(folder / "mixture.json", record)
    write_summary(
        folder,
        metrics={
            "mixture_log_likelihood": found.mixture.value,
            "log_likelihood_above_mixture": found.difference.value,
        },
    )


def _means(
    folder: Path, mixture: Mixture, image_shape: tuple[int, ...], seed: int, shown: int = 16
) -> dict[str, Any]:
    """Writes the means of some components as pictures, and returns their reference."""
    drawn = mixture.means[draw_rows(len(mixture.means), shown, seed, "means of components")]
    return reference(
        folder, "mixture_means", np.clip(drawn, 0, 1).reshape(-1, *image_shape).astype(np.float32)
    )


def _fit(pixels: Reconstruction | None, dimensions: int) -> Fit | None:
    """Returns how a mixture with these pixels is fitted; None for other pixels, or where they are not known."""
    if isinstance(pixels, BernoulliReconstruction):
        return BernoulliMixture.fitted
    if isinstance(pixels, GaussianReconstruction):
        return partial(GaussianMixture.fitted, dimensions=dimensions, noise=pixels.variance)
    return None


def _flat(data: Prepared, part: str, most: int, seed: int) -> NDArray[np.float64]:
    return _as_floats(data.images(part, data.draw(part, most, seed, f"mixture on {part}")))


def _as_floats(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    return images.reshape(len(images), -1).astype(np.float64) / 255.0
