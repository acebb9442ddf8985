"""The main job: data -> attribute classifier -> (models x seeds) -> evidence -> verdicts -> report."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from prefect import flow
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner

from latent_audit.flows.model_flow import Futures, analyse, start_models
from latent_audit.tasks.analyses.statistics.unused_parts import settled_shares
from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.errors import PartFailed, StageFailed
from latent_audit.tasks.execution.failed_parts import failed_rows, without_failed
from latent_audit.tasks.execution.stage_runner import StageRunner
from latent_audit.tasks.runs.index_runs import index_runs
from latent_audit.tasks.runs.selftest_record import cited as cited_selftest
from latent_audit.tasks.session.audit_session import AuditSession, open_session
from latent_audit.tasks.session.data_notes import (
    refuse_unknown_attribute,
    refuse_unknown_class,
    report_data,
    report_few_groups,
)
from latent_audit.tasks.session.find_models import find_classifier_files, find_model_files
from latent_audit.tasks.session.prefect_page import show_flow_progress
from latent_audit.tasks.session.prefect_tasks import download_data, submit
from latent_audit.tasks.session.publish import publish
from latent_audit.tasks.session.render import render_report
from latent_audit.tasks.session.run_outcome import raise_outcome
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.stages.arguments import arguments, runs_for
from latent_audit.tasks.stages.registry import (
    CLASSIFIER_AGAIN,
    DRAW,
    DRAW_PICTURES,
    ENCODE,
    EXPLAIN_CLASSIFIER,
    IMPORT_CLASSIFIER,
    PREPARE,
    RECORD_PARTS,
    TABULATE,
    TRAIN_CLASSIFIER,
    TRAIN_MODEL,
    TRAIN_SECOND_CLASSIFIER,
    VERDICTS,
)
from latent_audit.tasks.stages.report.sections import sections_of
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.data_files import ModelFiles

Drawn = list[PrefectFuture[Artifact]]


# Threads only wait here; what computes is the stage runner's worker processes, one a core.
@flow(name="audit", task_runner=cast(Any, ThreadPoolTaskRunner(max_workers=256)), persist_result=False)
def audit(settings: Settings) -> Path:
    """Runs an audit and returns its folder: report.html, audit.json and the files that they use.

    Raises AuditError: no report could be made; or, after everything was written, the settings make it a failure.
    """
    with open_session(settings) as opening:
        stage_runner = opening.stage_runner
        stage_runner.has_several_models = len(settings.models) > 1
        show_flow_progress(stage_runner, settings.name)
        fetch_program = partial(
            stage_runner.tracker.exported_program, folder=stage_runner.store.root / "downloads"
        )
        found = find_model_files(settings, fetch_program, stage_runner.progress)
        found_classifier = find_classifier_files(settings, stage_runner.progress)
        prepared = prepare_data(stage_runner, settings)
        outside = prepare_outside(stage_runner, settings)
        # Nothing can begin without the data, so nothing waits for this.
        report_data(stage_runner.progress, prepared.result())
        report_few_groups(
            stage_runner.progress,
            prepared.result(),
            settings.thresholds.groups_min,
            settled_shares(settings.splits.shares, trains_classifier=settings.trains_classifier)[0],
        )
        _refuse_unknown_attributes(settings, prepared.result())
        classifier = start_classifier(stage_runner, settings, prepared, found_classifier)
        second = train_second_classifier(stage_runner, settings, prepared)
        trained = start_models(stage_runner, settings, prepared, found)
        analysed = {
            model: analyse(stage_runner, settings, model, prepared, classifier, weights, outside, second)
            for model, weights in trained.items()
        }
        explained = explain_classifier(stage_runner, settings, prepared, classifier)
        of_all = {EXPLAIN_CLASSIFIER.name: explained}
        of_all |= train_classifier_again(stage_runner, settings, prepared)
        for model, futures in analysed.items():
            if model.seed == settings.seeds[0]:
                futures |= of_all
        judged = reach_verdicts(stage_runner, opening, prepared, classifier, analysed, second)
        drawn = draw_report(stage_runner, settings, judged)
        codes = tabulate(stage_runner, settings, prepared, classifier, analysed)
        folder = report(opening, judged, codes, drawn, analysed)
    raise_outcome(
        folder,
        fail_on_change=settings.over_time.fail_on_change,
        fail_when_undecided=settings.over_time.fail_when_undecided,
    )
    return folder


def _refuse_unknown_attributes(settings: Settings, prepared: Artifact) -> None:
    """Raises AuditError for an attribute in the settings that the data do not have."""
    evidence = settings.evidence
    asked: dict[str, Sequence[str | None]] = {
        "evidence.subgroup_by": [evidence.subgroup_by],
        "evidence.protected": evidence.protected,
        "require": [name for attributes in settings.require.values() for name in attributes],
        "evidence.must_not_hold": [
            name for claim in settings.claims_of_absence for name in (claim.attribute, *claim.given)
        ],
        "explanations.variations.edits": settings.explanations.variations.attributes,
    }
    for setting, names in asked.items():
        for name in names:
            refuse_unknown_attribute(setting, name, prepared)
    left_out = settings.explanations.leave_out
    if left_out.attribute:
        refuse_unknown_class("explanations.leave_out", left_out.attribute, left_out.value, prepared)


def prepare_data(stage_runner: StageRunner, settings: Settings) -> PrefectFuture[Artifact]:
    """Downloads the data set, and submits its preparation and split."""
    return prepare(stage_runner, settings, settings.data)


def prepare_outside(stage_runner: StageRunner, settings: Settings) -> PrefectFuture[Artifact] | None:
    """Prepares the out-of-distribution data set of anomaly detection, if one is named."""
    return None if settings.outside is None else prepare(stage_runner, settings, settings.outside)


def prepare(stage_runner: StageRunner, settings: Settings, data: DataSettings) -> PrefectFuture[Artifact]:
    """Downloads one data set, and submits its preparation and split."""
    # Waited for here: nothing can begin without the files, and what went wrong with them is said as it is.
    files = download_data(stage_runner, data)
    return submit(
        stage_runner,
        PREPARE,
        data=data,
        files=files,
        **arguments(PREPARE, settings, {}),
    )


def start_classifier(
    stage_runner: StageRunner, settings: Settings, prepared: PrefectFuture[Artifact], found: ModelFiles
) -> PrefectFuture[Artifact]:
    """Submits the training of the independent attribute classifier, or the import of the one that the user brings."""
    results = {"prepared": prepared}
    if settings.trains_classifier:
        return submit(stage_runner, TRAIN_CLASSIFIER, **arguments(TRAIN_CLASSIFIER, settings, results))
    inputs = arguments(IMPORT_CLASSIFIER, settings, results)
    return submit(stage_runner, IMPORT_CLASSIFIER, files=found, **inputs)


def train_second_classifier(
    stage_runner: StageRunner, settings: Settings, prepared: PrefectFuture[Artifact]
) -> PrefectFuture[Artifact] | None:
    """Submits the training of a second classifier that judges too, if the settings name one."""
    if len(settings.classifiers) < 2:
        return None
    given = arguments(TRAIN_SECOND_CLASSIFIER, settings, {"prepared": prepared})
    return submit(stage_runner, TRAIN_SECOND_CLASSIFIER, **{**given, "classifier": settings.classifiers[1]})


def explain_classifier(
    stage_runner: StageRunner,
    settings: Settings,
    prepared: PrefectFuture[Artifact],
    classifier: PrefectFuture[Artifact],
) -> PrefectFuture[Artifact]:
    """Submits the attributions of the classifier, which all lead models share."""
    results = {"prepared": prepared, "classifier": classifier}
    return submit(stage_runner, EXPLAIN_CLASSIFIER, **arguments(EXPLAIN_CLASSIFIER, settings, results))


def train_classifier_again(
    stage_runner: StageRunner, settings: Settings, prepared: PrefectFuture[Artifact]
) -> Futures:
    """Submits what trains the classifier once more to explain it, by the stage's name; nothing where it is off."""
    return {
        stage.name: submit(stage_runner, stage, **arguments(stage, settings, {"prepared": prepared}))
        for stage in CLASSIFIER_AGAIN
        if runs_for(stage, settings)
    }


def reach_verdicts(
    stage_runner: StageRunner,
    opening: AuditSession,
    prepared: PrefectFuture[Artifact],
    classifier: PrefectFuture[Artifact],
    analysed: dict[ModelKey, Futures],
    second_classifier: PrefectFuture[Artifact] | None = None,
) -> PrefectFuture[Artifact]:
    """Submits the verdicts on all results."""
    settings = opening.settings
    return submit(
        stage_runner,
        VERDICTS,
        **arguments(VERDICTS, settings, {"prepared": prepared, "classifier": classifier}),
        models=list(analysed),
        results={model.id: futures for model, futures in analysed.items()},
        parts=RECORD_PARTS,
        settings=opening.settings_record,
        failed=[],
        accept_failed=_without_failed,
        subject=settings.subject.model_dump(),
        selftest=cited_selftest(),
        given_names=settings.given_names,
        **(
            {}
            if second_classifier is None
            else {"second_classifier": second_classifier, "networks": _networks(settings)}
        ),
    )


def _networks(settings: Settings) -> list[str]:
    """Returns what the report calls the classifiers: their networks, numbered where they are the same."""
    networks = [classifier.network for classifier in settings.classifiers]
    if len(set(networks)) == len(networks):
        return list(networks)
    return [f"{network} {place}" for place, network in enumerate(networks, start=1)]


def tabulate(
    stage_runner: StageRunner,
    settings: Settings,
    prepared: PrefectFuture[Artifact],
    classifier: PrefectFuture[Artifact],
    analysed: dict[ModelKey, Futures],
) -> list[PrefectFuture[Artifact]]:
    """Submits the table of codes of the models that are shown in full; nothing if it is not wanted."""
    if not settings.report.codes:
        return []
    leads = {model: futures for model, futures in analysed.items() if model.seed == settings.seeds[0]}
    made = submit(
        stage_runner,
        TABULATE,
        **arguments(TABULATE, settings, {"prepared": prepared, "classifier": classifier}),
        models=list(leads),
        results={
            model.id: {stage.name: futures[stage.name] for stage in (TRAIN_MODEL, ENCODE)}
            for model, futures in leads.items()
        },
        accept_failed=_of_whole_models,
    )
    return [made]


def _of_whole_models(inputs: dict[str, Any]) -> dict[str, Any]:
    """Returns inputs without failed parts and models."""
    models, results = without_failed(inputs["models"], inputs["results"])
    return {**inputs, "models": models, "results": results}


def _without_failed(inputs: dict[str, Any]) -> dict[str, Any]:
    """Returns the inputs of the verdicts without failed parts and models, which are listed instead."""
    kept = _of_whole_models(inputs)
    return {**kept, "failed": failed_rows(kept["models"], inputs["results"])}


def draw_report(stage_runner: StageRunner, settings: Settings, judged: PrefectFuture[Artifact]) -> Drawn:
    """Submits the rendering of all sections that do not depend on this run, in two halves."""
    return [
        submit(
            stage_runner,
            stage,
            judged=judged,
            sections=sections_of(half),
            language=settings.report.language,
        )
        for stage, half in ((DRAW_PICTURES, "pictures"), (DRAW, "rest"))
    ]


def report(
    opening: AuditSession,
    judged: PrefectFuture[Artifact],
    codes: list[PrefectFuture[Artifact]],
    drawn: Drawn,
    analysed: dict[ModelKey, Futures],
) -> Path:
    """Renders the report, publishes it, moves the run to its place and adds it to the index of runs."""
    _refuse_to_go_on_without_models(judged)
    manifest_digest = render_report(
        # Prefect hands a task what its futures hold.
        opening,
        cast(Artifact, judged),
        cast(list[Artifact], codes),
        cast(list[Artifact], drawn),
    )
    publish(opening, _exports(analysed), manifest_digest)
    finished = opening.folder.finish()
    index_runs(
        opening.settings.run.output, opening.settings.report.language, opening.stage_runner.progress.warn
    )
    return finished


def _refuse_to_go_on_without_models(judged: PrefectFuture[Artifact]) -> None:
    """Raises what ended the verdicts; StageFailed, which names the first model, if no model is left to judge."""
    try:
        judged.result()
    except PartFailed as lost:
        raise StageFailed(
            f"no model of this audit could be judged; of the first: {lost}. Finished stages are kept"
        ) from lost


def _exports(analysed: dict[ModelKey, Futures]) -> dict[ModelKey, Artifact]:
    """Returns the exported models; failed exports are listed in the audit as failed parts."""
    found = {
        model: futures["export"].result(raise_on_failure=False)
        for model, futures in analysed.items()
        if "export" in futures
    }
    return {model: artifact for model, artifact in found.items() if isinstance(artifact, Artifact)}
