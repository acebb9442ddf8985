"""latent-audit accept: this run is what later runs of its name are compared with."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.commands.starting import prepare_store

DESCRIPTION = """\
Checks a finished run against its seal and notes it in runs/<name>/accepted.jsonl. Later runs of that name say what
changed since, and `latent-audit clean` never removes it. In MLflow the run gets the tag `accepted`, and each of its
models with enough Supported attributes (over_time.audited_from_supported) the alias `audited`.
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
    from tasks.acceptance import accept
    from tasks.settings_sources import load_settings

    settings = load_settings(None, overrides)
    note = accept(arguments.folder, arguments.by, datetime.now(UTC))
    prepare_store(settings.run.store)
    from tasks.audited import tell_mlflow

    audited = tell_mlflow(arguments.folder, settings, note)
    print(f"accepted: {note.run_id}")
    print(f"audited in MLflow: {', '.join(audited) or 'no model has enough Supported attributes'}")
    return 0
