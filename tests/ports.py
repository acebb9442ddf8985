"""Ports of this machine, for servers of tests."""

import random
import socket

# Below those that the system hands out by itself: a port that was free a moment ago is not taken by somebody's client.
RANGE = range(20_000, 30_000)


def free_port() -> int:
    """Returns a port of 127.0.0.1 at which nobody listens."""
    while True:
        port = random.SystemRandom().choice(RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
