"""latent-audit inspect: says what a file or folder is, and which settings audit it."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Says what a file or folder is: weights, an exported program, a model of another library, a table, images. Prints names
and shapes, what an audit still needs, and settings to copy. Nothing of the file is run or unpickled.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "inspect", help="say what a file or folder is, and print settings for it", description=DESCRIPTION
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="a file or folder: a model, a table, images")
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.session.inspect_path import inspected_lines
    from latent_audit.tasks.terminal_text import print_line

    for line in inspected_lines(arguments.path):
        print_line(line)
    return 0
