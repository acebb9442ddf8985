"""latent-audit codes: the checks that need no decoder, of codes that any encoder wrote into a file."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Audits codes without a model: what each dimension tells about each label, where labels can be read, scores, maps and
claims of absence. Nothing is tested by decoding. Codes are a .npy file, or a CSV or parquet table of numbers; labels
are a table with a row for each code. Several files of codes are trained seeds of one model, of the same rows.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "codes",
        help="audit codes alone, of any encoder",
        description=DESCRIPTION,
        usage="latent-audit codes CODES [CODES ...] --labels TABLE --output DIR [--types JSON] "
        "[--must_not_hold LABEL ...] [--permutations N] [--seed N]",
    )
    parser.add_argument(
        "codes", type=Path, nargs="+", metavar="CODES", help="file of codes, one for each seed"
    )
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="TABLE", help="CSV or parquet table of labels"
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="new folder for the tables and codes.json"
    )
    parser.add_argument(
        "--types",
        type=json.loads,
        default={},
        metavar="JSON",
        help="types that replace inferred ones, as data.types",
    )
    parser.add_argument(
        "--must_not_hold", nargs="+", default=[], metavar="LABEL", help="labels that the codes must not hold"
    )
    parser.add_argument(
        "--permutations", type=int, default=2000, metavar="N", help="label permutations behind p-values"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of halves, permutations and draws")
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.errors import UsageError
    from latent_audit.tasks.in_memory.codes_audit import CodesSizes, audit_codes
    from latent_audit.tasks.storage.arrays import write_json
    from latent_audit.tasks.terminal_text import named, print_line

    output: Path = arguments.output
    if output.exists():
        raise UsageError(f"{output} is there already: give the path of a new folder")
    if arguments.permutations < 1:
        raise UsageError("--permutations must be at least 1")
    result = audit_codes(
        arguments.codes,
        arguments.labels,
        types=arguments.types,
        must_not_hold=arguments.must_not_hold,
        sizes=CodesSizes(permutations=arguments.permutations),
        seed=arguments.seed,
    )
    output.mkdir(parents=True)
    result.save(output)
    write_json(output / "codes.json", result.record)
    for note in result.record["notes"]:
        print_line(f"note: {named(note)}")
    for row in result.where.to_dict("records"):
        print_line(f"{named(row['attribute'])} (seed {row['seed']}): {row['place']}. {named(row['reason'])}")
    for row in result.absent.to_dict("records"):
        print_line(f"{named(row['attribute'])} (seed {row['seed']}): {row['word']}. {named(row['reason'])}")
    print_line(f"tables: {named(output)}")
    return 0
