"""Refuses zip archives whose names lead out of their folder, or that unpack to far more
than they hold. Nothing is ever unpacked to disk by the names inside.
"""

import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from latent_audit.tasks.datasets.errors import CorruptFile, TooLarge

# What Python raises on broken archives; NotImplementedError where one claims a version of the format that is unknown.
BROKEN_ZIP = (
    *(zipfile.BadZipFile, zlib.error, EOFError, struct.error),
    *(NotImplementedError, RuntimeError, OverflowError, UnicodeError),
)
_LARGEST_BYTES = 16 << 30  # several times the largest data set here
_MAX_ENTRIES = 2_000_000
# dSprites, the densest that is published, unpacks to 116 times its size; deflate cannot do more than 1,032.
_LARGEST_RATIO = 400
_SMALL_BYTES = 64 << 20  # what is this small needs no ratio: it cannot fill anything


def refuse_hostile(archive: zipfile.ZipFile, path: Path) -> None:
    """Raises CorruptFile or TooLarge by the archive's own directory, against which readers check members.

    path: how errors name the archive.
    """
    members = archive.infolist()
    if len(members) > _MAX_ENTRIES:
        raise TooLarge(f"{path} lists {len(members):,} entries; the limit is {_MAX_ENTRIES:,}")
    outside = next((member.filename for member in members if _leads_out(member.filename)), None)
    if outside is not None:
        raise CorruptFile(
            f"{path} has an entry named {outside!r}, which leads out of its folder: no published archive does; "
            "get it from its source again"
        )
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > _LARGEST_BYTES:
        raise TooLarge(f"{path} unpacks to {unpacked:,} bytes; the limit is {_LARGEST_BYTES:,}")
    if unpacked > _SMALL_BYTES and unpacked > _LARGEST_RATIO * packed:
        raise TooLarge(
            f"{path} holds {packed:,} bytes that unpack to {unpacked:,}, more than {_LARGEST_RATIO} times as much: "
            "no archive of images does"
        )


def _leads_out(name: str) -> bool:
    plain = name.replace("\\", "/")
    return plain.startswith("/") or plain[1:2] == ":" or ".." in PurePosixPath(plain).parts
