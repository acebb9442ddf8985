"""What a GPU computes and how fast, in one run of at most eight minutes; make gpu-check starts it.

    python3 -m benchmarks.gpu.check                      on the GPU
    python3 -m benchmarks.gpu.check --device cpu --quick the same script in small, on a CPU

Each part is printed as it ends, and the table written after every part, so that a run that is cut short has figures.
Imports models and analyses only: no Prefect, no MLflow, no umap. On a machine without network, make gpu-wheels fetches
what it needs beforehand.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.gpu.agreement import compare
from benchmarks.gpu.material import Sprites
from benchmarks.gpu.speed import Sizes, device_name, measure_alone, measure_stacks
from benchmarks.limits import measure_limits
from benchmarks.measuring import temporary_folder
from benchmarks.result_table import section_lines, write_table
from benchmarks.results import ROOT, Section, read, write_failure, write_section
from latent_audit.tasks.analyses.checks.intervention import MIN_IMAGES

RESULTS = ROOT / "benchmarks" / "gpu_results.json"
DOCUMENT = ROOT / "docs" / "scale.md"
BEGIN = "<!-- measured: make gpu-check writes what stands between these two marks -->"
END = "<!-- end of what make gpu-check writes -->"
MISSED = 3
# Seconds; no part begins later.
LAST_BEGIN = 400.0
FULL, QUICK = Sizes(2000, (8, 30), (64, 512)), Sizes(4, (2,), (16,))


def main(words: Sequence[str] | None = None) -> int:
    """Runs every part; returns 1 if one failed, 3 if a promise was not kept, else 0."""
    given = _parser().parse_args(words)
    if given.table is not None:
        kept = json.loads(given.table.read_text(encoding="utf-8"))
        write_table(given.document or DOCUMENT, kept, BEGIN, END)
        return 0
    if given.results is None:
        given.results = temporary_folder() / RESULTS.name if given.quick else RESULTS
    torch.set_float32_matmul_precision("highest")
    started, failed, missed = time.monotonic(), list[str](), list[str]()
    if given.results.is_file():
        given.results.unlink()
    for name, measure in _parts(given):
        begun = time.monotonic()
        print(f"{name} ...", flush=True)
        if begun - started > LAST_BEGIN:
            write_failure(given.results, name, f"{LAST_BEGIN:g} seconds were over before it began")
            continue
        try:
            section = replace(measure(), quick=given.quick)
        except Exception as error:  # the others still have their figures
            failed.append(name)
            write_failure(given.results, name, f"{type(error).__name__}: {error}")
        else:
            write_section(given.results, name, section)
            missed += section.missed()
        print("\n".join(section_lines(read(given.results)["sections"][name])), flush=True)
        print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
        if given.document is not None:
            write_table(given.document, read(given.results), BEGIN, END)
    print(f"{time.monotonic() - started:.0f} s in all; {given.results}", flush=True)
    return 1 if failed else MISSED if missed else 0


def _parts(given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Section]]]:
    quick: bool = given.quick
    sizes = QUICK if quick else FULL
    few = Sprites.drawn(16, 16) if quick else Sprites.drawn(2000, MIN_IMAGES)
    sprites = Sprites.drawn(128, 16) if quick else Sprites.drawn(40_000, 1000)
    limits = measure_limits(torch.get_num_threads(), quick, given.device)
    print(f"{device_name(given.device)}: {limits.described()}", flush=True)
    yield "same results", lambda: compare(few, given.device, steps=4 if quick else 20, attributed=2)
    yield "one at a time", lambda: measure_alone(sprites, given.device, sizes, limits)
    yield "stacks", lambda: measure_stacks(
        sprites, given.device, sizes, limits,
        lambda row: print(f"  {row.what}: {row.measured.median:,.0f} {row.unit}", flush=True),
    )  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m benchmarks.gpu.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or cpu (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, not how fast")
    parser.add_argument(
        "--results",
        type=Path,
        help=f"file of the results ({RESULTS.relative_to(ROOT)}; of --quick a new one)",
    )
    parser.add_argument("--document", type=Path, help="document with the two marks to write the table to")
    parser.add_argument(
        "--table",
        type=Path,
        help=f"results of another machine: writes their table to --document ({DOCUMENT.relative_to(ROOT)}) and "
        "measures nothing",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
