"""latent-audit figures: every figure of a report as SVG, with its numbers as CSV."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "figures",
        help="write every figure of a report as SVG, and its numbers as CSV",
        usage="latent-audit figures RUN [--output DIR]",
    )
    parser.add_argument("folder", metavar="RUN", type=Path, help="folder of a finished run, as runs/latest")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder (default: <run id>-exports/figures, beside the run)",
    )
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.exports import write_figures
    from latent_audit.tasks.terminal_text import named, print_line

    written = write_figures(arguments.folder, arguments.output)
    print_line(
        f"{len(written)} files in {named(written[0].parent)}" if written else "this report has no figures"
    )
    return 0
