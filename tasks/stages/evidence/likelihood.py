"""Likelihood: how far the evidence lower bound lies below log p(x), on a few held-out images."""

from pathlib import Path

import numpy as np

from latent_audit.tasks.analyses.scores.likelihood import measure_looseness
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.importance_weights import importance_weights, known_log_likelihood
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vocabulary.reasons import reason


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    bound_images: int,
    bound_draws: tuple[int, ...],
    bootstraps: int,
    seed: int,
) -> None:
    """Writes likelihood.json, with the reason in its place for a model whose codes have no densities.

    bound_images: held-out images, drawn with the seed. bound_draws: draws of each image's posterior.
    """
    data = open_prepared(prepared)
    places = data.draw("probe_test", bound_images, seed, "likelihood")
    model = load(trained.path, context.device)
    images, draws = data.images("probe_test", places), sorted(bound_draws)
    weights = importance_weights(model, images, draws[-1], seed)
    if weights is None:
        write_json(folder / "likelihood.json", {"not_applicable": reason("likelihood.no_density")})
        return
    rows = [int(row) for row in data.rows("probe_test")[places]]
    exact = known_log_likelihood(model, images)
    result = measure_looseness(weights, exact, draws, rows, bootstraps, np.random.default_rng(seed))
    write_json(folder / "likelihood.json", to_json(result))
    write_summary(
        folder,
        metrics={
            "log_likelihood_at_least": result.bounds[-1].bound.value,
            "elbo_too_low_by": result.too_low.value,
        },
    )
