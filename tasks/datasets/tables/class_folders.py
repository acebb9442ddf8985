"""Attributes of images without a table: the folders that they lie in, as ImageFolder of torchvision has them."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa

from latent_audit.tasks.datasets.errors import BadTable, MissingFile
from latent_audit.tasks.datasets.images.image_listing import Listing, list_images
from latent_audit.tasks.datasets.tables.folder_table import FolderTable, listing_notes
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import reason

CLASS = "class"
_EXAMPLES = 5
# Parts of a data set, below which its classes lie.
_PARTS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval"})


def read_class_folders(folder: Path, fewest_images: int) -> FolderTable:
    """Returns the images of a folder with one attribute, `class`: the name of the folder directly below it.

    Raises MissingFile if there is no such folder, BadTable if the images do not lie in two folders or more.
    """
    listing = _listed(folder)
    loose = [name for name in listing.images if "/" not in name]
    classes = [name.partition("/")[0] for name in listing.images]
    counts = Counter(classes)
    problems = []
    if not listing.images:
        problems.append("it holds no images")
    elif loose:
        examples = ", ".join(map(shown, loose[:_EXAMPLES]))
        problems.append(
            f"{len(loose):,} images lie in no folder of a class: {examples}{', ...' if len(loose) > _EXAMPLES else ''}"
        )
    elif all(name.casefold() in _PARTS for name in counts):
        problems.append(
            f"the folders {', '.join(map(shown, counts))} are parts of a data set and no classes; name the one to "
            "audit in data.folder, or bring their folders of classes together"
        )
    elif len(counts) < 2:
        problems.append(f"all images lie in one folder, {shown(classes[0])}, so there is no attribute")
    problems += _too_few(listing, fewest_images)
    if problems:
        raise BadTable(
            f"{folder} cannot be used without a table (data.table), by its folders as classes; data.unlabelled: true "
            "measures attributes in the pixels instead:",
            tuple(problems),
        )
    note = reason("note.class_folders", count=f"{len(counts):,}", folder=folder.name, column=CLASS)
    return FolderTable(
        tuple(listing.images),
        (CLASS,),
        {CLASS: pa.chunked_array([pa.array(classes, pa.string())])},
        np.arange(1, len(classes) + 1),
        (note, *listing_notes(listing)),
    )


def read_unlabelled(folder: Path, fewest_images: int) -> FolderTable:
    """Returns the images of a folder without any attribute; raises MissingFile and BadTable."""
    listing = _listed(folder)
    problems = [] if listing.images else ["it holds no images"]
    problems += _too_few(listing, fewest_images)
    if problems:
        raise BadTable(f"{folder} cannot be used:", tuple(problems))
    names = tuple(listing.images)
    return FolderTable(names, (), {}, np.arange(1, len(names) + 1), tuple(listing_notes(listing)))


def _listed(folder: Path) -> Listing:
    if not folder.is_dir():
        raise MissingFile(f"there is no folder at {folder}; data.folder names the folder of your images")
    return list_images(folder)


def _too_few(listing: Listing, fewest_images: int) -> list[str]:
    if not listing.images or len(listing.images) >= fewest_images:
        return []
    return [f"it holds {len(listing.images):,} images and at least {fewest_images:,} are needed"]
