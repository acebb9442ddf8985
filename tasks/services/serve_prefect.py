"""Serves Prefect on loopback, behind our gate: on an inherited socket, for as long as standard input is
open, or on a port, until it is told to end.

Standard input is the end of a pipe whose other end only the process that wants the server holds. However that one
ends, the pipe is closed.
"""

import argparse
import os
import signal
import socket
import sys
import threading
import time

from latent_audit.tasks.execution.process_setup import without_garbage_collection
from latent_audit.tasks.services.gate import Gate
from latent_audit.tasks.storage.private_files import OWNER_ALONE

END_SECONDS = 5.0


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_SECONDS)
    os._exit(1)


def main() -> None:
    """Serves on the listening socket with this number, or on this port of 127.0.0.1."""
    parser = argparse.ArgumentParser()
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--socket", type=int)
    place.add_argument("--port", type=int)
    words = parser.parse_args()
    os.umask(OWNER_ALONE)  # of the database that Prefect makes
    if words.port is None:
        threading.Thread(target=_end_with_input, daemon=True).start()
        listening = socket.socket(fileno=words.socket)
    else:
        listening = socket.create_server(("127.0.0.1", words.port))
    with without_garbage_collection():
        import prefect.server.api.server
        import uvicorn

    # Prefect itself asks for the password, which it finds in its settings.
    app = Gate(prefect.server.api.server.create_app())
    uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on")).run(sockets=[listening])


if __name__ == "__main__":
    main()
