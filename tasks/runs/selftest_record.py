"""Runs the selftest of the evidence, and reads its last full run, which reports cite."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.devices import available_cores
from latent_audit.tasks.storage.arrays import read_json, write_json
from latent_audit.tasks.storage.source_digest import numeric_versions, source_digest

# Beside the code that it was measured on, so that an installed version brings its own.
RECORD = Path(__file__).with_name("selftest_record.json")
SELFTEST = "latent_audit.tasks.analyses.selftest.selftest"


def perform(*, reduced: bool, seed: int, save: bool) -> bool:
    """Prints each row as it is measured, then the digest; returns whether all rows hold.

    With `save` reports cite these figures.
    """
    from latent_audit.tasks.analyses.selftest import (
        selftest,  # here: runs cite the record, and need not spend a second on imports
    )

    sizes = selftest.REDUCED if reduced else selftest.FULL
    measured_on = {
        "source_digest": _source_digest(),
        "versions": numeric_versions(SELFTEST),
    }  # a run takes minutes
    rows = selftest.run(
        sizes, seed, report=lambda row: print(selftest.table([row]), flush=True), processes=available_cores()
    )
    holds = all(row.holds for row in rows)
    print(f"sizes {asdict(sizes)}; digest {selftest.digest(rows)}")
    if save:
        record = {
            "digest": selftest.digest(rows),
            "holds": holds,
            "seed": seed,
            "sizes": asdict(sizes),
            "rows": to_json(rows),
            **measured_on,
        }
        write_json(RECORD, record)
        print(f"kept in {RECORD.name}: reports of this version cite it")
    return holds


def cited() -> dict[str, Any]:
    """Returns the record that reports cite: digest, figures, and whether they belong to the installed version.

    `of_this_version` is false when a source file of the evidence has changed since, or a package whose release
    can change a number.
    """
    record = read_json(RECORD)
    measured_on = (record.pop("source_digest"), record.pop("versions"))
    return {**record, "of_this_version": measured_on == (_source_digest(), numeric_versions(SELFTEST))}


def _source_digest() -> str:
    return source_digest(SELFTEST)
