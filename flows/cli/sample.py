"""latent-audit sample: draws images of a finished run's model."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from latent_audit.flows.cli.starting import shown_path

DESCRIPTION = """\
Draws images of a model that a finished run audited, and writes them with codes.csv: the code of each image, what it
was asked for, what the attribute classifier reads in it, and whether that combination occurs in training. The run is
verified first, and nothing is written into it. The same seed draws the same images, however many are asked for.

--ask works where the model names the attribute, or along the place where the attribute lives in its code, if that
is at least partly supported. The models are read from the store that the run wrote into.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "sample",
        help="draw images of a finished run's model, as it samples or with attributes asked for",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit sample RUN --number N --output DIR [--model NAME] [--ask ASKED] [--seed S] "
        "[--noise S] [--format FORM] [--code DIR] [--store DIR]",
    )
    parser.add_argument("folder", metavar="RUN", type=Path, help="folder of a finished run, as runs/latest")
    parser.add_argument("--number", type=int, required=True, metavar="N", help="how many images")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="a new or an empty folder")
    parser.add_argument("--model", metavar="NAME", help="the model (default: the run's first)")
    parser.add_argument("--ask", metavar="ASKED", help="attributes, as shape=heart,scale=0.8")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the draws (default 0)")
    parser.add_argument(
        "--noise", type=int, metavar="S", help="one draw of decoder noise for all images, from this seed"
    )
    parser.add_argument(
        "--format", choices=("png", "npz"), default="png", metavar="FORM", help="png (default) or npz"
    )
    parser.add_argument(
        "--code", type=Path, metavar="DIR", help="folder of your own code that makes the model; it is run"
    )
    parser.add_argument(
        "--store", type=Path, default=Path("artifacts"), help="the run's store (default artifacts)"
    )
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.kept_results import open_kept_run
    from latent_audit.tasks.runs.samples.draw_samples import SampleRequest, draw_samples
    from latent_audit.tasks.terminal_text import named, print_line

    kept = open_kept_run(arguments.folder, arguments.store, arguments.code)
    request = SampleRequest(
        arguments.model,
        arguments.number,
        arguments.ask,
        arguments.seed,
        arguments.noise,
        arguments.format,
    )
    folder = draw_samples(kept, request, arguments.output)
    print_line(f"{arguments.number} images and codes.csv: {named(shown_path(folder))}")
    return 0
