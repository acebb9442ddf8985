"""Finds images that are identical pixel for pixel."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.errors import DataError
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import Reason, reason

_EXAMPLES = 3


def refuse_all_alike(data: ImageSet) -> tuple[Reason, ...]:
    """Returns notes on identical images; raises DataError if all images are identical."""
    first, group = _groups(data.images)
    if len(first) == 1 and len(data.images) > 1:
        raise DataError(
            f"{data.name}: all {len(data.images):,} images are the same, pixel for pixel, once they are read; look at "
            "the files, and at what lies behind transparent pixels (data.ground)"
        )
    return tuple(_notes(data, first, group))


def _groups(images: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the first row of each group of identical images, and the group of each row."""
    seen: dict[bytes, int] = {}
    first: list[int] = []
    group = np.empty(len(images), np.int64)
    for row, image in enumerate(images):
        digest = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
        number = seen.setdefault(digest, len(first))
        if number == len(first):
            first.append(row)
        group[row] = number
    return np.asarray(first, np.int64), group


def _notes(data: ImageSet, first: NDArray[np.int64], group: NDArray[np.int64]) -> Iterator[Reason]:
    sizes = np.bincount(group, minlength=len(first))
    alike = sizes > 1
    count = int(sizes[alike].sum())
    if not count:
        return
    named = _examples(data.file_names, first, group, alike) if data.file_names is not None else ""
    yield reason("note.identical", count=f"{count:,}", total=f"{len(group):,}", named=named)
    both = ~np.isnan(data.values) & ~np.isnan(data.values[first][group])
    differs = (both & (data.values != data.values[first][group])).any(axis=1)
    unlike = int(sizes[np.unique(group[differs])].sum())
    if unlike and data.factor_sizes is None:
        yield reason("note.unlike_copies", count=f"{unlike:,}")


def _examples(
    names: Sequence[str], first: NDArray[np.int64], group: NDArray[np.int64], alike: NDArray[np.bool_]
) -> str:
    shown_groups = []
    for number in np.flatnonzero(alike)[:_EXAMPLES]:
        rows = np.flatnonzero(group == number)[:_EXAMPLES]
        shown_groups.append(" = ".join(shown(names[row]) for row in rows))
    return f" ({'; '.join(shown_groups)}{'; ...' if alike.sum() > _EXAMPLES else ''})"
