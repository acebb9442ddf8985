"""latent-audit run: runs an audit from its settings to its report."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_audit.flows.cli.starting import ready_for_a_flow, shown_path, wait_for_services
from latent_audit.tasks.errors import Reported
from latent_audit.tasks.execution.process_setup import without_garbage_collection

if TYPE_CHECKING:
    from latent_audit.tasks.settings.audit import Settings

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
    parser.set_defaults(act=_act, takes_settings=True, goes_on=True)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.terminal_text import print_line

    with without_garbage_collection(for_good=True):
        settings = ready_for_a_flow(overrides)
        from latent_audit.flows.audit_flow import audit
        from latent_audit.tasks.services.prefect_server import translate_server_errors
        from latent_audit.tasks.session import drift

    wait_for_services(settings)
    try:
        with translate_server_errors():
            folder = audit(settings)
    except Reported as error:
        _name_report(error.folder, settings)
        raise
    for change in drift.changes_of(folder):
        print_line(f"changed since the last accepted run: {change}", sys.stderr)
    _name_report(folder, settings)
    return 0


def _name_report(folder: Path, settings: "Settings") -> None:
    from latent_audit.tasks.terminal_text import named, print_line

    report = named(shown_path(folder) / "report.html")
    print_line(f"\nreport: {report}\nMLflow: {_ui_command(settings.run.store)}")
    sys.stdout.flush()


def _ui_command(store: Path) -> str:
    from latent_audit.tasks.settings.words import word_of

    default = Path("artifacts")
    words = [] if store == default else ["--run.store", word_of(str(store))]
    return shlex.join(["latent-audit", "ui", *words])
