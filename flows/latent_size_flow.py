"""Choice of the latent size: every size on every fold -> scores -> the smallest size as good as the best."""

import shutil
from pathlib import Path
from typing import Any, cast

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from latent_audit.flows.audit_flow import prepare_data
from latent_audit.tasks.session.audit_session import open_session
from latent_audit.tasks.session.data_notes import report_data
from latent_audit.tasks.session.prefect_page import show_flow_progress
from latent_audit.tasks.session.prefect_tasks import submit
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.latent_size import size_field, study_of
from latent_audit.tasks.stages.registry import CHOOSE_SIZE, HOLD_OUT_FOLD, SCORE_SIZE, TRAIN_MODEL
from latent_audit.tasks.storage.artifacts import ModelKey


@flow(name="latent_size", task_runner=cast(Any, ThreadPoolTaskRunner(max_workers=256)), persist_result=False)
def latent_size(settings: Settings) -> Path:
    """Runs a study and returns its folder: latent_size.html and latent_size.json.

    The study is a run like an audit: each size is a model, and each fold a seed.
    """
    study = study_of(settings)
    with open_session(study) as opening:
        stage_runner = opening.stage_runner
        show_flow_progress(stage_runner, study.name)
        prepared = prepare_data(stage_runner, study)
        report_data(stage_runner.progress, prepared.result())
        folds = [
            submit(
                stage_runner,
                HOLD_OUT_FOLD,
                prepared=prepared,
                fold=fold,
                folds=len(study.seeds),
                seed=study.run.seed,
            )
            for fold in study.seeds
        ]
        field = size_field(settings)
        scores = {}
        for size, model in study.models.items():
            scores[str(getattr(model, field))] = [
                submit(
                    stage_runner,
                    SCORE_SIZE,
                    key,
                    fold=fold,
                    trained=submit(
                        stage_runner, TRAIN_MODEL, key, prepared=fold, model=model, seed=study.run.seed
                    ),
                    unused_kl_nats=study.evidence.thresholds.unused_kl_nats,
                    seed=study.run.seed,
                )
                for key, fold in ((ModelKey(size, seed), folds[seed]) for seed in study.seeds)
            ]
        chosen = submit(
            stage_runner,
            CHOOSE_SIZE,
            prepared=prepared,
            scores=scores,
            model=study.latent_size.model,
            sized=field,
            language=study.report.language,
        ).result()
        for name in ("latent_size.json", "latent_size.html"):
            shutil.copyfile(chosen.path / name, opening.folder.working / name)
            stage_runner.tracker.artifacts(stage_runner.parent_run, chosen.path / name)
        return opening.folder.finish()
