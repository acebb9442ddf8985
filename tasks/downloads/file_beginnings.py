"""Checks the first bytes of a file against its type; hosts often answer with a web page instead."""

from pathlib import Path

from latent_audit.tasks.downloads.fetch_errors import ChecksumMismatch

_BEGINNINGS = {
    ".zip": (b"PK\x03\x04", "a zip archive"),
    ".npz": (b"PK\x03\x04", "a NumPy archive"),
    ".gz": (b"\x1f\x8b", "a gzip file"),
    ".h5": (b"\x89HDF", "an HDF5 file"),
}
_LOOKED_AT_BYTES = 512


def refuse_other_kind(path: Path, note: str) -> None:
    """Raises ChecksumMismatch if a file is a web page, or does not begin as its type does.

    `note` explains how to get the file.
    """
    with path.open("rb") as stream:
        beginning = stream.read(_LOOKED_AT_BYTES)
    if beginning.lstrip()[:1] == b"<":
        raise ChecksumMismatch(
            f"{path} is a web page, which its host gave instead of the file; replace it. {note}".strip()
        )
    wanted, kind = _BEGINNINGS.get(path.suffix.lower(), (b"", ""))
    if not beginning.startswith(wanted):
        raise ChecksumMismatch(f"{path} is not {kind}, as its name says; replace it. {note}".strip())
