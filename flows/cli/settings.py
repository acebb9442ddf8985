"""latent-audit settings: prints every setting with its value and description."""

import argparse
from collections.abc import Sequence
from typing import Any


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "settings",
        help="print the effective settings, with a line on each; the output is a valid CONFIG.yaml",
        usage="latent-audit settings [CONFIG.yaml] [--section.key VALUE ...]",
    )
    parser.set_defaults(act=_act, takes_settings=True)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.settings.layers import describe, settings_from_words

    print(describe(settings_from_words(overrides)), end="")
    return 0
