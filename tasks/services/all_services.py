"""The services of scheduled audits on one machine: a Prefect server, a worker and MLflow.

All listen on loopback alone, and want the password in <store>/services/password. Their notes and logs lie there too.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from latent_audit.tasks.errors import ServiceError
from latent_audit.tasks.services import service
from latent_audit.tasks.services.service import Service, State
from latent_audit.tasks.storage.private_files import private_file
from latent_audit.tasks.storage.sign_in import (
    SERVER_VARIABLE,
    for_mlflow_clients,
    for_prefect_clients,
    for_prefect_server,
    kept_sign_in,
)
from latent_audit.tasks.tracking.address import refuse_dead

HOST = "127.0.0.1"
POOL = "audits"
# The entry point of latent_audit.tasks.services.serve_mlflow.
MLFLOW_APP = "latent-audit"
PREFECT = (sys.executable, "-m", "prefect")
ANSWER_SECONDS = 2.0


@dataclass(frozen=True)
class ServiceSettings:
    """Ports and databases of the services.

    Args:
        store: the run's store.
        prefect_port: of the Prefect server.
        mlflow_port: of the MLflow server.
        prefect_database: SQLAlchemy address, as postgresql+asyncpg://...; None: SQLite in the store.
        mlflow_database: SQLAlchemy address, as postgresql://...; None: SQLite in the store.
        start_seconds: how long each may take until it answers.
    """

    store: Path
    prefect_port: int = 4200
    mlflow_port: int = 5000
    prefect_database: str | None = None
    mlflow_database: str | None = None
    start_seconds: float = 180.0

    @property
    def folder(self) -> Path:
        """The folder of the services' records and logs."""
        return self.store.absolute() / "services"


def up(settings: ServiceSettings, deployments: Path | None) -> list[State]:
    """Starts services that do not run, waits until all answer, and deploys a prefect.yaml if one is given.

    Raises ServiceError if one does not start; those that this call started are ended again.
    """
    begun: list[str] = []
    if settings.mlflow_database is not None:
        refuse_dead(settings.mlflow_database)
    else:
        database = settings.store.absolute() / "mlflow" / "mlflow.db"
        database.parent.mkdir(parents=True, exist_ok=True)
        private_file(database)
    try:
        for each in services(settings):
            if service.state(each, settings.folder).process is None:
                service.begin(each, settings.folder)
                begun.append(each.name)
            service.wait_until_well(each, settings.folder, settings.start_seconds)
        if deployments is not None:
            deploy(deployments, settings)
    except BaseException:
        for name in reversed(begun):
            service.end(name, settings.folder)
        raise
    return status(settings)


def down(settings: ServiceSettings) -> list[str]:
    """Ends the services and their child processes; returns the names of those that ran."""
    # The worker first, so that what it runs can still tell the servers how it ended.
    return [each.name for each in reversed(services(settings)) if service.end(each.name, settings.folder)]


def status(settings: ServiceSettings) -> list[State]:
    """Returns the state of each service."""
    return [service.state(each, settings.folder) for each in services(settings)]


def services(settings: ServiceSettings) -> list[Service]:
    """Returns the services in the order of their dependencies."""
    return [_prefect_server(settings), _mlflow_server(settings), _prefect_worker(settings)]


def deploy(file: Path, settings: ServiceSettings) -> None:
    """Applies every deployment of a prefect.yaml. Raises ServiceError with what Prefect said if it does not."""
    said = subprocess.run(
        [*PREFECT, "deploy", "--all", "--prefect-file", file.name],
        cwd=file.absolute().parent,
        env={**os.environ, **_for_clients(settings), "PREFECT_CLI_PROMPT": "false"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    if said.returncode != 0:
        raise ServiceError(f"{file} could not be deployed: {(said.stderr or said.stdout).strip()[-600:]}")


def _prefect_server(settings: ServiceSettings) -> Service:
    address = f"http://{HOST}:{settings.prefect_port}"
    database = settings.prefect_database
    return Service(
        "prefect-server",
        # -P: a folder of the user's called "tasks" is not meant.
        [
            sys.executable,
            "-P",
            "-m",
            "latent_audit.tasks.services.serve_prefect",
            "--port",
            str(settings.prefect_port),
        ],
        {
            **_for_clients(settings),
            **for_prefect_server(kept_sign_in(settings.store), address),
            "PREFECT_UI_API_URL": f"{address}/api",
            **({"PREFECT_API_DATABASE_CONNECTION_URL": database} if database else {}),
        },
        address,
        settings.prefect_port,
        lambda: httpx.get(f"{address}/api/health", timeout=ANSWER_SECONDS).is_success,
    )


def _mlflow_server(settings: ServiceSettings) -> Service:
    address = f"http://{HOST}:{settings.mlflow_port}"
    home = settings.store.absolute() / "mlflow"
    return Service(
        "mlflow",
        mlflow_command(settings.mlflow_port),
        {
            **mlflow_environment(kept_sign_in(settings.store)),
            "MLFLOW_BACKEND_STORE_URI": settings.mlflow_database or f"sqlite:///{home / 'mlflow.db'}",
            "MLFLOW_ARTIFACTS_DESTINATION": (home / "artifacts").as_uri(),
        },
        address,
        settings.mlflow_port,
        lambda: httpx.get(f"{address}/health", timeout=ANSWER_SECONDS).is_success,
    )


def mlflow_command(port: int) -> list[str]:
    """Returns the command that serves MLflow on a port of this machine alone, behind our gate."""
    words = ["--host", HOST, "--port", str(port), "--workers", "1", "--app-name", MLFLOW_APP]
    return [sys.executable, "-m", "mlflow", "server", *words]


def mlflow_environment(sign_in: str) -> dict[str, str]:
    """Returns the environment of an MLflow server, which other users cannot read."""
    return {
        SERVER_VARIABLE: sign_in,
        # A folder of the user's called "tasks" is not meant.
        "PYTHONSAFEPATH": "1",
        "UVICORN_APP_DIR": str(Path(__file__).parents[3]),
        # Nine processes that nothing here has work for.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def _prefect_worker(settings: ServiceSettings) -> Service:
    workers = f"http://{HOST}:{settings.prefect_port}/api/work_pools/{POOL}/workers/filter"

    def is_online() -> bool:
        user, _, password = kept_sign_in(settings.store).partition(":")
        answer = httpx.post(workers, json={}, auth=(user, password), timeout=ANSWER_SECONDS)
        return answer.is_success and any(worker["status"] == "ONLINE" for worker in answer.json())

    return Service(
        "prefect-worker",
        [*PREFECT, "worker", "start", "--pool", POOL, "--type", "process", "--name", "latent-audit"],
        {
            **_for_clients(settings),
            # prefect.yaml runs in this folder; audits keep their work in the store of these services.
            "LATENT_AUDIT_HOME": str(Path.cwd()),
            "LATENT_AUDIT_RUN__STORE": str(settings.store.absolute()),
        },
        None,
        None,
        is_online,
    )


def _for_clients(settings: ServiceSettings) -> dict[str, str]:
    """Environment variables with the addresses of these servers, for their clients."""
    sign_in = kept_sign_in(settings.store)
    return {
        **for_prefect_clients(sign_in),
        **for_mlflow_clients(sign_in),
        "PREFECT_API_URL": f"http://{HOST}:{settings.prefect_port}/api",
        "MLFLOW_TRACKING_URI": f"http://{HOST}:{settings.mlflow_port}",
        # Nobody watches a terminal here: warnings go to the log of each service.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }
