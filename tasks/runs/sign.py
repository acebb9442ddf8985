"""Signs a run with a user's private key."""

import getpass
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from latent_audit.reports.errors import KeyUnusable
from latent_audit.reports.exports.in_toto import enveloped, is_statement
from latent_audit.reports.record.run_files import MAX_BYTES, SIGNATURE_NAME, NotPlain, read_plain
from latent_audit.reports.record.signature import fingerprint, read_private_key, sign
from latent_audit.tasks.errors import RunUnusable, UsageError
from latent_audit.tasks.runs.exports import outside_of_runs
from latent_audit.tasks.runs.verify import verify
from latent_audit.tasks.storage.store import writing
from latent_audit.tasks.terminal_text import named

READ_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Signed:
    """The signer's fingerprint, and warnings for the signer."""

    fingerprint: str
    warnings: tuple[str, ...]


def sign_statement(file: Path, key_file: Path) -> tuple[Path, Signed]:
    """Writes the DSSE envelope of an in-toto statement beside it, and returns its path and the signer.

    Raises RunUnusable where `file` is no statement or lies in a run, UsageError when the key cannot be used.
    """
    try:
        payload = read_plain(file, MAX_BYTES[SIGNATURE_NAME])
    except NotPlain as found:
        raise RunUnusable(f"{named(file)} is {found}, where a statement should be") from None
    if not is_statement(payload):
        raise RunUnusable(
            f"{named(file)} is neither a run nor an in-toto statement; latent-audit export makes a statement"
        )
    place = outside_of_runs(file.with_name(f"{file.stem}.dsse.json"), "move the statement out of it")
    key = _key(key_file)
    with writing(place):
        _write(place, enveloped(payload, key))
    return place, Signed(fingerprint(key.public_key()), tuple(_of_the_key(key_file)))


def _key(key_file: Path) -> Ed25519PrivateKey:
    try:
        return read_private_key(key_file, lambda: _passphrase(key_file))
    except KeyUnusable as error:
        raise UsageError(str(error)) from None


def sign_run(folder: Path, key_file: Path, *, replace: bool = False) -> Signed:
    """Writes `folder`/signature.json over the manifest that was checked.

    Args:
        folder: a finished run.
        key_file: an Ed25519 key.
        replace: whether another's signature may go, or one that does not hold.

    Raises RunUnusable when the run is not whole or another signed it, UsageError when the key cannot be used.
    """
    verified = verify(folder)
    checked = verified.checked
    problems = [problem for problem in verified.problems if problem.kind != "signature"]
    if problems:
        more = f" (and {len(problems) - 1} more: latent-audit verify)" if len(problems) > 1 else ""
        raise RunUnusable(
            f"{named(folder)} is not signed, for it is not what was sealed: {problems[0].sentence}{more}"
        )
    key = _key(key_file)
    signer = fingerprint(key.public_key())
    place = checked.found.folder / SIGNATURE_NAME
    if (checked.signer not in ("", signer) or len(problems) < len(verified.problems)) and not replace:
        by = f"by {checked.signer}" if checked.signer else "one that does not hold"
        raise RunUnusable(f"{named(folder)} has a signature already, {by}: sign in its place with --replace")
    if place.is_dir():
        raise RunUnusable(
            f"{named(place)} is a folder, where the signature should be: remove it and sign again"
        )
    with writing(place):
        _write(place, sign(checked.manifest, key))
    warnings = [*_of_the_key(key_file)]
    if checked.writer:
        warnings.append(
            f"this run says it was written by version {checked.writer}: its verdict words were compared, its page was "
            "not; look at the page before others rely on your signature"
        )
    return Signed(signer, tuple(warnings))


def _write(place: Path, content: bytes) -> None:
    """Writes the complete file, replacing also a link or a pipe."""
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(content)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


def _of_the_key(key_file: Path) -> list[str]:
    mode = stat.S_IMODE(key_file.stat().st_mode)
    if not mode & READ_BY_OTHERS:
        return []
    return [
        f"{key_file} can be used by others (mode {mode:04o}): keep it to yourself with chmod 600 {key_file}"
    ]


def _passphrase(key_file: Path) -> str:
    if not sys.stdin.isatty():
        raise KeyUnusable(
            f"{key_file} is locked with a passphrase; sign at a terminal, where it can be asked for"
        )
    return getpass.getpass(f"Passphrase of {key_file}: ")
