"""Sign: somebody vouches for a run with a key of their own, which never leaves their machine."""

import getpass
import sys
from pathlib import Path

from reports.errors import KeyUnusable
from reports.manifest import MANIFEST_NAME, compared, read_manifest
from reports.signature import SIGNATURE_NAME, fingerprint, read_private_key, sign
from tasks.errors import RunUnusable, UsageError
from tasks.store import writing


def sign_run(folder: Path, key_file: Path) -> str:
    """Writes `folder`/signature.json and returns the signer's fingerprint.

    Raises RunUnusable when the folder is not what its manifest says, UsageError when the key cannot be used.
    """
    listed, problems = read_manifest(folder)
    problems += compared(folder, listed) if listed is not None else []
    if problems:
        raise RunUnusable(f"{folder} is not signed, for it is not what was sealed: {problems[0].sentence}")
    try:
        key = read_private_key(key_file, lambda: _passphrase(key_file))
    except KeyUnusable as error:
        raise UsageError(str(error)) from None
    with writing(folder):
        (folder / SIGNATURE_NAME).write_bytes(sign((folder / MANIFEST_NAME).read_bytes(), key))
    return fingerprint(key.public_key())


def _passphrase(key_file: Path) -> str:
    if not sys.stdin.isatty():
        raise KeyUnusable(
            f"{key_file} is locked with a passphrase; sign at a terminal, where it can be asked for"
        )
    return getpass.getpass(f"Passphrase of {key_file}: ")
