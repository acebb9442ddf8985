"""One small audit with one fault after another, all on one store."""

import json
import os
import shutil
import time
from functools import partial

from tests.audits import faults, moments
from tests.audits.fault_series import Series, Servers

GONE_SECONDS = 3.0
MAX_KILLS = 40
DAY = 86_400.0


def run_all(series: Series, servers: Servers) -> None:
    """Kills first, which make the audit; then what befalls it when some of it is to be computed again."""
    killed_in_every_stage(series)
    other_beta = ("--models.vae.beta", "3")
    series.run("full disk in train", *other_beta, act=faults.fill_disk, only=[moments.OPENING])
    series.run("full disk in export", *other_beta, act=faults.fill_disk, only=["export"])
    gone_servers(series, servers, *other_beta)
    series.run("other beta", *other_beta)
    damaged_artifacts(series, *other_beta)
    series.run("repeated", *other_beta)
    read_only_output(series, "--subject.owner", "Ada", *other_beta)
    changed_clock(series, "--subject.owner", "Grace", *other_beta)


def killed_in_every_stage(series: Series) -> None:
    """Each run goes on with the one before, until it comes to a stage in which none was killed yet."""
    killed: list[str] = []
    while len(killed) < MAX_KILLS:
        run = series.run(f"killed {len(killed)}", act=faults.die, but=killed)
        if not run.stage:
            break
        killed.append(run.stage)


def gone_servers(series: Series, servers: Servers, *words: str) -> None:
    """First each stays away, then both come back."""
    with_mlflow = (*words, "--tracking.uri", str(servers.mlflow.address))
    servers.start(servers.mlflow)
    both = (servers.prefect, servers.mlflow)
    impatient = partial(os.environ.update, MLFLOW_HTTP_REQUEST_MAX_RETRIES="1")
    kill = partial(servers.kill, servers.mlflow)
    series.run("MLflow gone", *with_mlflow, act=kill, only=["export"], before=impatient)
    servers.start(servers.mlflow)

    def come_back() -> None:
        time.sleep(GONE_SECONDS)
        servers.start(*both)

    kill = partial(servers.kill, *both)
    series.run("both gone for a while", *with_mlflow, act=kill, only=["verdicts"], meanwhile=come_back)
    kill = partial(servers.kill, servers.prefect)
    series.run("Prefect gone", *words, act=kill, only=[moments.SEALING], before=faults.give_up_on_prefect)
    servers.start(servers.prefect)


def read_only_output(series: Series, *words: str) -> None:
    """While a run computes, and before one begins."""
    output = series.home / "runs"
    series.run("read-only output", *words, act=partial(faults.make_read_only, output), only=["verdicts"])
    faults.make_writable(output)
    series.run("output that never was writable", *words, "--run.output", "/sys/kernel/runs")
    series.run("output that is writable again", *words)


def damaged_artifacts(series: Series, *words: str) -> None:
    """One bit of a file, a whole result, one file of a result, and a manifest."""
    ledger = series.home / "runs" / "latest" / "ledger.jsonl"
    keys = {entry["stage"]: entry["key"] for entry in map(json.loads, ledger.read_text().splitlines())}
    place = {stage: series.home / "artifacts" / stage / key for stage, key in keys.items()}
    weights = place["train"] / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    shutil.rmtree(place["encode"])
    (place["probe"] / "probe.json").unlink()
    (place["negative_controls"] / "manifest.json").unlink()
    series.run("damaged artifacts", *words)


def changed_clock(series: Series, *words: str) -> None:
    """Put back while a run computes; wrong for a whole run; right again."""
    series.run("clock put back", *words, act=partial(faults.put_clock, -DAY), only=["verdicts"])
    series.run("clock of tomorrow", *words, before=partial(faults.put_clock, DAY))
    series.run("clock of yesterday", *words, before=partial(faults.put_clock, -DAY))
