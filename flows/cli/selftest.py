"""latent-audit selftest: measures the error rates of the checks."""

import argparse
from collections.abc import Sequence
from typing import Any


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "selftest",
        help="measure the error rates of the evidence itself, on worlds whose truth is known",
        usage="latent-audit selftest [--reduced] [--save] [--seed N]",
    )
    parser.add_argument("--reduced", action="store_true", help="fewer worlds: a minute instead of an hour")
    parser.add_argument(
        "--save",
        action="store_true",
        help="keep the figures and their sizes: reports of this installation cite them",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the worlds (default 0)")
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.selftest_record import perform

    return 0 if perform(reduced=arguments.reduced, seed=arguments.seed, save=arguments.save) else 1
