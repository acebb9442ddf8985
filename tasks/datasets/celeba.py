"""CelebA: faces with 40 annotated attributes (Liu, Luo, Wang, Tang, "Deep Learning Face Attributes in the
Wild", ICCV 2015), read from the official archive and attribute list without unpacking either.
"""

import io
import re
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from latent_audit.tasks.datasets.aligned_face import face_region
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.celeba_attributes import ATTRIBUTE_NAMES, read_attributes, read_identities
from latent_audit.tasks.datasets.errors import CorruptFile, CorruptImage, MissingFile, TooLarge
from latent_audit.tasks.datasets.images.archives import BROKEN_ZIP, refuse_hostile
from latent_audit.tasks.datasets.images.choosing import OnProgress, choose_rows
from latent_audit.tasks.datasets.images.decoding import Square, decode
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.images.memory_map import new_images, new_masks
from latent_audit.tasks.datasets.public_data import PublicDataSettings
from latent_audit.tasks.datasets.remote_file import RemoteFile

# Common enough (4 % or more), and visible at 64 pixels.
DEFAULT_ATTRIBUTES = (
    "Male",
    "Smiling",
    "Eyeglasses",
    "Blond_Hair",
    "Black_Hair",
    "Young",
    "Wearing_Lipstick",
    "Heavy_Makeup",
    "Bangs",
    "Mouth_Slightly_Open",
    "High_Cheekbones",
    "No_Beard",
)

_DRIVE = "https://drive.usercontent.google.com/download?id={}&export=download&confirm=t"
_NOTE = (
    "CelebA's public host is Google Drive, which often answers with a page instead of the file. "
    "Download img_align_celeba.zip and list_attr_celeba.txt in a browser from "
    "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html into a folder FOLDER/celeba and set data.mirror to "
    "FOLDER. CelebA is for non-commercial research only."
)
_MEMBER = re.compile(r"(?:[^/\\]+/)?(\d{6})\.jpg")
_LARGEST_IMAGE_BYTES = 8 << 20  # the largest published image takes under 100 kB
_LARGEST_IMAGE_PIXELS = 4_000_000


class CelebaSettings(PublicDataSettings):
    """Selection and size of the faces, and their attributes."""

    kind: Literal["celeba"] = Field("celeba", description="photographs of faces")
    image_size: Literal[32, 64, 128] = Field(64, description="side of an image in pixels")
    crop: float = Field(
        1.0, gt=0.2, le=1, description="side of the central square kept, as a share of the shorter side"
    )
    attributes: tuple[str, ...] = Field(
        DEFAULT_ATTRIBUTES, min_length=1, description="which of the 40 annotated attributes to audit"
    )
    images: int | None = Field(
        None, ge=1, description="images drawn without repetition; null takes all in the archive"
    )
    groups: Literal["identity"] | None = Field(
        None,
        description="identity: images of one person stay together, by identity_CelebA.txt beside the attribute list; "
        "null: each image stands by itself",
    )

    @field_validator("attributes")
    @classmethod
    def _attributes_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in ATTRIBUTE_NAMES]
        if unknown:
            raise ValueError(
                f"CelebA has no attribute {', '.join(unknown)}; it has {', '.join(ATTRIBUTE_NAMES)}"
            )
        if len(set(names)) < len(names):
            raise ValueError("an attribute is named twice")
        return names

    def files(self) -> tuple[RemoteFile, ...]:
        """Returns the archive and the attribute list; a mirror's archive may hold fewer or smaller images.

        With groups, the list of identities too.
        """
        identities = RemoteFile(
            "celeba/identity_CelebA.txt",
            (_DRIVE.format("1_ee_0u7vcNLOfNLegJRHmolfH5ICW-XS"),),
            md5="32bd1bd63d3c78cd57e08160ec5ed1e2",
            note=_NOTE.replace("list_attr_celeba.txt", "list_attr_celeba.txt and identity_CelebA.txt"),
        )
        return (
            *((identities,) if self.groups else ()),
            RemoteFile(
                "celeba/img_align_celeba.zip",
                (_DRIVE.format("0B7EVK8r0v71pZjFTYXZWM3FlRnM"),),
                md5="00d2c5bc6d35e252742224ab0c1e8fcb",
                note=_NOTE,
                mirror_may_differ=True,
            ),
            RemoteFile(
                "celeba/list_attr_celeba.txt",
                (_DRIVE.format("0B7EVK8r0v71pblRyaVFSWGxPY0U"),),
                md5="75e246fa4810816ffd6ee81facbd244c",
                bytes=26_721_026,
                note=_NOTE,
            ),
        )

    def load(
        self, source_folder: Path, workspace: Path, seed: int, on_progress: OnProgress | None = None
    ) -> ImageSet:
        """Returns the faces in the archive with the chosen attributes, read from `source_folder/celeba`.

        Raises DataError: a missing or damaged file, a corrupt image by name, an image without a row.
        """
        archive_path = source_folder / "celeba" / "img_align_celeba.zip"
        numbers, table = read_attributes(source_folder / "celeba" / "list_attr_celeba.txt", self.attributes)
        if not archive_path.is_file():
            raise MissingFile(f"{archive_path} is not there. {_NOTE}")
        try:
            with zipfile.ZipFile(archive_path) as archive:
                refuse_hostile(archive, archive_path)
                members = _members(archive, archive_path)
                rows = choose_rows(len(members), self.images, seed, "celeba")
                chosen = [members[row] for row in rows]
                values = _values(chosen, numbers, table, self.attributes, archive_path)
                images = _decode_all(archive, chosen, self, workspace, on_progress)
        except BROKEN_ZIP as error:
            raise CorruptFile(
                f"{archive_path} is not a sound zip archive ({error}); download it again"
            ) from error
        identities = None
        if self.groups:
            identities = read_identities(
                source_folder / "celeba" / "identity_CelebA.txt", [n for n, _ in chosen]
            )
        masks = new_masks(workspace, len(images), self.image_size)
        masks[:] = face_region(self.image_size, self.crop)
        masks.flush()
        return ImageSet(
            name="celeba",
            images=images,
            attributes=tuple(
                Attribute(name, "binary", classes=("no", "yes"), description=name.replace("_", " ").lower())
                for name in self.attributes
            ),
            values=values,
            description="Aligned photographs of faces, cropped to the central square, with annotated attributes.",
            source="Liu, Luo, Wang, Tang: CelebFaces Attributes (mmlab.ie.cuhk.edu.hk/projects/CelebA.html)",
            licence="non-commercial research only; images are not redistributed",
            masks=masks,
            file_names=tuple(f"{number:06d}.jpg" for number, _ in chosen),
            groups=identities,
        )


def _members(archive: zipfile.ZipFile, path: Path) -> list[tuple[int, zipfile.ZipInfo]]:
    """Returns (image number, member) in ascending order. Names are matched, never used as paths."""
    found: dict[int, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        match = _MEMBER.fullmatch(member.filename)
        if match is None:
            continue
        number = int(match.group(1))
        if number in found:
            raise CorruptFile(f"{path} holds the image {match.group(1)}.jpg twice")
        found[number] = member
    if not found:
        raise CorruptFile(f"{path} holds no image named like img_align_celeba/000001.jpg")
    return sorted(found.items())


def _values(
    chosen: list[tuple[int, zipfile.ZipInfo]],
    numbers: NDArray[np.int64],
    table: NDArray[np.int8],
    names: tuple[str, ...],
    path: Path,
) -> NDArray[np.float64]:
    """Returns attribute codes (n, k), 0 or 1, of the chosen images."""
    wanted = np.array([number for number, _ in chosen], dtype=np.int64)
    order = np.argsort(numbers)
    at = np.minimum(np.searchsorted(numbers[order], wanted), len(numbers) - 1)
    missing = numbers[order][at] != wanted
    if missing.any():
        raise CorruptFile(
            f"{path} holds {missing.sum():,} images that list_attr_celeba.txt has no row for, the first "
            f"{wanted[missing][0]:06d}.jpg; take both files from one edition of CelebA"
        )
    return (table[order][at] > 0).astype(np.float64)


def _decode_all(
    archive: zipfile.ZipFile,
    chosen: list[tuple[int, zipfile.ZipInfo]],
    settings: CelebaSettings,
    workspace: Path,
    on_progress: OnProgress | None,
) -> NDArray[np.uint8]:
    square = Square(settings.image_size, 3, settings.crop, _LARGEST_IMAGE_PIXELS)
    images = new_images(workspace, len(chosen), 3, settings.image_size)
    for row, (number, member) in enumerate(chosen):
        name = f"{number:06d}.jpg in {Path(str(archive.filename)).name}"
        images[row] = decode(io.BytesIO(_read_member(archive, member, name)), name, square).pixels
        if on_progress is not None and ((row + 1) % 500 == 0 or row + 1 == len(chosen)):
            on_progress(row + 1, len(chosen))
    images.flush()
    return images


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    """Returns a member's bytes, at most up to the limit, whatever size the archive states."""
    try:
        with archive.open(member) as stream:
            content = stream.read(_LARGEST_IMAGE_BYTES + 1)
    except BROKEN_ZIP as error:
        raise CorruptImage(f"{name} cannot be unpacked ({error}); download the archive again") from error
    if len(content) > _LARGEST_IMAGE_BYTES:
        raise TooLarge(f"{name} unpacks to more than {_LARGEST_IMAGE_BYTES:,} bytes, the limit for one image")
    return content
