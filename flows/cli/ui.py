"""latent-audit ui: MLflow's pages on the run's store."""

import argparse
from collections.abc import Sequence
from typing import Any

from latent_audit.flows.cli.given_numbers import port
from latent_audit.flows.cli.starting import prepare_store


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "ui",
        help="open MLflow's pages on the run's store, on this machine only",
        usage="latent-audit ui [CONFIG.yaml] [--port PORT] [--section.key VALUE ...]",
    )
    parser.add_argument("--port", type=port, default=5000, help="port on 127.0.0.1 (default 5000)")
    parser.set_defaults(act=_act, takes_settings=True)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.settings.layers import settings_from_words

    settings = settings_from_words(overrides)
    prepare_store(settings.run.store)
    from latent_audit.tasks.services.mlflow_ui import serve

    return serve(settings, arguments.port)
