"""latent-audit accept: accepts a run, with which later runs of its name are compared."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_audit.flows.cli.starting import prepare_store

if TYPE_CHECKING:
    from latent_audit.tasks.runs.verify import Verified

DESCRIPTION = """\
Checks a finished run as `latent-audit verify` does and notes it in runs/<name>/accepted.jsonl. Later runs of that
name say what changed since, and `latent-audit clean` never removes it. In MLflow each of its models with enough
Supported attributes (over_time.audited_from_supported) gets the alias `audited`, and the run the tag `accepted`.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "accept",
        help="accept a finished run: later runs are compared with it",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit accept RUN [--by NAME] [--section.key VALUE ...]",
    )
    parser.add_argument("folder", metavar="RUN", type=Path, help="folder of a finished run, as runs/latest")
    parser.add_argument("--by", default="", metavar="NAME", help="who accepts it")
    parser.set_defaults(act=_act, takes_settings=True)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.acceptance import Acceptance, accept
    from latent_audit.tasks.settings.layers import load_settings
    from latent_audit.tasks.terminal_text import named, print_line

    settings = load_settings(None, overrides)
    message: list[list[str] | None] = []

    def report(note: Acceptance, verified: "Verified") -> None:
        prepare_store(settings.run.store)  # before MLflow is imported
        from latent_audit.tasks.runs.audited_models import log_to_mlflow

        message.append(log_to_mlflow(verified, settings, note))

    note = accept(arguments.folder, arguments.by, datetime.now(UTC), report)
    audited = message[0]
    print_line(f"accepted: {named(note.run_id)}")
    if audited is None:
        print_line(
            "MLflow does not know this run, so nothing was said there; name its store with --tracking.uri"
        )
    else:
        print_line(
            f"audited in MLflow: {', '.join(audited) or 'no registered model has enough Supported attributes'}"
        )
    return 0
