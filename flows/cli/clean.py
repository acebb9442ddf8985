"""latent-audit clean: removes old runs and unused stages."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from latent_audit.flows.cli.given_numbers import length
from latent_audit.tasks.errors import SettingsError

DESCRIPTION = """\
Says what may be cleared away, and with --yes removes it: runs older than --days that are not among the --keep newest
of their name, and finished stages older than --days that no remaining run rests on. Never an accepted run, never
runs/latest, nothing of MLflow. A stage that is missed later is computed again. Folders that this program did not make
and links are left alone.

Runs of another --output that share the store are not looked at: their stages would be computed again.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "clean",
        help="say which old runs and stages may be cleared away; --yes removes them",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit clean [--yes] [--days N] [--keep N] [--store DIR] [--output DIR]",
    )
    parser.add_argument("--yes", action="store_true", help="remove it; without this nothing is touched")
    parser.add_argument("--days", type=length, default=30.0, help="keep whatever is younger (default 30)")
    parser.add_argument(
        "--keep", type=int, default=5, metavar="N", help="newest runs of each name (default 5)"
    )
    parser.add_argument(
        "--store", type=Path, default=Path("artifacts"), help="the run's store (default artifacts)"
    )
    parser.add_argument("--output", type=Path, default=Path("runs"), help="folder of all runs (default runs)")
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.cleaning import Keep, plan, remove
    from latent_audit.tasks.terminal_text import named, print_line

    if arguments.keep < 0:
        raise SettingsError("--keep must not be negative")
    found = plan(arguments.store, arguments.output, Keep(arguments.keep, arguments.days), datetime.now(UTC))
    gone = remove(found) if arguments.yes else found
    for removal in gone:
        print_line(f"{removal.kind:6}{removal.size / 1e6:10.1f} MB  {named(removal.path)}")
    word = "removed" if arguments.yes else "may go; --yes removes it"
    print_line(f"{sum(removal.size for removal in gone) / 1e6:.1f} MB in {len(gone)} folders {word}")
    return 0
