"""The attribute classifier once more, with a posterior over its weights: what it does not know, and why."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.attributions.attribution import as_pixels
from latent_audit.tasks.analyses.attributions.attribution_methods import integrated_method
from latent_audit.tasks.analyses.scores import calibration, classifier_scores
from latent_audit.tasks.analyses.serialization import rounded, to_json
from latent_audit.tasks.analyses.weight_posterior import sign_certainty
from latent_audit.tasks.analyses.weight_posterior.entropies import Entropies
from latent_audit.tasks.analyses.weight_posterior.entropies import compute as uncertainty_of
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.on_request.bayesian_classifier import WeightPosteriorSettings
from latent_audit.tasks.stages.inputs.prepared import Prepared, open_prepared
from latent_audit.tasks.stages.inputs.shown_images import ShownImages
from latent_audit.tasks.stages.training.training_report import train_on_part, training_facts
from latent_audit.tasks.storage.arrays import reference, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.attribute_classifier.bayesian_classifier import BayesianClassifier
from latent_audit.vae_models.attribute_classifier.bayesian_settings import BayesianClassifierSettings
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import scales_of

SHOWN = 8


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    classifier: AttributeClassifierSettings,
    bayesian_classifier: WeightPosteriorSettings,
    attribution_steps: int,
    reference_images: int,
    bootstraps: int,
    seed: int,
) -> None:
    """Trains the classifier's network with uncertain weights, and writes bayesian_classifier.json as audit.json has it.

    It learns from classifier_train, as the plain one does; every figure is of images of probe_test.
    """
    data, asked = open_prepared(prepared), bayesian_classifier
    assert asked.weights != "none"
    settings = BayesianClassifierSettings(
        classifier=classifier,
        weights=asked.weights,
        initial_deviation=asked.initial_deviation,
        prior_deviation=asked.prior_deviation,
    )
    trained = train_on_part(data, "classifier_train", settings, seed, context)
    model = trained.model
    assert isinstance(model, BayesianClassifier)
    places = data.draw("probe_test", asked.images, seed, "bayesian classifier")
    drawn = model.responses_by_draws(data.images("probe_test", places), asked.draws, seed)
    mean, values = drawn.mean(axis=0), data.values("probe_test", places)
    attributes, columns = data.data.attributes, model.response_columns
    found = uncertainty_of(attributes, drawn, columns, bootstraps, np.random.default_rng(seed))
    scores = classifier_scores.compute(
        attributes, values, mean, columns, scales_of(trained.targets), seed, bootstraps
    )
    record = {
        "weights": asked.weights,
        "uncertain_weights": model.uncertain_weights,
        "prior_deviation": asked.prior_deviation,
        "kl_nats": rounded(float(model.weights_kl().detach())),
        "draws": asked.draws,
        "images": len(places),
        "scores": to_json(scores),
        "calibration": to_json(calibration.compute(attributes, values, mean, columns, seed, bootstraps)),
        "uncertainty": to_json(found.attributes),
        "by_image": _by_image(folder, data.rows("probe_test")[places], found.by_image),
        **_galleries(folder, data, places, found.by_image),
        "maps": _maps(folder, data, model, asked, attribution_steps, reference_images, bootstraps, seed),
    }
    write_json(folder / "bayesian_classifier.json", record)
    write_summary(
        folder,
        metrics={
            f"bayesian_classifier.{score.attribute}.{score.statistic}": score.estimate.value
            for score in scores
        },
        curves={
            f"bayesian_classifier.{name}": curve
            for name, curve in training_facts(trained.result)["curves"].items()
        },
    )


def _by_image(
    folder: Path, rows: NDArray[np.int64], entropies: Mapping[str, Entropies]
) -> dict[str, Any] | None:
    """Writes the entropies of every image and returns their references; None where no attribute has classes."""
    if not entropies:
        return None
    parts = np.stack([np.stack([split.expected, split.mutual], 1) for split in entropies.values()], 1)
    return {
        "attributes": list(entropies),
        "rows": reference(folder, "bayesian_rows", np.asarray(rows, np.int64)),
        "nats": reference(folder, "bayesian_entropies", parts.astype(np.float32)),
    }


def _galleries(
    folder: Path, data: Prepared, places: NDArray[np.int64], entropies: Mapping[str, Entropies]
) -> dict[str, Any]:
    """Writes the images with most of either part, summed over attributes, each with both parts in nats."""
    if not entropies:
        return {"most_mutual": None, "most_expected": None}
    sums = {
        name: np.sum([getattr(split, name) for split in entropies.values()], axis=0)
        for name in ("mutual", "expected")
    }
    galleries = {}
    for name, nats in sums.items():
        chosen = np.argsort(-nats, kind="stable")[:SHOWN]
        galleries[f"most_{name}"] = {
            "rows": data.rows("probe_test")[places[chosen]].tolist(),
            **{part: to_json(found[chosen]) for part, found in sums.items()},
            "pictures": data.pictures(folder, f"bayesian_{name}", "probe_test", places[chosen]),
        }
    return galleries


def _maps(
    folder: Path,
    data: Prepared,
    model: BayesianClassifier,
    asked: WeightPosteriorSettings,
    steps: int,
    reference_images: int,
    bootstraps: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Writes IntegratedGradients of the first response of each attribute over draws of the weights."""
    shown = ShownImages(data, asked.map_images, steps, reference_images, seed)
    columns = {name: int(column[0]) for name, column in model.response_columns.items()}
    method = integrated_method(
        lambda module, images: module.responses(images),  # type: ignore[operator]  # a Module has what it was given
        list(columns.values()),
        shown.baseline_on(next(model.parameters()).device),
        shown.depth,
    )
    pixels = as_pixels(shown.images, model)

    def drawn() -> Iterator[NDArray[np.float32]]:
        for one in model.at_draws(asked.draws, seed):
            yield method.explain(one, pixels).sum(2).cpu().numpy()

    found = sign_certainty.summarise(drawn(), bootstraps, np.random.default_rng(seed))
    images = reference(folder, "bayesian_images", shown.images, shown.files)
    return [
        {
            "attribute": attribute,
            "response": model.response_names[column],
            "method": method.name,
            "images": images,
            "mean": reference(folder, f"bayesian_map{place}_mean", maps.mean),
            "deviation": reference(folder, f"bayesian_map{place}_deviation", maps.deviation),
            "certain": reference(folder, f"bayesian_map{place}_certain", maps.certain),
            "certain_share": to_json(maps.certain_share),
        }
        for place, ((attribute, column), maps) in enumerate(zip(columns.items(), found, strict=True))
    ]
