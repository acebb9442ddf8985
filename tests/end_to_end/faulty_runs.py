"""One small audit with one fault after another, all on one store, with real servers of Prefect and MLflow.

Every run is a fork of this program, which has imported everything, so that a fault costs seconds. Takes a folder, and
writes what each run did to results.json in it.
"""

import json
import os
import shutil
import sys
import time
from dataclasses import asdict
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tasks import environment, stages
from tasks.services import ServiceSettings
from tasks.stage import Stage
from tests.ports import free_port

if TYPE_CHECKING:
    from tests.end_to_end.fault_series import Series, Servers

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
# What a run imports only when it comes to it, beside its stages.
LATE = (
    "mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store", "mlflow.pytorch",
    "mlflow.store.tracking.rest_store", "prefect.flow_engine", "prefect.task_engine", "alembic.command", "umap",
    "flows.audit_flow", "tasks.prefect_server", "tasks.secrets_apart",
)  # fmt: skip
GONE_SECONDS = 3.0
MOST_KILLS = 40
DAY = 86_400.0


def run_all(series: "Series", servers: "Servers") -> None:
    """Kills first, which make the audit; then what befalls it when some of it is to be computed again."""
    killed_in_every_stage(series)
    other_beta = ("--models.vae.beta", "3")
    full_disk(series, *other_beta)
    gone_servers(series, servers, *other_beta)
    read_only_output(series, *other_beta)
    series.run("other beta", *other_beta)
    damaged_artifacts(series, *other_beta)
    series.run("repeated", *other_beta)
    changed_clock(series, *other_beta)


def killed_in_every_stage(series: "Series") -> None:
    from tests.end_to_end import faults

    killed: list[str] = []
    while len(killed) < MOST_KILLS:
        run = series.run(f"killed {len(killed)}", act=faults.die, but=killed)
        if not run.stage:
            break
        killed.append(run.stage)


def full_disk(series: "Series", *words: str) -> None:
    from tests.end_to_end import faults

    for stage in ("train", "export"):
        series.run(f"full disk in {stage}", *words, act=faults.fill_disk, only=[stage])


def gone_servers(series: "Series", servers: "Servers", *words: str) -> None:
    words = (*words, "--tracking.uri", str(servers.mlflow.address))
    both = (servers.prefect, servers.mlflow)
    servers.start(servers.mlflow)

    def come_back() -> None:
        time.sleep(GONE_SECONDS)
        servers.start(*both)

    kill = partial(servers.kill, *both)
    series.run("servers gone for a while", *words, act=kill, but=["train"], meanwhile=come_back)


def read_only_output(series: "Series", *words: str) -> None:
    from tests.end_to_end import faults

    output = series.home / "runs"
    series.run("read-only output", *words, act=partial(faults.make_read_only, output), only=["draw"])
    faults.make_writable(output)
    series.run("output that is read-only at once", *words, "--run.output", "/sys/kernel/runs")


def damaged_artifacts(series: "Series", *words: str) -> None:
    (ledger,) = (series.home / "runs" / "latest").glob("ledger.jsonl")
    keys = {entry["stage"]: entry["key"] for entry in map(json.loads, ledger.read_text().splitlines())}
    place = {stage: series.home / "artifacts" / stage / key for stage, key in keys.items()}
    weights = place["train"] / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    shutil.rmtree(place["encode"])
    (place["probe"] / "probe.json").unlink()
    (place["control"] / "manifest.json").unlink()
    series.run("damaged artifacts", *words)


def changed_clock(series: "Series", *words: str) -> None:
    from tests.end_to_end import faults

    clock = faults.Clock
    words = (*words, "--subject.owner", "Ada")
    print(clock, words)


def main(home: Path) -> None:
    """Runs everything in a folder."""
    (home / "faulty.yaml").write_text(AUDIT)
    os.chdir(home)
    settings = ServiceSettings(home / "artifacts", prefect_port=free_port(), mlflow_port=free_port())
    environment.prepare(settings.store)
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{settings.prefect_port}/api"
    from tests.end_to_end.fault_series import Series, Servers

    servers = Servers(settings)
    series = Series(home)
    try:
        servers.start(servers.prefect)
        for module in (*LATE, *(each.module for each in vars(stages).values() if isinstance(each, Stage))):
            import_module(module)
        run_all(series, servers)
    finally:
        servers.end()
        results = {name: asdict(run) for name, run in series.runs.items()}
        (home / "results.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
