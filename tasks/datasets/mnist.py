"""MNIST: handwritten digits (LeCun, Cortes, Burges 1998), with measures of how each was written."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from tasks.datasets import digit_measures
from tasks.datasets.attributes import Attribute
from tasks.datasets.choosing import OnProgress
from tasks.datasets.idx_images import load_idx, remote_files
from tasks.datasets.image_set import ImageSet
from tasks.datasets.public_data import PublicDataSettings
from tasks.datasets.remote_file import RemoteFile

ATTRIBUTES = (
    Attribute("digit", "categorical", classes=tuple("0123456789"), description="which digit was written"),
    *digit_measures.ATTRIBUTES,
)

_BASES = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
_MD5S = (
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "d53e105ee54ea40749a09fcbcd1e9432",
    "9fb629c4189551a2d022fa330f9573f3",
    "ec29112dd5afa0611ce80d1b7f02629c",
)


class MnistSettings(PublicDataSettings):
    """Which part of MNIST to take, and at what size."""

    kind: Literal["mnist"] = Field("mnist", description="handwritten digits")
    image_size: Literal[28, 32] = Field(
        32, description="side of an image in pixels; 32 adds a black margin of 2"
    )
    part: Literal["all", "train"] = Field(
        "all", description="all 70,000 images, or the 60,000 published for training"
    )
    images: int | None = Field(None, ge=1, description="images drawn without repetition; null takes all")


def files(settings: MnistSettings) -> tuple[RemoteFile, ...]:
    """Returns the idx files that the settings need."""
    return remote_files("mnist", settings.part, _BASES, _MD5S, "")


def load(
    settings: MnistSettings,
    source_folder: Path,
    workspace: Path,
    seed: int,
    on_progress: OnProgress | None = None,
) -> ImageSet:
    """Returns the digits with their class and five measures, read from `source_folder/mnist`."""
    images, values = load_idx(
        source_folder / "mnist",
        settings.part,
        settings.images,
        settings.image_size,
        workspace,
        seed,
        digit_measures.measure_digits,
        on_progress,
    )
    return ImageSet(
        name="mnist",
        images=images,
        attributes=ATTRIBUTES,
        values=values,
        description="Handwritten digits in grey, white on black, with measures after Morpho-MNIST.",
        source="LeCun, Cortes, Burges: The MNIST database of handwritten digits (yann.lecun.com/exdb/mnist)",
        licence="CC BY-SA 3.0, as usually stated",
    )
