"""latent-audit latent-size: chooses the number of latent dimensions by K folds."""

import argparse
from collections.abc import Sequence
from typing import Any

from latent_audit.flows.cli.starting import ready_for_a_flow, shown_path, wait_for_services
from latent_audit.tasks.execution.process_setup import without_garbage_collection

DESCRIPTION = """\
Trains one model at several sizes on K folds of the training images, and names the smallest size whose held-out
evidence lower bound is as good as the best. Sizes, folds and model: --latent_size.sizes [2,5,10]
--latent_size.folds 5 --latent_size.model vae; everything else as in `latent-audit run`.

Results: runs/<name>-latent-size/<run id>/latent_size.html and latent_size.json.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "latent-size",
        help="choose the number of latent dimensions by K folds",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit latent-size [CONFIG.yaml] [--section.key VALUE ...]",
    )
    parser.set_defaults(act=_act, takes_settings=True, goes_on=True)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.terminal_text import print_line

    with without_garbage_collection(for_good=True):
        settings = ready_for_a_flow(overrides)
        from latent_audit.flows.latent_size_flow import latent_size
        from latent_audit.tasks.services.prefect_server import translate_server_errors

    wait_for_services(settings)
    with translate_server_errors():
        folder = latent_size(settings)
    print_line(f"\nlatent size: {shown_path(folder) / 'latent_size.html'}")
    return 0
