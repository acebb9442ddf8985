"""Train the attribute classifier: the independent judge that interventions and samples are scored by."""

from pathlib import Path

from tasks.analyses import classifier_scores
from tasks.analyses.plain import to_plain
from tasks.arrays import write_json
from tasks.prepare import open_prepared
from tasks.records import Artifact
from tasks.stage import Bench, Stage
from tasks.training_report import on_interval, said_to_the_parent, shortened, training_facts
from vae_models.attribute_classifier import AttributeClassifierSettings
from vae_models.checkpoints import recipe, save
from vae_models.inference import classify_images
from vae_models.presets import build
from vae_models.targets import fit_targets
from vae_models.training import train


def compute(
    folder: Path, bench: Bench, *, prepared: Artifact, classifier: AttributeClassifierSettings, seed: int
) -> None:
    """Writes weights, recipe and classifier.json with the held-out score of every attribute.

    A tenth of its own part decides when to stop; scores are of probe_test, which it never saw.
    """
    data = open_prepared(prepared)
    images, values = data.images("classifier_train"), data.values("classifier_train")
    held_out = max(len(images) // 10, 1)
    targets = fit_targets(data.data.attributes, values)
    shape = images.shape[1:]
    model = build(classifier, shape, targets, seed)
    with said_to_the_parent():
        result = train(
            model,
            images[held_out:],
            values[held_out:],
            images[:held_out],
            shortened(classifier.training, bench),
            seed,
            bench.device,
            bench.work_folder,
            on_interval(bench),
            bench.should_stop,
            validation_values=values[:held_out],
        )
    made_by = recipe(classifier, shape, targets, seed)
    save(folder, model, made_by)
    responses = classify_images(model, data.images("probe_test"))
    scores = classifier_scores.compute(
        data.data.attributes,
        data.values("probe_test"),
        responses,
        model.response_columns,
        {target.name: (target.mean, target.std) for target in targets},
        seed,
    )
    facts = {"parameters": sum(weights.numel() for weights in model.parameters()), "scores": to_plain(scores)}
    write_json(folder / "classifier.json", facts)
    write_json(
        folder / "summary.json",
        {
            "metrics": {
                f"classifier.{score.attribute}.{score.statistic}": score.estimate.value for score in scores
            },
            "curves": {
                f"classifier.{name}": curve for name, curve in training_facts(result)["curves"].items()
            },
        },
    )


TRAIN_CLASSIFIER = Stage("classify", "training the attribute classifier", compute, on_device=True)
