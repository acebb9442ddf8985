"""A process that has imported everything and has real servers beside it, from which runs with faults are forked.

Takes a folder, and writes what each run did to results.json in it.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from latent_audit.tasks.execution import process_setup
from latent_audit.tasks.services.all_services import ServiceSettings
from latent_audit.tasks.storage.sign_in import for_prefect_clients, kept_sign_in
from tests.audits.imported import import_all
from tests.ports import free_port

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
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_directions_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, manipulation_images: 16,
  anomaly_images: 20, regret_steps: 2}
"""


def main(home: Path) -> None:
    """Prepares the environment, and only then imports what looks at it."""
    (home / "faulty.yaml").write_text(AUDIT)
    os.chdir(home)
    settings = ServiceSettings(home / "artifacts", prefect_port=free_port(), mlflow_port=free_port())
    process_setup.prepare(settings.store)
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{settings.prefect_port}/api"
    os.environ.update(for_prefect_clients(kept_sign_in(settings.store)))
    import_all()
    from tests.audits.fault_series import Series, Servers
    from tests.audits.faulty_runs import run_all

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
