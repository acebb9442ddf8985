"""Results of benchmarks, stored in benchmarks/results.json and shown in docs/performance.md."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.growth_fit import Series
from benchmarks.machine import machine, our_versions
from benchmarks.measuring import Spread

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN = "<!-- measured: make bench writes what stands between these two marks -->"
END = "<!-- end of what make bench writes -->"


@dataclass(frozen=True)
class Row:
    """One measured side of one thing.

    `times` says how many times as fast as this side ours is, `least_times` what is promised. `share` is the part
    of the machine's limit that was reached, `least_share` what is promised; `most` an upper bound that is promised.
    """

    what: str
    side: str
    unit: str
    measured: Spread
    times: float | None = None
    least_times: float | None = None
    floor: str = ""
    share: float | None = None
    least_share: float | None = None
    most: float | None = None

    def missed(self) -> list[str]:
        """Returns the targets that this row misses, in words."""
        found, name = [], f"{self.what}, {self.side}"
        if self.times is not None and self.least_times is not None and self.times < self.least_times:
            found.append(f"{name}: ours is {self.times:.2f} times as fast, not {self.least_times:g}")
        if self.share is not None and self.least_share is not None and self.share < self.least_share:
            found.append(f"{name}: {self.share:.0%} of the limit, not {self.least_share:.0%}")
        if self.most is not None and self.measured.median > self.most:
            found.append(f"{name}: {self.measured.median:.3g} {self.unit}, more than {self.most:g}")
        return found


@dataclass(frozen=True)
class Section:
    """What one benchmark found: a sentence on how, rows or growth, and notes such as absent peers."""

    title: str
    setting: str
    rows: tuple[Row, ...] = ()
    series: tuple[Series, ...] = ()
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    quick: bool = False

    def missed(self) -> list[str]:
        """Returns the missed targets, in words; --quick sizes have none."""
        if self.quick:
            return []
        of_rows = [text for row in self.rows for text in row.missed()]
        return of_rows + [text for growth in self.series for text in growth.missed()]


def write_section(path: Path, name: str, section: Section) -> None:
    """Puts a section into the results at `path`; those of another machine there are left out from then on."""
    found, whole = alone(name, section), read(path)
    whole["versions"] = whole["versions"] | found["versions"]
    whole["sections"][name] = found["sections"][name]
    _write(path, whole)


def alone(name: str, section: Section) -> dict[str, Any]:
    """Returns results that hold one section and nothing else, as the file has them."""
    found = asdict(section) | {"missed": section.missed()}
    versions = our_versions() | found.pop("versions")
    return {"machine": machine(), "versions": versions, "sections": {name: found}}


def write_failure(path: Path, name: str, error: str) -> None:
    """Says in the results at `path` that a benchmark failed, in place of what it found earlier."""
    whole = read(path)
    whole["sections"][name] = {"title": name, "failed": error}
    _write(path, whole)


def read(path: Path) -> dict[str, Any]:
    """Returns the results at `path`; empty ones where there are none, or where they are of another machine."""
    here = machine()
    if path.is_file():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if kept["machine"] == here:
            return kept
    return {"machine": here, "versions": {}, "sections": {}}


def _write(path: Path, whole: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
