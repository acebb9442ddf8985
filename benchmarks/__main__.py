"""Runs every benchmark in one order, each in a fresh process with the environment of a run's worker.

    python -m benchmarks                     all of them, at full size (one to two hours on 2 cores)
    python -m benchmarks --only encoding     some of them
    python -m benchmarks --only              none: writes the table from the results that are there
    python -m benchmarks --quick --only ...  tiny sizes: shows that they work

Writes benchmarks/results.json and the measured part of docs/performance.md; quick runs write neither unless told to.
A benchmark that fails is named there, and the others continue. Exits with 1 if one failed, with 3 if a target was
missed, else with 0.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import temporary_folder
from benchmarks.result_table import write_table
from benchmarks.results import DOCUMENT, RESULTS, ROOT, read, write_failure
from benchmarks.starting import MISSED, run_environment

# In this order: the names of sections, and the modules that measure them. model_family takes hours, and stays apart.
ORDER = {
    "training": "training_speed",
    "encoding": "encoding_speed",
    "evidence": "evidence_speed",
    "attribution": "attribution_speed",
    "stages": "stage_speed",
    "report": "report_size",
    "growth": "growth",
}


def main(words: Sequence[str] | None = None) -> int:
    """Runs the selected benchmarks and reports failures and missed targets."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="*", default=list(ORDER), choices=list(ORDER), help="which benchmarks"
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round")
    parser.add_argument("--rounds", type=int, help="interleaved rounds; each benchmark has its own default")
    parser.add_argument("--peer-python", help="Python that can import pythae and disent (training)")
    parser.add_argument("--results", type=Path, help=f"file of the results ({RESULTS.relative_to(ROOT)})")
    parser.add_argument("--document", type=Path, help=f"its table's document ({DOCUMENT.relative_to(ROOT)})")
    given = parser.parse_args(words)
    if given.quick:
        given.results = given.results or temporary_folder() / RESULTS.name
    else:
        given.results, given.document = given.results or RESULTS, given.document or DOCUMENT
    given.results = given.results.absolute()
    codes: dict[str, int] = {}
    for number, name in enumerate([name for name in ORDER if name in given.only], 1):
        print(f"[{number}/{len(given.only)}] {name}", flush=True)
        started = time.monotonic()
        codes[name] = run(name, given)
        word = {0: "done", MISSED: "done, and a promise was not kept"}.get(codes[name], "FAILED")
        print(f"[{number}/{len(given.only)}] {name}: {word}, {time.monotonic() - started:.0f} s", flush=True)
    if given.document is not None:
        write_table(given.document, read(given.results))
    failed = [name for name, code in codes.items() if code not in (0, MISSED)]
    if failed:
        print(f"failed: {', '.join(failed)}; the others are in {given.results}", file=sys.stderr)
    return 1 if failed else max(codes.values(), default=0)


def run(name: str, given: argparse.Namespace) -> int:
    """Returns the exit status of one benchmark's process; a failure goes into the results with its last line."""
    words = [sys.executable, "-m", f"benchmarks.{ORDER[name]}", "--results", str(given.results)]
    words += ["--quick"] if given.quick else []
    words += ["--rounds", str(given.rounds)] if given.rounds else []
    words += ["--peer-python", given.peer_python] if given.peer_python and name == "training" else []
    with subprocess.Popen(
        words, cwd=ROOT, env=run_environment(), stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as child:
        assert child.stderr is not None
        said = child.stderr.read()
    sys.stderr.write(said)
    if child.returncode not in (0, MISSED):
        write_failure(
            given.results, name, (said.strip() or f"exit status {child.returncode}").splitlines()[-1]
        )
    return child.returncode


if __name__ == "__main__":
    sys.exit(main())
