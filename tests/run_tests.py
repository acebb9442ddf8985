"""The test command: quick rooms on all cores, then what times or drives servers and browsers, one by one.

Prints what was skipped and why. CI sets LATENT_AUDIT_REFUSE_SKIPS=1, and then a skip is a failure.
"""

import os
import subprocess
import sys

COVERED = ["--cov", "--cov-report=term:skip-covered"]


def main(words: list[str]) -> int:
    """Runs pytest with the words given, or on everything; returns its exit code."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    workers = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    command = [sys.executable, "-m", "pytest", "-n", workers, "--dist", "loadgroup", *COVERED, *words]
    return subprocess.call(command, env=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
