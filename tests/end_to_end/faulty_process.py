"""A process that has imported everything and has real servers beside it, from which runs with faults are forked.

Takes a folder, and writes what each run did to results.json in it.
"""

import json
import os
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from tasks import environment
from tasks.services import ServiceSettings
from tests.ports import free_port

# What a run imports only when it comes to it, beside its stages.
LATE = (
    "mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store", "mlflow.pytorch",
    "mlflow.store.tracking.rest_store", "prefect.flow_engine", "prefect.task_engine", "alembic.command", "umap",
    "flows.audit_flow", "tasks.prefect_server", "tasks.secrets_apart",
)  # fmt: skip
# Of one model alone, whose stages are all that there are.
AUDIT = """\
run: {name: faulty}
compute: {runner: thread}
data: {kind: sprites, images: 1800}
seeds: [0]
classifier: {width: 8, hidden: 16, training: {steps: 20, evaluate_every: 20, patience: null}}
models:
  vae:
    {kind: beta_vae, beta: 2, latent_dim: 2, network: mlp, warm_up_steps: 5,
     training: {steps: 60, batch_size: 16, evaluate_every: 30, checkpoint_every: 20, evaluation_images: 100}}
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_moves_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, move_images: 16, use_images: 20, regret_steps: 2}
"""


def main(home: Path) -> None:
    """Prepares the environment, and only then imports what looks at it."""
    (home / "faulty.yaml").write_text(AUDIT)
    os.chdir(home)
    settings = ServiceSettings(home / "artifacts", prefect_port=free_port(), mlflow_port=free_port())
    environment.prepare(settings.store)
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{settings.prefect_port}/api"
    for name in LATE:
        import_module(name)
    from tasks import stages
    from tasks.stage import Stage
    from tests.end_to_end.fault_series import Series, Servers
    from tests.end_to_end.faulty_runs import run_all

    for stage in vars(stages).values():
        if isinstance(stage, Stage):
            import_module(stage.module)
    servers, series = Servers(settings), Series(home)
    try:
        servers.start(servers.prefect)
        run_all(series, servers)
    finally:
        servers.end()
        results = {name: asdict(run) for name, run in series.runs.items()}
        (home / "results.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
