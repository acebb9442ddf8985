"""latent-audit run: an audit from its settings to its report."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Runs an audit and writes its report. The same command reuses every finished stage, and goes on where an
interrupted run stopped.

  CONFIG.yaml                     settings file; what it leaves out keeps its default
  --section.key VALUE             any setting, e.g. --run.name nightly --models.beta_vae.beta 8 --data.mirror DIR
  LATENT_AUDIT_SECTION__KEY       the same from the environment

Results: runs/<name>/<run id>/report.html and audit.json; runs/latest is the newest complete run.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "run",
        help="run an audit and write its report",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit run [CONFIG.yaml] [--section.key VALUE ...]",
    )
    parser.set_defaults(act=_act, takes_settings=True)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks import environment
    from tasks.prefect_server import refuse_unreachable_server, wait_for_database
    from tasks.secrets_apart import without_secrets
    from tasks.settings_sources import settings_from_words
    from tasks.store import writing

    settings = without_secrets(settings_from_words(overrides))
    with writing(settings.run.store):
        environment.prepare(settings.run.store)  # before Prefect and MLflow are imported
    refuse_unreachable_server()
    from flows.audit_flow import audit
    from tasks import over_time

    wait_for_database(Path(os.environ["PREFECT_HOME"]))
    folder = audit(settings)
    for change in over_time.changes_of(folder):
        print(f"changed since the last accepted run: {change}", file=sys.stderr)
    print(f"\nreport: {shown_path(folder) / 'report.html'}\nMLflow: {_ui_command(settings.run.store)}")
    return 0


def _ui_command(store: Path) -> str:
    default = Path("artifacts")
    return "latent-audit ui" if store == default else f"latent-audit ui --run.store {store}"


def shown_path(path: Path) -> Path:
    """Returns a path as a person at this place would write it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
