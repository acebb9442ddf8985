"""User name and password of the servers that we start, which programs receive through their environment.

They lie in <store>/services/password, which only its owner can read. A command line can be read by every user of a
machine; an environment only by its owner.
"""

import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from latent_audit.reports.record.run_files import NotPlain, read_plain
from latent_audit.tasks.errors import ServiceError
from latent_audit.tasks.storage.private_files import make_private, private_folder
from latent_audit.tasks.storage.service_note import read_note
from latent_audit.tasks.terminal_text import named

USER = "latent-audit"
FILE = "password"
# What a server of ours finds its user name and password in.
SERVER_VARIABLE = "LATENT_AUDIT_SERVICE_SIGN_IN"
_LARGEST_BYTES = 1024
_FORM = re.compile(rb"[!-9;-~]+:[!-~]{8,}\s*")  # user, colon, password


def new_sign_in() -> str:
    """Returns `user:password` with a random password."""
    return f"{USER}:{secrets.token_urlsafe(32)}"


def password_file(store: Path) -> Path:
    """Returns the file that holds `user:password` of the servers of a store."""
    return store.absolute() / "services" / FILE


def kept_sign_in(store: Path) -> str:
    """Returns `user:password` of the servers of a store, created at the first call.

    Raises ServiceError where the file holds something else: a server with an empty password would let everybody in.
    """
    file = password_file(store)
    private_folder(file.parent)
    if not os.path.lexists(file):
        _create(file)
    make_private(file)
    return _read(file)


def _create(file: Path) -> None:
    """Puts a new password into place as a whole, whatever ends this process; another process's stays."""
    number, place = tempfile.mkstemp(prefix=f".{FILE}-", dir=file.parent)  # readable by its owner alone
    new = Path(place)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as stream:
            stream.write(f"{new_sign_in()}\n")
        with suppress(FileExistsError):
            os.link(new, file)
    finally:
        new.unlink()


def _read(file: Path) -> str:
    try:
        content = read_plain(file, _LARGEST_BYTES)
    except NotPlain as found:
        reason = f"is {found}"
    else:
        if _FORM.fullmatch(content):
            return content.decode("ascii").strip()
        reason = "does not hold user:password, with at least eight signs of ASCII after the colon"
    raise ServiceError(
        f"{named(file)} {reason}: remove it, end the servers (latent-audit down) and start them anew"
    )


def for_prefect_server(sign_in: str, address: str) -> dict[str, str]:
    """Returns the environment of a Prefect server: its password, and its own pages as the only allowed origin."""
    return {
        **for_prefect_clients(sign_in),
        "PREFECT_SERVER_API_AUTH_STRING": sign_in,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"{address},{address.replace('127.0.0.1', 'localhost')}",
    }


def for_prefect_clients(sign_in: str) -> dict[str, str]:
    """Returns the environment of clients of a Prefect server."""
    return {"PREFECT_API_AUTH_STRING": sign_in}


def for_mlflow_clients(sign_in: str) -> dict[str, str]:
    """Returns the environment of clients of an MLflow server."""
    user, _, password = sign_in.partition(":")
    return {"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": password}


def sign_in_to_own(store: Path, mlflow: str | None = None) -> None:
    """Sets the environment for servers that `latent-audit up` started with this store, where they are to be used.

    A password that the user set is left as it is, and no other server is given ours.

    Args:
        store: holds the password and the addresses of its servers.
        mlflow: the address of the MLflow server to be used; None for the one that the environment names.
    """
    file = password_file(store)
    if not file.is_file():
        return
    prefect = os.environ.get("PREFECT_API_URL", "").rstrip("/").removesuffix("/api")
    for used, note, given in (
        (prefect, "prefect-server", for_prefect_clients),
        (mlflow or os.environ.get("MLFLOW_TRACKING_URI", ""), "mlflow", for_mlflow_clients),
    ):
        if used and used.rstrip("/") == _address_of(file.with_name(f"{note}.json")):
            for name, value in given(_read(file)).items():
                os.environ.setdefault(name, value)


def _address_of(note: Path) -> str | None:
    match read_note(note):
        case {"address": str(address)}:
            return address
    return None
