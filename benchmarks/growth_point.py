"""One point of benchmarks/growth.py, in its own process: prints seconds, core-seconds and peak working memory in MB.

python -m benchmarks.growth_point information_gap '{"images": 10000}'
"""

import argparse
import ctypes
import json
import statistics
import time
from pathlib import Path

from benchmarks.growth_work import WORK, Size
from benchmarks.measuring import seconds_of

ENOUGH_SECONDS, MAX_CALLS = 1.0, 5


def measured(what: str, size: Size) -> dict[str, float]:
    """Returns the median seconds of up to five calls, wall and core, and the first call's peak beyond what was held
    before, in MB.

    The first call's time counts only where it is the only one: it also loads and compiles.
    """
    run = WORK[what][0](size)
    # Memory that making the data left free would hide what is asked for next; and its peak is forgotten.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before, started = _kilobytes(), time.process_time()
    seconds = [seconds_of(run)]
    core = [time.process_time() - started]
    after = _kilobytes()
    # Pages of files can be taken back at any time, so they are no working memory.
    peak = after["VmHWM"] - after["RssFile"] - before["RssAnon"]
    while len(seconds) < MAX_CALLS and sum(seconds) < ENOUGH_SECONDS:
        started = time.process_time()
        seconds.append(seconds_of(run))
        core.append(time.process_time() - started)
    return {
        "seconds": statistics.median(seconds[1:] or seconds),
        "core_seconds": statistics.median(core[1:] or core),
        "megabytes": max(0.0, 1024 * peak / 1e6),
    }


def _kilobytes() -> dict[str, int]:
    """Returns the sizes in this process's status, in kilobytes."""
    lines = (line.split(":") for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return {name: int(rest.split()[0]) for name, rest in lines if rest.strip().endswith(" kB")}


def main() -> None:
    """Measures one point and prints it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=list(WORK), metavar="NAME", help=f"one of {', '.join(WORK)}")
    parser.add_argument("size", type=json.loads, help="sizes that differ from the default job's, as JSON")
    given = parser.parse_args()
    print(json.dumps(measured(given.what, Size(**given.size))))


if __name__ == "__main__":
    main()
