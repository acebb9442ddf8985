"""latent-audit up, down and status: the servers and the worker that scheduled audits need, on this machine."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_audit.flows.cli.given_numbers import length, port
from latent_audit.flows.cli.starting import prepare_store

if TYPE_CHECKING:
    from latent_audit.tasks.services.all_services import ServiceSettings
    from latent_audit.tasks.services.service import State

DESCRIPTION = """\
Starts a Prefect server, a worker for the pool "audits", and MLflow, all on 127.0.0.1 alone, and waits until they
answer. They go on when this command ends; `latent-audit down` ends exactly them. What runs already is left alone.
Both servers ask for the user name and password in <store>/services/password, which only you can read.

With --deploy, every deployment of prefect.yaml in this folder is applied: its schedules begin to count. Where there
is none, the one that comes with latent-audit is written: a nightly audit of sprites and a weekly one of CelebA.
"""
STORE = "[--store DIR]"
PLACES = f"{STORE} [--prefect-port PORT] [--mlflow-port PORT]"


def add(commands: Any) -> None:
    """Adds the three commands' words to the parser."""
    parser = commands.add_parser(
        "up",
        help="start a Prefect server, a worker and MLflow on this machine",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"latent-audit up {PLACES} [--deploy] [--wait SECONDS] [--prefect-database URL] [--mlflow-database URL]",
    )
    _add_places(parser)
    parser.add_argument(
        "--deploy", action="store_true", help="apply prefect.yaml of this folder; written where there is none"
    )
    for name, example, variable in (
        ("prefect", "postgresql+asyncpg", "PREFECT_API_DATABASE_CONNECTION_URL"),
        ("mlflow", "postgresql", "MLFLOW_BACKEND_STORE_URI"),
    ):
        parser.add_argument(
            f"--{name}-database",
            metavar="URL",
            help=f"database of the {name} server, as {example}://... (other users can read a command line: give an "
            f"address with a password as {variable}); default: SQLite in the store",
        )
    parser.add_argument(
        "--wait", type=length, default=180.0, metavar="SECONDS", help="until each has answered (default 180)"
    )
    parser.set_defaults(act=_up)
    parser = commands.add_parser(
        "down", help="end what `latent-audit up` started", usage=f"latent-audit down {STORE}"
    )
    _add_store(parser)
    for name in (
        "--prefect-port",
        "--mlflow-port",
    ):  # the words of `up` are taken: the store says what to end
        parser.add_argument(name, type=port, help=argparse.SUPPRESS)
    parser.set_defaults(act=_down)
    parser = commands.add_parser(
        "status", help="say how the servers and the worker are", usage=f"latent-audit status {PLACES}"
    )
    _add_places(parser)
    parser.set_defaults(act=_status, prefect_database=None, mlflow_database=None, wait=0.0)


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store", type=Path, default=Path("artifacts"), help="the run's store (default artifacts)"
    )


def _add_places(parser: argparse.ArgumentParser) -> None:
    _add_store(parser)
    parser.add_argument("--prefect-port", type=port, default=4200, help="port on 127.0.0.1 (default 4200)")
    parser.add_argument("--mlflow-port", type=port, default=5000, help="port on 127.0.0.1 (default 5000)")


def _up(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.services import all_services

    prepare_store(arguments.store)  # what it starts inherits this
    settings = _settings(arguments)
    return _print_states(all_services.up(settings, _deployments() if arguments.deploy else None), settings)


def _deployments() -> Path:
    """Returns this folder's prefect.yaml; where it has none, writes the one that comes with the program."""
    from latent_audit.tasks.settings.shipped import deployments
    from latent_audit.tasks.storage.store import writing

    file = Path("prefect.yaml")
    if not file.exists():
        with writing(file):
            file.write_bytes(deployments().read_bytes())
        print(
            "there was no prefect.yaml in this folder: the one of latent-audit is written and applied",
            file=sys.stderr,
        )
    return file


def _down(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.services.all_services import ServiceSettings, down

    ended = down(ServiceSettings(arguments.store))
    print(f"ended: {', '.join(ended)}" if ended else "nothing was running")
    return 0


def _status(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.services import all_services

    settings = _settings(arguments)
    return _print_states(all_services.status(settings), settings)


def _settings(arguments: argparse.Namespace) -> "ServiceSettings":
    from latent_audit.tasks.services.all_services import ServiceSettings

    # Prefect reads its own variable.
    mlflow_database = arguments.mlflow_database or os.environ.get("MLFLOW_BACKEND_STORE_URI")
    return ServiceSettings(
        arguments.store,
        arguments.prefect_port,
        arguments.mlflow_port,
        arguments.prefect_database,
        mlflow_database,
        arguments.wait,
    )


def _print_states(states: "list[State]", settings: "ServiceSettings") -> int:
    """Prints a line a service, and where their password is; returns 0 if all are well."""
    from latent_audit.tasks.storage.sign_in import password_file
    from latent_audit.tasks.terminal_text import named, print_line

    for state in states:
        word = "well" if state.is_well else "does not answer" if state.process else "not running"
        print_line(f"{state.name:16}{word:17}{state.address or ''}".rstrip())
    if any(state.process for state in states):
        place = named(password_file(settings.store))
        print_line(f"user:password of both pages: {place} (Prefect's page takes it as one word)", sys.stderr)
    return 0 if all(state.is_well for state in states) else 1
