"""The Prefect tasks: one for a download, and one that performs any stage under its own name."""

from collections.abc import Callable
from typing import Any

from prefect import allow_failure, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture

from latent_audit.reports.page.visible_text import visible
from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.downloads.fetch_errors import Unreachable
from latent_audit.tasks.errors import PartFailed
from latent_audit.tasks.execution.failed_parts import raise_failed_inputs
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.stage_runner import StageRunner
from latent_audit.tasks.session.prefect_page import move_flow_progress
from latent_audit.tasks.stages.data.download import download
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.data_files import DataFiles

Inputs = dict[str, Any]
AcceptFailed = Callable[[Inputs], Inputs]


def _host_did_not_answer(task: Any, run: Any, state: Any) -> bool:
    """Whether a retry can help: only if the host did not answer."""
    return isinstance(state.result(raise_on_failure=False), Unreachable)


# The store is the truth: Prefect's own cache would miss the content of files and of helper modules.
@task(
    name="download",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=3,
    retry_delay_seconds=[2, 5, 15],
    retry_jitter_factor=0.5,
    retry_condition_fn=_host_did_not_answer,
    log_prints=False,
)
def download_data(stage_runner: StageRunner, data: DataSettings) -> DataFiles:
    """Returns the verified files of a data set."""
    return download(data, stage_runner.store.root, stage_runner.progress)


@task(cache_policy=NO_CACHE, persist_result=False, log_prints=False)
def _perform(
    stage_runner: StageRunner,
    stage: Stage,
    model: ModelKey | None,
    inputs: Inputs,
    accept_failed: AcceptFailed | None,
) -> Artifact:
    try:
        if accept_failed is not None:
            inputs = accept_failed(inputs)
        raise_failed_inputs(inputs, stage, model)
        return stage_runner.perform(stage, model, inputs)
    except PartFailed:
        stage_runner.submitted -= 1
        raise
    finally:
        move_flow_progress(stage_runner)


def submit(
    stage_runner: StageRunner,
    stage: Stage,
    model: ModelKey | None = None,
    /,
    accept_failed: AcceptFailed | None = None,
    **inputs: Any,
) -> PrefectFuture[Artifact]:
    """Returns the future of a stage's artifact. Inputs may be futures of other stages, which are awaited.

    A stage is not computed where one of its inputs failed, unless `accept_failed` is given: it gets the inputs, with
    a PartFailed in the place of each failed one, and returns those to go on with.
    """
    stage_runner.submitted += 1
    run_name = f"{stage.name} {model.name} seed {model.seed}" if model else stage.name
    named = _perform.with_options(name=stage.name, task_run_name=_escaped(run_name))
    waited: Any = allow_failure(inputs)  # Prefect hands the task what these hold
    return named.submit(stage_runner, stage, model, waited, accept_failed)


def _escaped(name: str) -> str:
    """Escapes braces: Prefect formats run names with the parameters."""
    return visible(name).replace("{", "{{").replace("}", "}}")
