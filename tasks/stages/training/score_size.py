"""Score one size on the fold that its training did not see: bound or loss, active dimensions, linear probes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space.attribute_classes import classes_of, labels_of
from latent_audit.tasks.analyses.latent_space.boundary_editing import fit_boundaries
from latent_audit.tasks.analyses.scores.fitness import ACTIVE_VARIANCE, is_used
from latent_audit.tasks.analyses.statistics.probe_scores import balanced_accuracy
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.evaluation import Evaluation, evaluate
from latent_audit.vae_models.inference import encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.storage.checkpoints import load


def compute(
    folder: Path,
    context: StageContext,
    *,
    fold: Artifact,
    trained: Artifact,
    unused_kl_nats: float,
    seed: int,
) -> None:
    """Writes score.json: elbo_nats (reconstruction_nats for a model without a bound), active_units and probe, each a
    mean over the held-out fold.
    """
    data = open_prepared(fold)
    model = load(trained.path, context.device)
    images = data.images("probe_test")
    found = evaluate(model, images)
    measure, nats = _objective(found)
    if found.kl_nats is not None:
        used = is_used(found.kl_nats.mean(axis=0), unused_kl_nats)
    else:
        used = encode_images(model, images)[0].var(axis=0) > ACTIVE_VARIANCE
    score = {
        measure: float(nats.mean()),
        "active_units": int(used.sum()),
        "probe": _probe(model, data),
    }
    write_json(folder / "score.json", score)
    write_summary(folder, metrics={f"held_out.{name}": value for name, value in score.items()})


def _objective(found: Evaluation) -> tuple[str, NDArray[np.float64]]:
    """Returns the name and the values (n,) of what sizes are compared by: the bound, or the reconstruction alone."""
    if found.elbo_nats is not None:
        return "elbo_nats", found.elbo_nats
    assert found.reconstruction_nats is not None  # what is trained here decodes
    if found.whole_kl_nats is not None:
        return "elbo_nats", -found.reconstruction_nats - found.whole_kl_nats
    return "reconstruction_nats", -found.reconstruction_nats


def _probe(model: Model, data: Prepared) -> float:
    """Returns the mean balanced accuracy of linear probes over attributes, fitted on images of another part."""
    attribute_classes = classes_of(data.data.attributes, data.values("probe_fit"))
    fitted, scored = data.complete("probe_fit"), data.complete("probe_test")
    boundaries = fit_boundaries(
        encode_images(model, data.images("probe_fit", fitted))[0],
        labels_of(attribute_classes, data.values("probe_fit", fitted)),
    )
    said = boundaries.distances(encode_images(model, data.images("probe_test", scored))[0]) > 0
    truth = labels_of(attribute_classes, data.values("probe_test", scored)).astype(np.float64)
    return float(
        np.mean([balanced_accuracy(t, s.astype(np.int64)) for t, s in zip(truth.T, said.T, strict=True)])
    )
