"""MLflow's own pages on the run's store, on this machine only."""

import os
import subprocess
import sys

from tasks.errors import TrackingError
from tasks.settings import Settings


def serve(settings: Settings, port: int) -> int:
    """Serves MLflow's pages on loopback until interrupted; returns its exit code."""
    uri = settings.tracking.uri or os.environ["MLFLOW_TRACKING_URI"]
    if uri.startswith(("http://", "https://")):
        raise TrackingError(f"MLflow's pages for this store are already served: open {uri}")
    print(f"MLflow: http://127.0.0.1:{port}  (Ctrl-C ends it)", file=sys.stderr)
    command = [sys.executable, "-m", "mlflow", "ui", "--host", "127.0.0.1", "--port", str(port)]
    try:
        return subprocess.call([*command, "--backend-store-uri", uri])
    except KeyboardInterrupt:
        return 0
