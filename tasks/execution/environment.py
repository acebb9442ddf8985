"""Prepares a process before Prefect, MLflow or torch are imported: homes, telemetry off, memory, threads.

Import this first. Every value is a default: what the user's environment says already wins.
"""

import os
from pathlib import Path

from latent_audit.tasks.services.sign_in import sign_in_to_own
from latent_audit.tasks.storage.private_files import make_private, private_folder

# glibc gives freed memory back to the system on every training step unless told not to; keeping it makes
# training on a CPU half again as fast. Read by processes at their start, so it takes effect in workers.
ALLOCATOR = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(4 << 30),
    "MALLOC_TOP_PAD_": str(256 << 20),
}

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Our own lines tell a person what happens and what failed; Prefect's log goes to its server.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "GIT_PYTHON_REFRESH": "quiet",
}

PREFECT = {
    # A server that is gone for a minute is waited for: 2, 4, ... 64 seconds.
    "PREFECT_CLIENT_MAX_RETRIES": "6",
    # The defaults lose the history of very fast tasks when the server stops with the flow. The interval is cut
    # to whole seconds there, and at 0 the recorder spins: less than 1 costs half a core.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}

THREADS = {
    # One single-threaded process per core beats one process with all cores; workers inherit this.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}


def prepare(store: Path) -> None:
    """Sets what is not set yet; `store` is the folder that Prefect's and MLflow's own data live in."""
    root = store.absolute()
    homes = {
        "PREFECT_HOME": str(root / "prefect"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{root / 'mlflow' / 'mlflow.db'}",
        "MPLCONFIGDIR": str(root / "matplotlib"),
        "NUMBA_CACHE_DIR": str(root / "numba"),
    }
    for name, value in {**ALLOCATOR, **QUIET, **PREFECT, **THREADS, **homes}.items():
        os.environ.setdefault(name, value)
    for folder in ("prefect", "mlflow", "matplotlib", "numba"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    # They hold settings and addresses; earlier versions made them for all to read.
    private_folder(root / "prefect")
    for database in (root / "prefect" / "prefect.db", root / "mlflow" / "mlflow.db"):
        make_private(database)
    sign_in_to_own(root)
