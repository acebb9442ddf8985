"""MLflow's own pages on the run's store, on this machine only."""

import os
import signal
import subprocess
import sys
from types import FrameType
from typing import NoReturn

from latent_audit.tasks.errors import TrackingError
from latent_audit.tasks.execution import processes
from latent_audit.tasks.services.all_services import mlflow_command, mlflow_environment
from latent_audit.tasks.services.service import PATIENCE_SECONDS
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.storage.sign_in import kept_sign_in, password_file
from latent_audit.tasks.terminal_text import named, print_line


def serve(settings: Settings, port: int) -> int:
    """Serves MLflow's pages on loopback until interrupted or ended; returns its exit code. No process is left."""
    uri = settings.tracking.uri or os.environ["MLFLOW_TRACKING_URI"]
    if uri.startswith(("http://", "https://")):
        raise TrackingError(f"MLflow's pages for this store are already served: open {uri}")
    sign_in = kept_sign_in(settings.run.store)
    print_line(
        f"MLflow: http://127.0.0.1:{port}  (Ctrl-C ends it)\n"
        f"User name and password: {named(password_file(settings.run.store))} (user:password)",
        sys.stderr,
    )
    # The address not by words: every user of the machine can read a command line.
    environment = {**os.environ, **mlflow_environment(sign_in), "MLFLOW_BACKEND_STORE_URI": uri}
    for number in (signal.SIGTERM, signal.SIGHUP):  # sent to this process alone, unlike Ctrl-C in a terminal
        signal.signal(number, _interrupt)
    server = subprocess.Popen(mlflow_command(port), env=environment)
    try:
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        everything = processes.tree(server.pid)
        server.terminate()
        processes.end(everything, PATIENCE_SECONDS)
        server.wait()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
