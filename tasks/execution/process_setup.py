"""Start and end of a process of ours: environment variables, imports without garbage collection, a quick exit.

Import this before Prefect, MLflow or torch. Every variable is a default: what the user's environment says wins.
"""

import atexit
import gc
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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

# A library that counts the objects left at exit and prints a warning for each.
COUNTS_OBJECTS_AT_EXIT = "triton"


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


@contextmanager
def without_garbage_collection(for_good: bool = False) -> Iterator[None]:
    """Keeps the collector away for as long as it is open; from what is there by then for good, if that is wanted."""
    gc.disable()
    try:
        yield
    finally:
        if for_good:
            freeze_loaded_objects()
        gc.enable()


def skip_final_collection() -> None:
    """Spares this process the garbage collection at its end, which takes two seconds with torch and MLflow in it."""
    atexit.register(freeze_loaded_objects)


def exit_without_cleanup() -> None:
    """Spares this process, whose results others have by then, all that Python does at its end: three seconds in a
    worker, whose parent waits for it, and which has imported what `freeze_loaded_objects` must leave alone.

    Returns at once; what is registered with `atexit` later still runs, and what multiprocessing tidies. The exit code
    is 0.
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
    """Takes all that is there out of every later garbage collection."""
    if COUNTS_OBJECTS_AT_EXIT not in sys.modules:
        gc.freeze()
