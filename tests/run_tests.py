"""The test command: the rooms' own tests side by side, then whole audits, which use all cores themselves,
and their report in a browser.

What is skipped is said with its reason at the end of each part. CI sets LATENT_AUDIT_REFUSE_SKIPS=1, and then
a skip is a failure. Words given are passed to one pytest instead.
"""

import os
import subprocess
import sys

COVERAGE = ["--cov", "--cov-report="]
# The browser reads the report of the whole audit.
TOGETHER = ("tests/end_to_end", "tests/browser")
PARTS = (
    [*(f"--ignore={folder}" for folder in TOGETHER), *COVERAGE],
    [*TOGETHER, *COVERAGE, "--cov-append"],
)


def main(words: list[str]) -> int:
    """Runs the tests and returns 0 when all of them passed and the pure rooms are covered."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    if words:
        return subprocess.call([sys.executable, "-m", "pytest", *words], env=environment)
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    failed = 0
    for part in PARTS:
        at_once = [] if TOGETHER[0] in part else ["-n", str(workers)]
        failed |= subprocess.call([sys.executable, "-m", "pytest", *at_once, *part], env=environment)
    covered = subprocess.call([sys.executable, "-m", "coverage", "report"], env=environment)
    return 1 if failed or covered else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
