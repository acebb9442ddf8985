"""latent-audit export and figures: what a finished run holds, in forms that other programs read."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Checks a finished run as `latent-audit verify` does and writes what it found for other programs, beside the run and
never into it:
  model-card   a card for each model: Hugging Face's metadata header, and a body in Markdown
  in-toto      statement.json: the digest of manifest.json, and what was required or claimed and found. Sign it with
               latent-audit sign, check it with latent-audit verify --statement
"""


def add(commands: Any) -> None:
    """Adds the words of both commands to the parser."""
    parser = commands.add_parser(
        "export",
        help="write a finished run as a model card or as an in-toto statement",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit export RUN --format model-card|in-toto [--output DIR]",
    )
    parser.add_argument("folder", metavar="RUN", type=Path, help="folder of a finished run, as runs/latest")
    parser.add_argument(
        "--format",
        choices=("model-card", "in-toto"),
        required=True,
        metavar="FORM",
        help="model-card or in-toto",
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder (default: <run id>-exports, beside the run)"
    )
    parser.set_defaults(act=_act)
    figures = commands.add_parser(
        "figures",
        help="write every figure of a report as SVG, and its numbers as CSV",
        usage="latent-audit figures RUN [--output DIR]",
    )
    figures.add_argument("folder", metavar="RUN", type=Path, help="folder of a finished run, as runs/latest")
    figures.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder (default: <run id>-exports/figures, beside the run)",
    )
    figures.set_defaults(act=_write_figures)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.exports import export
    from latent_audit.tasks.terminal_text import named, print_line

    for path in export(arguments.folder, arguments.format, arguments.output):
        print_line(named(path))
    return 0


def _write_figures(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.exports import write_figures
    from latent_audit.tasks.terminal_text import named, print_line

    written = write_figures(arguments.folder, arguments.output)
    print_line(
        f"{len(written)} files in {named(written[0].parent)}" if written else "this report has no figures"
    )
    return 0
