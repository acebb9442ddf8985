"""dSprites as published (Matthey, Higgins, Hassabis, Lerchner 2017): the npz, streamed and not unpickled."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from latent_audit.tasks.datasets.errors import CorruptFile, TruncatedFile
from latent_audit.tasks.datasets.images.archives import BROKEN_ZIP, refuse_hostile
from latent_audit.tasks.datasets.images.choosing import OnProgress, choose_rows
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.images.memory_map import new_masks
from latent_audit.tasks.datasets.public_data import downloaded
from latent_audit.tasks.datasets.published_grid import PublishedGridSettings
from latent_audit.tasks.datasets.remote_file import RemoteFile
from latent_audit.tasks.datasets.sprites import ATTRIBUTES, FACTOR_SIZES, GRID_CELLS

FILE_NAME = "dsprites/dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"

_ROWS_A_BLOCK = 4_096  # 16 MiB of pixels
_Header = tuple[tuple[int, ...], np.dtype[np.generic]]


class DspritesSettings(PublishedGridSettings):
    """Selection and size of the images of dSprites."""

    kind: Literal["dsprites"] = Field("dsprites", description="dSprites as published")
    images: int | None = Field(
        None, ge=1, le=GRID_CELLS, description="images drawn without repetition; null takes all 737,280"
    )

    def files(self) -> tuple[RemoteFile, ...]:
        """Returns the published archive."""
        name = FILE_NAME.split("/")[1]
        return (
            RemoteFile(
                FILE_NAME,
                (
                    f"https://github.com/google-deepmind/dsprites-dataset/raw/master/{name}",
                    f"https://raw.githubusercontent.com/google-deepmind/dsprites-dataset/master/{name}",
                ),
                md5="7da33b31b13a06f4b04a70402ce90c2e",
                note="The data set `sprites` draws the same grid without a download.",
            ),
        )

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns the published sprites with their factors; the archive is read once from front to back.

        Raises MissingFile, TruncatedFile or CorruptFile.
        """
        path = downloaded(source_folder / FILE_NAME)
        try:
            with zipfile.ZipFile(path) as archive:
                refuse_hostile(archive, path)
                latents = _read_latents(archive, path)
                rows = choose_rows(len(latents), self.images, seed, "dsprites")
                blocks = _image_blocks(archive, path, len(latents))
                images = self.take_images(blocks, _whitened, rows, workspace, 1, on_progress)
        except EOFError as error:
            raise TruncatedFile(f"{path} ends too early; delete it and download it again") from error
        except (*BROKEN_ZIP, KeyError, ValueError) as error:
            raise CorruptFile(f"{path} is not the published dSprites archive ({error})") from error
        return ImageSet(
            name="dsprites",
            images=images,
            attributes=ATTRIBUTES,
            values=latents[rows],
            description="White shapes on black with known factors: shape, scale, orientation and two positions.",
            source="Matthey, Higgins, Hassabis, Lerchner: github.com/google-deepmind/dsprites-dataset",
            licence="Apache-2.0",
            masks=_write_masks(images, workspace),
            factor_sizes=FACTOR_SIZES,
        )


def _read_latents(archive: zipfile.ZipFile, path: Path) -> NDArray[np.float64]:
    """Returns shape code, scale, orientation, posX and posY (n, 5); the constant colour is left out."""
    with archive.open("latents_values.npy") as stream:
        shape, dtype = _npy_header(stream)
        if dtype != np.float64 or len(shape) != 2 or shape[1] != 6 or not 0 < shape[0] <= GRID_CELLS:
            raise CorruptFile(f"{path}: latents_values must be float64 (n, 6), got {dtype} {shape}")
        content = _read_exactly(stream, shape[0] * 6 * 8, path)
    values = np.frombuffer(content, np.float64).reshape(shape)[:, 1:].copy()
    values[:, 0] -= 1  # published shapes count from 1: square, ellipse, heart
    if not np.isfinite(values).all() or not np.isin(values[:, 0], (0, 1, 2)).all():
        raise CorruptFile(f"{path}: latents_values holds values outside the published grid")
    return values


def _image_blocks(archive: zipfile.ZipFile, path: Path, expected: int) -> Iterator[NDArray[np.uint8]]:
    """Yields published images (m, 64, 64) of 0 and 1, block after block."""
    with archive.open("imgs.npy") as stream:
        shape, dtype = _npy_header(stream)
        if dtype != np.uint8 or shape != (expected, 64, 64):
            raise CorruptFile(f"{path}: imgs must be uint8 ({expected}, 64, 64), got {dtype} {shape}")
        for start in range(0, expected, _ROWS_A_BLOCK):
            rows = min(_ROWS_A_BLOCK, expected - start)
            content = _read_exactly(stream, rows * 64 * 64, path)
            yield np.frombuffer(content, np.uint8).reshape(rows, 64, 64)


def _npy_header(stream: IO[bytes]) -> _Header:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"npy version {version}, expected (1, 0)")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    if fortran_order:
        raise ValueError("arrays must be in C order")
    return shape, dtype


def _read_exactly(stream: IO[bytes], size: int, path: Path) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise TruncatedFile(f"{path} holds fewer values than its header promises; download it again")
    return content


def _whitened(block: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return (block > 0)[:, None] * np.uint8(255)


def _write_masks(images: NDArray[np.uint8], workspace: Path) -> NDArray[np.bool_]:
    masks = new_masks(workspace, len(images), images.shape[2])
    for start in range(0, len(images), _ROWS_A_BLOCK):
        masks[start : start + _ROWS_A_BLOCK] = images[start : start + _ROWS_A_BLOCK, 0] > 0
    masks.flush()
    return masks
