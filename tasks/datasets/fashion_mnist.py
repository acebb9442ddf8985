"""Fashion-MNIST: pictures of clothes (Xiao, Rasul, Vollgraf 2017), with measures of their outline."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from tasks.datasets import clothing_measures
from tasks.datasets.attributes import Attribute
from tasks.datasets.choosing import OnProgress
from tasks.datasets.idx_images import load_idx, remote_files
from tasks.datasets.image_set import ImageSet
from tasks.datasets.public_data import PublicDataSettings
from tasks.datasets.remote_file import RemoteFile

GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
ATTRIBUTES = (
    Attribute("garment", "categorical", classes=GARMENTS, description="what kind of clothing is shown"),
    *clothing_measures.ATTRIBUTES,
)

_BASES = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
)
_MD5S = (
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
)


class FashionMnistSettings(PublicDataSettings):
    """Which part of Fashion-MNIST to take, and at what size."""

    kind: Literal["fashion_mnist"] = Field("fashion_mnist", description="pictures of clothes")
    image_size: Literal[28, 32] = Field(
        32, description="side of an image in pixels; 32 adds a black margin of 2"
    )
    part: Literal["all", "train"] = Field(
        "all", description="all 70,000 images, or the 60,000 published for training"
    )
    images: int | None = Field(None, ge=1, description="images drawn without repetition; null takes all")


def files(settings: FashionMnistSettings) -> tuple[RemoteFile, ...]:
    """Returns the idx files that the settings need."""
    return remote_files("fashion_mnist", settings.part, _BASES, _MD5S, "")


def load(
    settings: FashionMnistSettings,
    source_folder: Path,
    workspace: Path,
    seed: int,
    on_progress: OnProgress | None = None,
) -> ImageSet:
    """Returns the garments with their class and four measures, read from `source_folder/fashion_mnist`."""
    images, values = load_idx(
        source_folder / "fashion_mnist",
        settings.part,
        settings.images,
        settings.image_size,
        workspace,
        seed,
        clothing_measures.measure_clothes,
        on_progress,
    )
    return ImageSet(
        name="fashion_mnist",
        images=images,
        attributes=ATTRIBUTES,
        values=values,
        description="Pictures of clothes in grey on black, with measures of outline and brightness.",
        source="Xiao, Rasul, Vollgraf: Fashion-MNIST (github.com/zalandoresearch/fashion-mnist)",
        licence="MIT",
    )
