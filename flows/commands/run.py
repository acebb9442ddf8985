"""latent-audit run: an audit from its settings to its report."""

import argparse
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
    from tasks.settings_sources import settings_from_words
    from tasks.store import writing

    settings = settings_from_words(overrides)
    with writing(settings.run.store):
        environment.prepare(settings.run.store)  # before Prefect and MLflow are imported
    from flows.audit_flow import audit

    folder = audit(settings)
    print(f"\nreport: {shown_path(folder) / 'report.html'}\nMLflow: {_ui_command(settings.run.store)}")
    return 0


def _ui_command(store: Path) -> str:
    default = Path("artifacts")
    return "latent-audit ui" if store == default else f"latent-audit ui --run.store {store}"


def shown_path(path: Path) -> Path:
    """Returns a path as a person at this place would write it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
