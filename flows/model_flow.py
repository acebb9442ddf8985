"""One model, one seed: train, or import what was trained elsewhere -> encode -> every analysis."""

from collections.abc import Mapping
from typing import Any

from prefect.futures import PrefectFuture

from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.execution.prefect_tasks import submit
from latent_audit.tasks.execution.stage_runner import StageRunner
from latent_audit.tasks.session.data_files import ModelFiles
from latent_audit.tasks.settings.audit import EvidenceSettings, Settings
from latent_audit.tasks.settings.explanations import ExplanationSettings
from latent_audit.tasks.stages.registry import (
    ATTRIBUTE,
    CONTROL,
    ENCODE,
    EXPORT,
    FITNESS,
    IMPORT_MODEL,
    INTERVENE,
    LOCATE,
    MOVE,
    PARTICULARS,
    PROBE,
    PROJECT,
    SCORE,
    SUBGROUP,
    TAKE_TRAINED,
    TRAIN_MODEL,
    TRAIN_STACK,
    TRAVERSE,
    USE,
)
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.code import Code

Futures = dict[str, PrefectFuture[Artifact]]
# What nearly every stage of a model takes: prepared, trained, encoded, seed.
Inputs = dict[str, Any]


def start_models(
    stage_runner: StageRunner,
    settings: Settings,
    prepared: PrefectFuture[Artifact],
    found: Mapping[str, ModelFiles],
) -> dict[ModelKey, PrefectFuture[Artifact]]:
    """Submits the training of every model with every seed; or its import, where `found` has its files."""
    stacks = {
        name: submit(
            stage_runner,
            TRAIN_STACK,
            ModelKey(name, settings.seeds[0]),
            prepared=prepared,
            model=settings.models[name],
            seeds=settings.seeds,
        )
        for name in settings.models
        if settings.is_stacked(name)
    }
    return {
        model: submit(stage_runner, TAKE_TRAINED, model, stack=stacks[model.name], seed=model.seed)
        if model.name in stacks
        else start_model(stage_runner, settings, model, prepared, found)
        for model in settings.model_keys
    }


def start_model(
    stage_runner: StageRunner,
    settings: Settings,
    model: ModelKey,
    prepared: PrefectFuture[Artifact],
    found: Mapping[str, ModelFiles],
) -> PrefectFuture[Artifact]:
    """Submits the training of one model with one seed by itself, or its import."""
    inputs: dict[str, Any] = {"prepared": prepared, "model": settings.models[model.name], "seed": model.seed}
    if model.name in found:
        return submit(stage_runner, IMPORT_MODEL, model, files=found[model.name], **inputs)
    return submit(stage_runner, TRAIN_MODEL, model, **inputs)


def analyse(
    stage_runner: StageRunner,
    settings: Settings,
    model: ModelKey,
    prepared: PrefectFuture[Artifact],
    classifier: PrefectFuture[Artifact],
    trained: PrefectFuture[Artifact],
    outside: PrefectFuture[Artifact] | None = None,
) -> Futures:
    """Submits everything that is asked of one trained model; returns the stages' futures by name.

    Evidence is gathered for every seed; controls and pictures for the first one, which the report shows in full.
    `outside` is the data set of another kind that anomaly detection is tried against.
    """
    encoded = submit(
        stage_runner,
        ENCODE,
        model,
        prepared=prepared,
        trained=trained,
        pca_images=settings.evidence.pca_images,
        seed=settings.run.seed,
    )
    inputs = {"prepared": prepared, "trained": trained, "encoded": encoded, "seed": settings.run.seed}
    futures = {
        "train": trained,
        "encode": encoded,
        **gather_evidence(stage_runner, settings, model, classifier, inputs),
    }
    if model.seed == settings.seeds[0]:
        kind, explanations = settings.models[model.name].kind, settings.explanations
        futures["control"] = control(stage_runner, settings.evidence, model, classifier, inputs)
        futures |= explain(
            stage_runner, explanations, model, kind, classifier, futures["fitness"], outside, inputs
        )
        futures["subgroup"] = submit(
            stage_runner,
            SUBGROUP,
            model,
            prepared=prepared,
            intervened=futures["intervene"],
            subgroup_by=settings.evidence.subgroup_by,
            model_name=model.name,
            seed=settings.run.seed,
        )
        futures["particulars"] = submit(
            stage_runner,
            PARTICULARS,
            model,
            prepared=prepared,
            trained=trained,
            bootstraps=settings.evidence.bootstraps,
            attention_images=explanations.attention_images,
            uncertainty_images=explanations.uncertainty_images,
            label_images=explanations.label_images,
            label_efficiency=_only_if(
                kind == "semi_supervised_vae", "latent_audit.tasks.stages.training.label_efficiency"
            ),
            seed=settings.run.seed,
        )
        if settings.has_our_networks(model.name):
            futures["export"] = submit(stage_runner, EXPORT, model, prepared=prepared, trained=trained)
    return futures


def gather_evidence(
    stage_runner: StageRunner,
    settings: Settings,
    model: ModelKey,
    classifier: PrefectFuture[Artifact],
    inputs: Inputs,
) -> Futures:
    """Submits what verdicts rest on: association and specificity, intervention, and fitness; and the scores."""
    evidence = settings.evidence
    probed = submit(
        stage_runner,
        PROBE,
        model,
        prepared=inputs["prepared"],
        encoded=inputs["encoded"],
        permutations=evidence.permutations,
        bootstraps=evidence.bootstraps,
        probe_images=evidence.probe_images,
        boosting_images=evidence.boosting_images,
        boosting_iterations=evidence.boosting_iterations,
        significance=evidence.thresholds.significance,
        survives_from=evidence.thresholds.survives_min,
        seed=inputs["seed"],
    )
    intervened = submit(
        stage_runner,
        INTERVENE,
        model,
        classifier=classifier,
        probed=probed,
        images=evidence.intervention_images,
        bootstraps=evidence.bootstraps,
        null_moves_per_dimension=evidence.null_moves_per_dimension,
        gate_images=evidence.gate_images,
        null_images=evidence.null_images,
        untrained_images=evidence.untrained_images,
        classifier_share_of_way=evidence.thresholds.classifier_share_of_way,
        **inputs,
    )
    fitness = submit(
        stage_runner,
        FITNESS,
        model,
        bootstraps=evidence.bootstraps,
        unused_kl_nats=evidence.thresholds.unused_kl_nats,
        memorisation_images=settings.explanations.memorisation_images,
        memorisation_held_out_images=settings.explanations.memorisation_held_out_images,
        **inputs,
    )
    located = submit(
        stage_runner,
        LOCATE,
        model,
        classifier=classifier,
        intervened=intervened,
        thresholds=evidence.thresholds,
        sizes=place_sizes(evidence),
        **inputs,
    )
    scored = submit(
        stage_runner,
        SCORE,
        model,
        prepared=inputs["prepared"],
        encoded=inputs["encoded"],
        predictor_images=evidence.predictor_images,
        seed=inputs["seed"],
    )
    return {"probe": probed, "intervene": intervened, "locate": located, "fitness": fitness, "score": scored}


def place_sizes(evidence: EvidenceSettings) -> Sizes:
    """Returns how much is drawn to find where attributes live."""
    return Sizes(
        fit_images=evidence.probe_images,
        pairs=evidence.interchange_pairs,
        permutations=evidence.permutations,
        bootstraps=evidence.bootstraps,
        boosting_iterations=evidence.boosting_iterations,
        boosting_images=evidence.boosting_images,
    )


def control(
    stage_runner: StageRunner,
    evidence: EvidenceSettings,
    model: ModelKey,
    classifier: PrefectFuture[Artifact],
    inputs: Inputs,
) -> PrefectFuture[Artifact]:
    """Submits the same checks on codes that can carry nothing: shuffled, untrained, principal components."""
    return submit(
        stage_runner,
        CONTROL,
        model,
        classifier=classifier,
        permutations=evidence.permutations,
        bootstraps=evidence.bootstraps,
        images=evidence.intervention_images,
        null_moves_per_dimension=evidence.null_moves_per_dimension,
        gate_images=evidence.gate_images,
        null_images=evidence.null_images,
        untrained_images=evidence.untrained_images,
        thresholds=evidence.thresholds,
        sizes=place_sizes(evidence),
        **inputs,
    )


def explain(
    stage_runner: StageRunner,
    explanations: ExplanationSettings,
    model: ModelKey,
    kind: str,
    classifier: PrefectFuture[Artifact],
    fitness: PrefectFuture[Artifact],
    outside: PrefectFuture[Artifact] | None,
    inputs: Inputs,
) -> Futures:
    """Submits what a reader looks at: latent maps, traversals, moves, uses and attributions."""
    amounts = explanations.amounts()
    projected = submit(
        stage_runner,
        PROJECT,
        model,
        prepared=inputs["prepared"],
        encoded=inputs["encoded"],
        images=amounts.projection_images,
        seeds=amounts.projection_seeds,
        components=amounts.projection_components,
        seed=inputs["seed"],
    )
    traversed = submit(
        stage_runner, TRAVERSE, model, fitness=fitness, steps=amounts.traversal_steps, **inputs
    )
    moved = submit(
        stage_runner,
        MOVE,
        model,
        classifier=classifier,
        images=amounts.move_images,
        distance_images=explanations.distance_images,
        **inputs,
    )
    used = submit(
        stage_runner,
        USE,
        model,
        fitness=fitness,
        outside=outside,
        images=amounts.use_images,
        application_images=explanations.application_images,
        regret_steps=amounts.regret_steps,
        **inputs,
    )
    attributed = submit(
        stage_runner,
        ATTRIBUTE,
        model,
        fitness=fitness,
        classifier=classifier,
        amounts=amounts,
        reference_images=explanations.reference_images,
        discriminator_images=explanations.discriminator_images,
        gan_explanations=_only_if(
            kind == "interpretable_gan", "latent_audit.tasks.stages.explanations.explain_gan"
        ),
        **inputs,
    )
    return {
        "project": projected,
        "traverse": traversed,
        "move": moved,
        "use": used,
        "attribute": attributed,
    }


def _only_if(needed: bool, module: str) -> Code | None:
    """Returns the code that a stage needs for some kinds of model alone."""
    return Code(module) if needed else None
