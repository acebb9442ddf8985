"""latent-audit compare: compares two finished runs."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Says what changed from one finished run to another: verdicts, effects and scores of the lead seeds with intervals
on their differences, claims that one of them alone makes, and what else is stated differently.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "compare",
        help="say what changed from one finished run to another",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit compare DIR_A DIR_B [--json] [--html FILE] [--language CODE]",
    )
    parser.add_argument("first", metavar="DIR_A", type=Path, help="folder of the earlier run")
    parser.add_argument("second", metavar="DIR_B", type=Path, help="folder of the later run")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page as well")
    parser.add_argument("--language", default="en", metavar="CODE", help="en (default) or zh")
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.compare import as_json, as_text, compare_runs, write_html

    runs = (arguments.first, arguments.second)
    found = compare_runs(*runs, arguments.language)
    if arguments.html is not None:
        write_html(found, *runs, arguments.language, arguments.html)
    shown = as_json(found) if arguments.json else as_text(found, *runs, arguments.language) + "\n"
    print(shown, end="")
    return 0
