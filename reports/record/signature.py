"""A signature says who vouched for a run: Ed25519 (RFC 8032) over the bytes of manifest.json.

The signed message is the file itself, so that any tool can check it without this program:
openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in manifest.json -sigfile signature.bin
"""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from latent_audit.reports.errors import KeyUnusable, NotPlainJson, SignatureWrong
from latent_audit.reports.page.visible_text import visible
from latent_audit.reports.record.run_files import MANIFEST_NAME, SIGNATURE_NAME
from latent_audit.reports.record.strict_json import parse

FORMAT = 1
ALGORITHM = "Ed25519"


def sign(manifest: bytes, key: Ed25519PrivateKey) -> bytes:
    """Returns the content of signature.json over the bytes of a manifest; the same key gives the same bytes."""
    return _written(key.public_key(), key.sign(manifest))


def signer_of(manifest: bytes, record: bytes) -> Ed25519PublicKey:
    """Returns the key that signed the bytes of a manifest.

    Raises:
        SignatureWrong: `record` is no signature.json, holds more than one, or its signature is not of these bytes.
    """
    try:
        fields = parse(record)
        if not isinstance(fields, dict) or (fields.get("format"), fields.get("algorithm")) != (
            FORMAT,
            ALGORITHM,
        ):
            raise SignatureWrong(f"{SIGNATURE_NAME} is not {ALGORITHM} in format {FORMAT}.")
        key = _public(str(fields.get("public_key")).encode("ascii"))
        signature = base64.b64decode(str(fields.get("signature")), validate=True)
    except (ValueError, NotPlainJson, KeyUnusable) as error:
        raise SignatureWrong(f"{SIGNATURE_NAME} cannot be read as a signature: {error}.") from error
    if record != _written(key, signature):
        raise SignatureWrong(
            f"{SIGNATURE_NAME} is not in the form that `latent-audit sign` writes: it was edited by other means."
        )
    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        raise SignatureWrong(
            f"{SIGNATURE_NAME} does not sign this manifest.json: one of them was altered or belongs to another run."
        ) from None
    return key


def _written(key: Ed25519PublicKey, signature: bytes) -> bytes:
    public = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = {
        "format": FORMAT,
        "algorithm": ALGORITHM,
        "signed": MANIFEST_NAME,
        "public_key": public.decode("ascii"),
        "signature": base64.b64encode(signature).decode("ascii"),
    }
    return (json.dumps(record, indent=1, sort_keys=True) + "\n").encode("ascii")


def fingerprint(key: Ed25519PublicKey) -> str:
    """Returns "SHA256:..." as `ssh-keygen -lf` prints it: short enough to be read out over a telephone."""
    text = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(text.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


def read_private_key(path: Path, ask: Callable[[], str]) -> Ed25519PrivateKey:
    """Returns the private key in a PEM or OpenSSH file; `ask` is called for a passphrase where there is one.

    Raises:
        KeyUnusable: the file is missing, no key, of another kind, or the passphrase is wrong.
    """
    data = _bytes(path)
    load = (
        serialization.load_ssh_private_key
        if b"OPENSSH PRIVATE KEY" in data
        else serialization.load_pem_private_key
    )
    try:
        try:
            key = load(data, None)
        except TypeError:  # how the package says that a passphrase is needed
            key = load(data, ask().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"{_shown(path)} cannot be read as a private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(
            f"{_shown(path)} is not an Ed25519 key; make one with: ssh-keygen -t ed25519 -f my_key"
        )
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Returns the public key in a PEM or OpenSSH (.pub) file.

    Raises:
        KeyUnusable: the file is missing, no public key, or of another kind.
    """
    try:
        return _public(_bytes(path))
    except KeyUnusable as error:
        raise KeyUnusable(f"{_shown(path)}: {error}") from error


def _public(data: bytes) -> Ed25519PublicKey:
    load = serialization.load_pem_public_key if b"BEGIN" in data else serialization.load_ssh_public_key
    try:
        key = load(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"no public key in PEM or OpenSSH form ({error})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable("expected an Ed25519 public key, got one of another kind")
    return key


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyUnusable(
            f"{_shown(path)} cannot be read ({error.strerror}); make a key with: ssh-keygen -t ed25519 -f my_key"
        ) from error


def _shown(path: Path) -> str:
    return visible(str(path))
