"""Serves Prefect on a socket that was handed down, for as long as standard input is open.

Standard input is the end of a pipe whose other end only the process that wants the server holds. However that one
ends, the pipe is closed.
"""

import os
import signal
import socket
import sys
import threading
import time

from tasks.importing import uncollected

END_SECONDS = 5.0


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_SECONDS)
    os._exit(1)


def main(number: int) -> None:
    """Serves on the listening socket with this number."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    with uncollected():
        import prefect.server.api.server
        import uvicorn

    create_app = prefect.server.api.server.create_app
    settings = uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on")
    uvicorn.Server(settings).run(sockets=[socket.socket(fileno=number)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
