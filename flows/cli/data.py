"""latent-audit data: downloads and describes one data set."""

import argparse
from collections.abc import Sequence
from typing import Any


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "data",
        help="download one data set and describe it; exit code 2 if it would end an audit",
        usage="latent-audit data NAME [--data.key VALUE ...]",
    )
    parser.add_argument("name", help="a data set's kind: sprites, mnist, fashion_mnist, celeba, ...")
    parser.set_defaults(act=_act, takes_settings=True)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.session.describe_data import describe_data
    from latent_audit.tasks.settings.layers import load_settings

    return describe_data(load_settings(None, ["--data.kind", arguments.name, *overrides]))
