"""Start and end of our processes: environment variables, imports without garbage collection, fast exit.

Import this before Prefect, MLflow or torch. Every variable is a default that the user's environment overrides.
"""

import atexit
import gc
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latent_audit.tasks.storage.private_files import make_private, private_folder
from latent_audit.tasks.storage.sign_in import sign_in_to_own

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
    "MLFLOW_LOGGING_LEVEL": "WARNING",
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

# A library that counts the objects left at exit and prints a warning for each.
COUNTS_OBJECTS_AT_EXIT = "triton"


def prepare(store: Path) -> None:
    """Sets variables that are not set; `store` is the folder of Prefect's and MLflow's own data."""
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


@contextmanager
def without_garbage_collection(for_good: bool = False) -> Iterator[None]:
    """Disables garbage collection inside the block, and for all objects created in it if `for_good`."""
    gc.disable()
    try:
        yield
    finally:
        if for_good:
            freeze_loaded_objects()
        gc.enable()


def skip_final_collection() -> None:
    """Skips the garbage collection at exit, which takes two seconds with torch and MLflow loaded."""
    atexit.register(freeze_loaded_objects)


def exit_without_cleanup() -> None:
    """Makes this process exit without Python's clean-up, which takes three seconds in a worker.

    Use it when others have the results: the parent waits for the worker to end. Returns at once; functions that are
    registered with `atexit` later still run, as does multiprocessing's clean-up. The exit code is 0.
    """
    atexit.register(_end)
    # Since Python 3.13 multiprocessing gives back this process's semaphores in an exit handler of its own, registered
    # before ours and so run after it: never. Asking for its logger for the first time registers that handler anew.
    multiprocessing.get_logger()


def _end() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def freeze_loaded_objects() -> None:
    """Excludes all current objects from later garbage collections."""
    if COUNTS_OBJECTS_AT_EXIT not in sys.modules:
        gc.freeze()
