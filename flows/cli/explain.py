"""latent-audit explain: explains any one image with the models of a finished run."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from latent_audit.flows.cli.starting import prepare_store, shown_path

DESCRIPTION = """\
Explains one image with a model that a finished run audited, on one page: what the attribute classifier says of it and
of the picture that the model rebuilds, its code beside those of other images, which dimensions make the answer what it
is, which pixels, the nearest training images, and the smallest move of the code that changes the answer.

IMAGE is a file, or a file name or row number of the data. The run is verified first; nothing is written into it, and
MLflow hears of it with --track alone. The models are read from the store that the run wrote into.
"""
METHODS = ("integrated-gradients", "lime", "kernel-shap")


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "explain",
        help="explain any one image with a finished run's model",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit explain RUN IMAGE [--model NAME] [--seed N] [--attribute NAME] [--against IMAGE] "
        "[--method METHOD] [--output FILE] [--format FORM] [--language CODE] [--track] [--code DIR] [--store DIR]",
    )
    parser.add_argument("folder", metavar="RUN", type=Path, help="folder of a finished run, as runs/latest")
    parser.add_argument("image", metavar="IMAGE", help="a file, or a file name or row number of the data")
    parser.add_argument("--model", metavar="NAME", help="the model (default: the run's first)")
    parser.add_argument("--seed", type=int, metavar="N", help="its seed (default: the lead seed)")
    parser.add_argument("--attribute", metavar="NAME", help="explain the answer on one attribute alone")
    parser.add_argument("--against", metavar="IMAGE", help="compare with one image in place of held-out ones")
    parser.add_argument(
        "--method",
        choices=METHODS,
        default=METHODS[0],
        metavar="METHOD",
        help=f"of pixel maps: {', '.join(METHODS)}",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="the page (default: IMAGE-explained.html, here)"
    )
    parser.add_argument(
        "--format", choices=("html", "json"), default="html", metavar="FORM", help="html (default) or json"
    )
    parser.add_argument("--language", default="en", metavar="CODE", help="en (default) or zh")
    parser.add_argument("--track", action="store_true", help="log the page to the run in MLflow")
    parser.add_argument(
        "--code", type=Path, metavar="DIR", help="folder of your own code that makes the model; it is run"
    )
    parser.add_argument(
        "--store", type=Path, default=Path("artifacts"), help="the run's store (default artifacts)"
    )
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.explanation.explain_image import ExplainRequest, explain_image
    from latent_audit.tasks.runs.explanation.explanation_files import target_of, write_explanation
    from latent_audit.tasks.runs.kept_results import open_kept_run
    from latent_audit.tasks.terminal_text import named, print_line

    kept = open_kept_run(arguments.folder, arguments.store, arguments.code)
    form, language = arguments.format, arguments.language
    target = target_of(kept, arguments.image, arguments.output, form, language)
    request = ExplainRequest(
        arguments.image,
        arguments.model,
        arguments.seed,
        arguments.attribute,
        arguments.against,
        arguments.method,
    )
    found = explain_image(kept, request)
    for sentence in write_explanation(found, target, form, language):
        print_line(sentence)
    print_line(f"explanation: {named(shown_path(target))}")
    if arguments.track:
        prepare_store(arguments.store)  # before MLflow is imported
        from latent_audit.tasks.runs.explained_images import log_explanation

        if not log_explanation(kept, target, arguments.store):
            print_line("MLflow does not know this run, so nothing was logged there", sys.stderr)
    return 0
