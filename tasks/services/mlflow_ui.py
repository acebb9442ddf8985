"""MLflow's own pages on the run's store, on this machine only."""

import os
import subprocess
import sys

from latent_audit.tasks.errors import TrackingError
from latent_audit.tasks.services.all_services import mlflow_command, mlflow_environment
from latent_audit.tasks.services.sign_in import kept_sign_in, password_file
from latent_audit.tasks.settings.audit import Settings


def serve(settings: Settings, port: int) -> int:
    """Serves MLflow's pages on loopback until interrupted; returns its exit code."""
    uri = settings.tracking.uri or os.environ["MLFLOW_TRACKING_URI"]
    if uri.startswith(("http://", "https://")):
        raise TrackingError(f"MLflow's pages for this store are already served: open {uri}")
    sign_in = kept_sign_in(settings.run.store)
    print(
        f"MLflow: http://127.0.0.1:{port}  (Ctrl-C ends it)\n"
        f"User name and password: {password_file(settings.run.store)} (user:password)",
        file=sys.stderr,
    )
    # The address not by words: every user of the machine can read a command line.
    environment = {**os.environ, **mlflow_environment(sign_in), "MLFLOW_BACKEND_STORE_URI": uri}
    try:
        return subprocess.call(mlflow_command(port), env=environment)
    except KeyboardInterrupt:
        return 0
