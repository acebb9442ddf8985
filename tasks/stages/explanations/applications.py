"""Use: what a latent space is good for, measured: telling strange images, compressing, teaching."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.applications.anomaly import AnomalyDetection, detect, exchange_quarters
from latent_audit.tasks.analyses.applications.augmentation import Augmentation, augment
from latent_audit.tasks.analyses.applications.compression import code_by_size, compress
from latent_audit.tasks.analyses.applications.pca_baseline import beside_pca
from latent_audit.tasks.analyses.latent_space.attribute_classes import classes_of, labels_of
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.anomaly_scores import anomaly_scores
from latent_audit.tasks.stages.inputs.codes import Codes, open_codes
from latent_audit.tasks.stages.inputs.informativeness import informativeness
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of, pixels_for
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vocabulary.reasons import reason

EXCHANGED = "the same images with their quarters exchanged"
NO_GRADIENT = reason("anomaly.no_gradient")
NO_LIKELIHOOD = reason("anomaly.no_likelihood")
OTHER_PRIOR = reason("anomaly.other_prior")
RELATED = reason("anomaly.related")


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    fitness: Artifact,
    outside: Artifact | None,
    anomaly_images: int,
    application_images: int,
    regret_steps: int,
    seed: int,
) -> None:
    """Writes uses.json; `outside` is a prepared data set of another kind, None for exchanged quarters.

    anomaly_images: of either kind in anomaly detection. application_images: real images that probes are fitted from and
    scored on, and that rates of compression are averaged over.
    """
    data = open_prepared(prepared)
    codes = open_codes(encoded)
    model = load(trained.path, context.device)
    inside = data.images("probe_test", data.draw("probe_test", anomaly_images, seed, "anomaly detection"))
    name, strange = _outside(outside, inside, seed)
    gradients = reach_of(trained).decoder_gradients
    anomaly = _anomaly(model, name, inside, strange, regret_steps, gradients, seed)
    context.report(1, 3, {})
    compressed = _compression(model, data, codes, fitness, application_images, seed)
    context.report(2, 3, {})
    taught = _augmentation(model, data, codes, application_images, seed)
    uses = {"anomaly": anomaly, "compression": compressed, "augmentation": taught}
    write_json(folder / "uses.json", {name: to_json(part) for name, part in uses.items()})
    metrics = {f"anomaly_auroc.{score.score}": score.auroc.value for score in anomaly.scores}
    write_summary(folder, metrics=metrics)


def _outside(outside: Artifact | None, inside: NDArray[np.uint8], seed: int) -> tuple[str, NDArray[np.uint8]]:
    if outside is None:
        return EXCHANGED, exchange_quarters(inside)
    other = open_prepared(outside)
    images = other.images("probe_test", other.draw("probe_test", len(inside), seed, "anomaly detection"))
    if images.shape[1:] != inside.shape[1:]:
        raise SettingsError(
            f"explanations.outside gives images of shape {images.shape[1:]} (channels, height, width), the "
            f"audited ones have {inside.shape[1:]}: choose its image_size to match, or another data set"
        )
    return other.data.name, images


def _compression(
    model: Model, data: Prepared, codes: Codes, fitness: Artifact, images: int, seed: int
) -> dict[str, Any]:
    """Returns rate and distortion of the model's code, and of PCA with as many dimensions under `pca`."""
    places = data.draw("probe_test", images, seed, "compression")
    held_out = data.images("probe_test", places)
    order = [codes.place_of(int(j)) for j in np.argsort(-informativeness(fitness), kind="stable")]
    given = (codes.of("probe_fit"), codes.of("probe_test")[places], held_out, order, decoder_of(model))
    by_size = code_by_size(*given)
    curves = compress(*given, np.random.default_rng((seed, 1)), by_size=by_size)
    learnt = data.images(
        data.training_part, data.draw(data.training_part, images, seed, "compression by PCA")
    )
    pca = beside_pca(
        by_size, len(order), learnt, data.images("probe_fit"), held_out, np.random.default_rng((seed, 3))
    )
    return {**to_json(curves), "pca": to_json(pca)}


def _augmentation(
    model: Model, data: Prepared, codes: Codes, images: int, seed: int
) -> tuple[Augmentation, ...]:
    attribute_classes = classes_of(data.data.attributes, data.values("probe_fit"))
    fitted, scored = (
        np.intersect1d(
            data.draw(part, images, seed, f"augmentation on {part}", every_class=True), data.complete(part)
        )
        for part in ("probe_fit", "probe_test")
    )
    return augment(
        codes.of("probe_fit")[fitted],
        data.images("probe_fit", fitted),
        labels_of(attribute_classes, data.values("probe_fit", fitted)),
        data.images("probe_test", scored),
        labels_of(attribute_classes, data.values("probe_test", scored)),
        attribute_classes,
        decoder_of(model),
        np.random.default_rng((seed, 2)),
    )


def _anomaly(
    model: Model,
    name: str,
    inside: NDArray[np.uint8],
    outside: NDArray[np.uint8],
    regret_steps: int,
    gradients: bool,
    seed: int,
) -> AnomalyDetection:
    found = [anomaly_scores(model, images, regret_steps, gradients, seed) for images in (inside, outside)]
    why = None
    if "negative ELBO" not in found[0]:
        why = NO_LIKELIHOOD
    elif "likelihood regret" not in found[0]:
        why = NO_GRADIENT
        if gradients:
            why = OTHER_PRIOR if model.kl_per_dimension(pixels_for(model, inside)) is not None else RELATED
    return detect(name, found[0], found[1], np.random.default_rng(seed), why)
