"""latent-audit codes: the checks that need no decoder, of codes that any encoder wrote into a file."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latent_audit.tasks.in_memory.codes_audit import CodesResult

_SEEDS = 2**31
DESCRIPTION = """\
Audits codes without a model: what each dimension tells about each label, where labels can be read, scores, maps and
claims of absence. Nothing is tested by decoding. Codes are a .npy file, or a CSV or parquet table of numbers; labels
are a table with a row for each code. Several files of codes are trained seeds of one model, of the same rows.

With --generator, codes of a generator without an encoder are drawn and decoded, and what is read in the images is
their label: moves and swaps are tested by what is drawn. This runs your function PACKAGE.MODULE:FUNCTION, which returns
an object with decode(codes), and dimensions or sample(count), and perhaps read(images), names and pixel_range.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "codes",
        help="audit codes alone, of any encoder",
        description=DESCRIPTION,
        usage="latent-audit codes CODES [CODES ...] --labels TABLE --output DIR [--types JSON] "
        "[--must_not_hold LABEL ...] [--permutations N] [--seed N] [--language CODE]\n"
        "       latent-audit codes --generator FUNCTION --output DIR [--code FOLDER] [--rows N] [--permutations N] "
        "[--seed N] [--language CODE]",
    )
    parser.add_argument(
        "codes", type=Path, nargs="*", metavar="CODES", help="file of codes, one for each seed"
    )
    parser.add_argument("--labels", type=Path, metavar="TABLE", help="CSV or parquet table of labels")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="new folder for the page codes.html, the tables and codes.json",
    )
    parser.add_argument(
        "--types",
        type=_types,
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
    parser.add_argument("--language", default="en", metavar="CODE", help="language of the page: en or zh")
    parser.add_argument(
        "--generator", metavar="FUNCTION", help="in place of CODES: your function that returns a generator"
    )
    parser.add_argument(
        "--code", type=Path, default=Path(), metavar="FOLDER", help="folder that its package or module is in"
    )
    parser.add_argument("--rows", type=int, default=3000, metavar="N", help="codes that are drawn of it")
    parser.set_defaults(act=_act)


def _types(text: str) -> Any:
    """Returns the types of `--types`; raises argparse's error if they are no JSON object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError('expected JSON, as in \'{"grade": "ordinal"}\'')
    return found


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.errors import UsageError
    from latent_audit.tasks.in_memory.codes_audit import require_language
    from latent_audit.tasks.storage.arrays import write_json
    from latent_audit.tasks.terminal_text import named, print_line

    output: Path = arguments.output
    if output.exists():
        raise UsageError(f"{output} is there already: give the path of a new folder")
    if arguments.permutations < 1:
        raise UsageError("--permutations must be at least 1")
    if not 0 <= arguments.seed < _SEEDS:
        raise UsageError(f"--seed must lie in 0 to {_SEEDS - 1}")
    require_language(arguments.language)
    result = _of_generator(arguments) if arguments.generator else _of_files(arguments)
    output.mkdir(parents=True)
    result.save(output)
    write_json(output / "codes.json", result.record)
    result.report(output / "codes.html", arguments.language)
    for note in result.record["notes"]:
        print_line(f"note: {named(note)}")
    for row in result.where.to_dict("records"):
        print_line(f"{named(row['attribute'])} (seed {row['seed']}): {row['place']}. {named(row['reason'])}")
    for row in result.absent.to_dict("records"):
        print_line(f"{named(row['attribute'])} (seed {row['seed']}): {row['word']}. {named(row['reason'])}")
    print_line(f"page: {named(output / 'codes.html')}")
    print_line(f"tables: {named(output)}")
    return 0


def _of_files(arguments: argparse.Namespace) -> "CodesResult":
    from latent_audit.tasks.errors import UsageError
    from latent_audit.tasks.in_memory.codes_audit import CodesSizes, audit_codes

    if not arguments.codes or arguments.labels is None:
        raise UsageError("give files of codes and --labels, or --generator")
    return audit_codes(
        arguments.codes,
        arguments.labels,
        types=arguments.types,
        must_not_hold=arguments.must_not_hold,
        sizes=CodesSizes(permutations=arguments.permutations),
        seed=arguments.seed,
    )


def _of_generator(arguments: argparse.Namespace) -> "CodesResult":
    from latent_audit.tasks.errors import UsageError
    from latent_audit.tasks.in_memory.codes_audit import CodesSizes
    from latent_audit.tasks.in_memory.generator import audit_generator, made_generator

    if arguments.codes or arguments.labels or arguments.types or arguments.must_not_hold:
        raise UsageError(
            "--generator draws its codes and reads its labels: leave out CODES, --labels, --types and "
            "--must_not_hold"
        )
    made = made_generator(arguments.generator, arguments.code)
    sizes = CodesSizes(permutations=arguments.permutations)
    return audit_generator(**made, rows=arguments.rows, sizes=sizes, seed=arguments.seed)
