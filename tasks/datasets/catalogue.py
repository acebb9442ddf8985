"""All data sets, in the order in which they are documented; a new one is one file and its lines here."""

from pathlib import Path
from typing import Annotated, assert_never

from pydantic import Field

from tasks.datasets import celeba, dsprites, fashion_mnist, folder, mnist, shapes3d, sprites
from tasks.datasets.celeba import CelebaSettings
from tasks.datasets.choosing import OnProgress
from tasks.datasets.dsprites import DspritesSettings
from tasks.datasets.fashion_mnist import FashionMnistSettings
from tasks.datasets.folder import FolderSettings
from tasks.datasets.image_set import ImageSet
from tasks.datasets.mnist import MnistSettings
from tasks.datasets.remote_file import RemoteFile
from tasks.datasets.shapes3d import Shapes3dSettings
from tasks.datasets.sprites import SpritesSettings

DataSettings = Annotated[
    SpritesSettings
    | MnistSettings
    | FashionMnistSettings
    | CelebaSettings
    | DspritesSettings
    | Shapes3dSettings
    | FolderSettings,
    Field(discriminator="kind"),
]

ALL_SETTINGS = (
    SpritesSettings,
    MnistSettings,
    FashionMnistSettings,
    CelebaSettings,
    DspritesSettings,
    Shapes3dSettings,
    FolderSettings,
)


def files(settings: DataSettings) -> tuple[RemoteFile, ...]:
    """Returns the files that the data set needs in the data folder."""
    match settings:
        case SpritesSettings():
            return sprites.files(settings)
        case MnistSettings():
            return mnist.files(settings)
        case FashionMnistSettings():
            return fashion_mnist.files(settings)
        case CelebaSettings():
            return celeba.files(settings)
        case DspritesSettings():
            return dsprites.files(settings)
        case Shapes3dSettings():
            return shapes3d.files(settings)
        case FolderSettings():
            return folder.files(settings)
    assert_never(settings)


def load(
    settings: DataSettings,
    source_folder: Path,
    workspace: Path,
    seed: int,
    on_progress: OnProgress | None = None,
) -> ImageSet:
    """Returns the data set, its images in a memory map below `workspace`; raises DataError."""
    match settings:
        case SpritesSettings():
            return sprites.load(settings, source_folder, workspace, seed, on_progress)
        case MnistSettings():
            return mnist.load(settings, source_folder, workspace, seed, on_progress)
        case FashionMnistSettings():
            return fashion_mnist.load(settings, source_folder, workspace, seed, on_progress)
        case CelebaSettings():
            return celeba.load(settings, source_folder, workspace, seed, on_progress)
        case DspritesSettings():
            return dsprites.load(settings, source_folder, workspace, seed, on_progress)
        case Shapes3dSettings():
            return shapes3d.load(settings, source_folder, workspace, seed, on_progress)
        case FolderSettings():
            return folder.load(settings, source_folder, workspace, seed, on_progress)
    assert_never(settings)
