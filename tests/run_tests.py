"""The test command: all tests, side by side, and how much of the pure rooms they cover.

What is skipped is said with its reason at the end. CI sets LATENT_AUDIT_REFUSE_SKIPS=1, and then a skip is a
failure. What takes minutes by itself (marked endurance) is left to `make endurance`. Words given are passed to one
pytest instead.
"""

import os
import subprocess
import sys

COVERAGE = ["--cov", "--cov-report="]


def main(words: list[str]) -> int:
    """Runs the tests and returns 0 when all of them passed and the pure rooms are covered."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "PYTHONHASHSEED": "0",
    }
    if words:
        return subprocess.call([sys.executable, "-m", "pytest", *words], env=environment)
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # One more than there are cores: the tests of whole audits wait much of their time. tests/conftest.py says which
    # tests stay together, and in which order.
    every = [sys.executable, "-m", "pytest", "-n", str(workers + 1), "-m", "not endurance", *COVERAGE]
    failed = subprocess.call(every, env=environment)
    covered = subprocess.call([sys.executable, "-m", "coverage", "report"], env=environment)
    return 1 if failed or covered else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
