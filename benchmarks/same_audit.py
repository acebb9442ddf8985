"""Compares two audit.json byte for byte, `selftest` left out: python -m benchmarks.same_audit FIRST SECOND.

A commit that only moves files or renames Python names must leave the default job's audit.json as it was.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LEFT_OUT = ("selftest",)


def differences(first: Any, second: Any, place: str = "") -> Iterator[str]:
    """Yields the places at which two JSON values differ, each with both values."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted({*first, *second}):
            if key not in first or key not in second:
                yield f"{place}.{key}: only in the {'first' if key in first else 'second'}"
            else:
                yield from differences(first[key], second[key], f"{place}.{key}")
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif json.dumps(first) != json.dumps(second):
        yield f"{place}: {json.dumps(first)[:200]} -> {json.dumps(second)[:200]}"


def main() -> int:
    """Prints the differences; the exit code is 0 where there are none, else 1."""
    parser = argparse.ArgumentParser("python -m benchmarks.same_audit", description=__doc__)
    parser.add_argument("first", type=Path, help="an audit.json")
    parser.add_argument("second", type=Path, help="another")
    parser.add_argument(
        "--places", action="store_true", help="print the names of differing parts alone, counted"
    )
    arguments = parser.parse_args()
    audits = [json.loads(path.read_text(encoding="utf-8")) for path in (arguments.first, arguments.second)]
    for audit in audits:
        for name in LEFT_OUT:
            audit.pop(name, None)
    found = list(differences(*audits))
    if arguments.places:
        last = [line.partition(": ")[0].rpartition(".")[2] for line in found]
        for name in sorted(set(last)):
            print(f"{last.count(name):6} {name}")
    else:
        print("\n".join(found[:200]))
    print(f"{len(found)} differences ({', '.join(LEFT_OUT)} left out)")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
