"""Reads CelebA's list of attributes: a count, 40 names, then a row of -1 and 1 for every image."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import CorruptFile, TruncatedFile
from latent_audit.tasks.datasets.public_data import downloaded

ATTRIBUTE_NAMES = (
    "5_o_Clock_Shadow",
    "Arched_Eyebrows",
    "Attractive",
    "Bags_Under_Eyes",
    "Bald",
    "Bangs",
    "Big_Lips",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Blurry",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Chubby",
    "Double_Chin",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "No_Beard",
    "Oval_Face",
    "Pale_Skin",
    "Pointy_Nose",
    "Receding_Hairline",
    "Rosy_Cheeks",
    "Sideburns",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Necktie",
    "Young",
)


def read_attributes(path: Path, names: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Returns image numbers (n,) and the values -1 or 1 (n, k) of the named attributes.

    Raises MissingFile, TruncatedFile or CorruptFile.
    """
    import pandas as pd  # here: it takes half a second to import, and settings name this data set

    downloaded(path)
    with path.open("rb") as stream:
        count_line, header_line = stream.readline(1000), stream.readline(10_000)
        header = header_line.decode("ascii", errors="replace").split()
        if (
            not count_line.strip().isdigit()
            or not set(names) <= set(header)
            or len(set(header)) < len(header)
        ):
            raise CorruptFile(
                f"{path} must start with the number of images and a line of attribute names, "
                f"{', '.join(names)} among them"
            )
        rows = stream.read()
    try:
        frame = pd.read_csv(
            io.BytesIO(rows),
            sep=r"\s+",
            header=None,
            names=["file", *header],
            usecols=["file", *names],
            dtype={"file": str, **dict.fromkeys(names, np.int8)},
            index_col=False,
        )
        numbers: NDArray[np.int64] = (
            frame["file"].str.extract(r"^(\d{6})\.jpg$", expand=False).to_numpy(dtype=np.int64)
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError) as error:
        raise CorruptFile(
            f"{path}: a row is not an image name and {len(header)} numbers ({error})"
        ) from error
    expected = int(count_line)
    if len(numbers) < expected:
        raise TruncatedFile(
            f"{path} promises {expected:,} rows and holds {len(numbers):,}; download it again"
        )
    values: NDArray[np.int8] = frame[list(names)].to_numpy(dtype=np.int8)
    if (
        len(numbers) > expected
        or not np.isin(values, (-1, 1)).all()
        or len(np.unique(numbers)) < len(numbers)
    ):
        raise CorruptFile(
            f"{path}: {expected:,} rows with different image names and values of -1 or 1 were expected"
        )
    return numbers, values


def read_identities(path: Path, images: Sequence[int]) -> NDArray[np.int64]:
    """Returns the number of the person (n,) that each of the numbered images shows.

    Raises MissingFile, TruncatedFile or CorruptFile.
    """
    import pandas as pd  # here: as above

    downloaded(path)
    try:
        frame = pd.read_csv(path, sep=r"\s+", header=None, names=["file", "person"], dtype={"file": str})
        numbers = frame["file"].str.extract(r"^(\d{6})\.jpg$", expand=False).to_numpy(dtype=np.int64)
        person = frame["person"].to_numpy(dtype=np.int64)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError) as error:
        raise CorruptFile(
            f"{path}: a row is not an image name and the number of a person ({error})"
        ) from error
    of_image = dict(zip(numbers.tolist(), person.tolist(), strict=True))
    missing = [number for number in images if number not in of_image]
    if missing:
        raise TruncatedFile(
            f"{path} has no row for {len(missing):,} images, the first {missing[0]:06d}.jpg; download it again"
        )
    return np.array([of_image[number] for number in images], dtype=np.int64)
