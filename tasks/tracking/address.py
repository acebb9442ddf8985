"""Checks that an MLflow store can be reached, before MLflow's own clients, which retry for minutes."""

import socket
import threading
import urllib.request
from urllib.parse import urlsplit

from latent_audit.tasks.errors import TrackingError
from latent_audit.tasks.passwords import without_password

KNOCK_SECONDS = 8.0
WEB_PORTS = {"http": 80, "https": 443}
DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def refuse_dead(uri: str) -> None:
    """Raises TrackingError if nothing listens at the address of an MLflow store, or its database has no driver.

    A slow server that listens is waited for later.
    """
    if uri.partition("://")[0] in WEB_PORTS:
        place = _of_server(uri)
    elif uri.partition("+")[0].partition("://")[0] in DATABASE_PORTS:
        place = _of_database(uri)
    else:
        return
    if place is not None and (reason := _refused(*place)) is not None:
        raise TrackingError(
            f"MLflow's store {without_password(uri)} is not reached ({reason}): start its server, or give another with "
            "--tracking.uri or MLFLOW_TRACKING_URI. Finished stages are kept"
        )


def _of_server(uri: str) -> tuple[str, int] | None:
    """Returns host and port; None if the server is reached through a proxy."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port or WEB_PORTS[parts.scheme]
    except ValueError as error:
        raise TrackingError(
            f"MLflow's store {without_password(uri)} is no usable address ({error})"
        ) from None
    if not host:
        raise TrackingError(f"MLflow's store {without_password(uri)} is no usable address: it names no host")
    is_direct = parts.scheme not in urllib.request.getproxies() or urllib.request.proxy_bypass(host)
    return (host, port) if is_direct else None


def _of_database(uri: str) -> tuple[str, int] | None:
    """Returns host and port; None if the database is reached by other means, such as a socket in a folder."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    shown = without_password(uri)
    try:
        url = make_url(uri)
        url.get_dialect().import_dbapi()
    except ImportError as error:
        extra = "pip install 'latent-audit[postgresql]'" if uri.startswith("postgresql") else "install it"
        raise TrackingError(
            f"MLflow's store {shown} needs a driver that is not installed ({error}): {extra}"
        ) from None
    except (SQLAlchemyError, ValueError) as error:
        raise TrackingError(
            f"MLflow's store {shown} is no usable address ({without_password(str(error))})"
        ) from None
    port = url.port or DATABASE_PORTS[url.get_backend_name()]
    return (url.host, port) if url.host and not url.host.startswith("/") else None


def _refused(host: str, port: int) -> str | None:
    """Returns why no connection can be made; None if one can."""
    reasons: list[str | None] = [f"no answer within {KNOCK_SECONDS:.0f} s"]

    def knock() -> None:
        try:
            socket.create_connection((host, port), timeout=KNOCK_SECONDS).close()
            reasons.append(None)
        except (OSError, UnicodeError) as error:
            reasons.append(str(error) or type(error).__name__)

    # In a thread: looking up a name has no time limit of its own.
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(KNOCK_SECONDS)
    return reasons[-1]
