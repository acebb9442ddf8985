"""Code range: where the codes of held-out images lie, dimension by dimension."""

from pathlib import Path

from tasks.analyses import code_range
from tasks.analyses.plain import to_plain
from tasks.arrays import write_json
from tasks.bench import Bench
from tasks.inputs.codes import open_codes
from tasks.records import Artifact


def compute(folder: Path, bench: Bench, *, encoded: Artifact) -> None:
    """Writes code_range.json as audit.json holds it."""
    codes = open_codes(encoded)
    write_json(folder / "code_range.json", to_plain(code_range.compute(codes.of("probe_test"), codes.names)))
