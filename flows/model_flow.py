"""One model, one seed: train -> encode -> every analysis."""

from prefect.futures import PrefectFuture

from tasks.attribute import ATTRIBUTE
from tasks.desk import Desk
from tasks.encode import ENCODE
from tasks.export import EXPORT
from tasks.fitness import FITNESS
from tasks.intervene import INTERVENE
from tasks.perform import submit
from tasks.probe import PROBE
from tasks.project import PROJECT
from tasks.records import Artifact, ModelKey
from tasks.settings import Settings
from tasks.train_model import TRAIN_MODEL
from tasks.traverse import TRAVERSE

Futures = dict[str, PrefectFuture[Artifact]]


def start_training(
    desk: Desk, settings: Settings, model: ModelKey, prepared: PrefectFuture[Artifact]
) -> PrefectFuture[Artifact]:
    """Submits the training of one model with one seed."""
    return submit(
        desk, TRAIN_MODEL, model, prepared=prepared, model=settings.models[model.name], seed=model.seed
    )


def analyse(
    desk: Desk,
    settings: Settings,
    model: ModelKey,
    prepared: PrefectFuture[Artifact],
    classifier: PrefectFuture[Artifact],
    trained: PrefectFuture[Artifact],
) -> Futures:
    """Submits everything that is asked of one trained model; returns the stages' futures by name.

    Evidence is gathered for every seed; pictures for the first one, which the report shows in full.
    """
    evidence, explanations, seed = settings.evidence, settings.explanations, settings.run.seed
    encoded = submit(desk, ENCODE, model, prepared=prepared, trained=trained)
    probed = submit(
        desk,
        PROBE,
        model,
        prepared=prepared,
        encoded=encoded,
        permutations=evidence.permutations,
        bootstraps=evidence.bootstraps,
        probe_images=evidence.probe_images,
        boosting_iterations=evidence.boosting_iterations,
        survives_from=evidence.thresholds.survives_min,
        seed=seed,
    )
    intervened = submit(
        desk,
        INTERVENE,
        model,
        prepared=prepared,
        classifier=classifier,
        trained=trained,
        encoded=encoded,
        probed=probed,
        images=evidence.intervention_images,
        bootstraps=evidence.bootstraps,
        null_moves_per_dimension=evidence.null_moves_per_dimension,
        classifier_share_of_way=evidence.thresholds.classifier_share_of_way,
        subgroup_by=evidence.subgroup_by,
        model_name=model.name,
        seed=seed,
    )
    fitness = submit(
        desk,
        FITNESS,
        model,
        prepared=prepared,
        trained=trained,
        encoded=encoded,
        bootstraps=evidence.bootstraps,
        seed=seed,
    )
    futures = {
        "train": trained,
        "encode": encoded,
        "probe": probed,
        "intervene": intervened,
        "fitness": fitness,
    }
    if model.seed == settings.seeds[0]:
        shared = {"prepared": prepared, "trained": trained, "encoded": encoded, "seed": seed}
        futures["project"] = submit(
            desk,
            PROJECT,
            model,
            prepared=prepared,
            encoded=encoded,
            images=explanations.projection_images,
            seeds=explanations.projection_seeds,
            seed=seed,
        )
        futures["traverse"] = submit(
            desk, TRAVERSE, model, fitness=fitness, steps=explanations.traversal_steps, **shared
        )
        futures["attribute"] = submit(
            desk, ATTRIBUTE, model, fitness=fitness, classifier=classifier, depth=explanations, **shared
        )
        futures["export"] = submit(desk, EXPORT, model, prepared=prepared, trained=trained)
    return futures
