"""Reads the idx files in which MNIST and its kin are published.

Format: two zero bytes, a type byte (8 is uint8), the number of dimensions, their sizes as big-endian 32-bit
integers, then the values (Y. LeCun, "The MNIST database of handwritten digits").
"""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import CorruptFile, TruncatedFile
from latent_audit.tasks.datasets.public_data import downloaded

_LARGEST_BYTES = 1 << 30  # far above any published idx file; stops a gzip bomb


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Returns the uint8 array of a gzipped idx file with that many dimensions.

    Raises MissingFile, TruncatedFile, or CorruptFile, each with a sentence that names the file.
    """
    downloaded(path)
    try:
        with gzip.open(path, "rb") as stream:
            sizes = _read_header(stream.read(4 + 4 * dimensions), path, dimensions)
            expected = int(np.prod(sizes, dtype=np.uint64))
            if expected > _LARGEST_BYTES:
                raise CorruptFile(
                    f"{path}: its header promises {expected:,} bytes, which no idx file here has"
                )
            values = stream.read(expected + 1)
    except EOFError as error:
        raise TruncatedFile(f"{path} ends too early; delete it and download it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise CorruptFile(f"{path} is not a sound gzip file ({error}); download it again") from error
    if len(values) < expected:
        raise TruncatedFile(f"{path}: its header promises {expected:,} bytes and {len(values):,} came")
    if len(values) > expected:
        raise CorruptFile(f"{path}: there are bytes beyond the {expected:,} that its header promises")
    return np.frombuffer(values, np.uint8).reshape(sizes)


def _read_header(header: bytes, path: Path, dimensions: int) -> tuple[int, ...]:
    if len(header) < 4 + 4 * dimensions:
        raise TruncatedFile(f"{path} ends inside its header")
    expected = bytes([0, 0, 8, dimensions])
    if header[:4] != expected:
        raise CorruptFile(
            f"{path}: an idx file of bytes with {dimensions} dimensions starts with {expected.hex()}, this "
            f"one with {header[:4].hex()}"
        )
    return struct.unpack(f">{dimensions}I", header[4:])
