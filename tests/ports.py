"""Ports of this machine, for servers of tests."""

import socket


def free_port() -> int:
    """Returns a port of 127.0.0.1 at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
