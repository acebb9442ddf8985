"""latent-audit pdf: prints a report as PDF."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "pdf",
        help="print the report of a finished run as a PDF, through Chromium",
        usage="latent-audit pdf DIR [--output FILE] [--browser PROGRAM]",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of a finished run, as runs/latest")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the PDF (default: beside the folder)")
    parser.add_argument("--browser", metavar="PROGRAM", help="name or path of a Chromium")
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.print_pdf import print_pdf
    from latent_audit.tasks.terminal_text import named, print_line

    print_line(named(print_pdf(arguments.folder, arguments.output, arguments.browser)))
    return 0
