"""Which attributes can be tested at all: those that vary in enough images of every part of the data.

An attribute that is found in three held-out images cannot be told from chance, and one that is the same in all training
images cannot be learned. Such attributes are set aside once, after the split, so that no later stage meets them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.splits import Split
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import Reason, reason


@dataclass(frozen=True)
class SetAside:
    """One attribute that is not tested. rarest: images with the rarest class that counts, in each part."""

    attribute: Attribute
    rarest_class: str
    images: Mapping[str, int]
    reason: Reason


def split_testable(
    attributes: Sequence[Attribute], values: NDArray[np.float64], split: Split, fewest: int
) -> tuple[list[int], list[SetAside]]:
    """Returns the columns that can be tested, and what is known of the others.

    A class counts where every part has at least `fewest` images of it; an attribute needs two that count. Of ordered
    attributes, `fewest` images of every part must differ from the commonest value. Images without a value (NaN) do not
    count.
    """
    kept: list[int] = []
    aside: list[SetAside] = []
    for column, attribute in enumerate(attributes):
        name, images = _rarest(attribute, values[:, column], split)
        if min(images.values()) >= fewest:
            kept.append(column)
        else:
            aside.append(SetAside(attribute, name, images, _reason(name, images, fewest)))
    return kept, aside


def rare_classes(
    attributes: Sequence[Attribute], values: NDArray[np.float64], split: Split, fewest: int
) -> list[Reason]:
    """Returns a reason for each class of a tested attribute that some part has too few images of."""
    found = []
    for column, attribute in enumerate(attributes):
        if attribute.kind != "categorical":
            continue
        counts = _class_counts(attribute, values[:, column], split)
        for code, name in enumerate(attribute.classes):
            part = min(counts, key=lambda part: counts[part][code])
            if counts[part][code] < fewest:
                found.append(
                    reason(
                        "testable.rare_class",
                        name=name,
                        attribute=attribute.name,
                        images=str(counts[part][code]),
                        part=part,
                        fewest=str(fewest),
                    )
                )
    return found


def _class_counts(
    attribute: Attribute, column: NDArray[np.float64], split: Split
) -> dict[str, NDArray[np.int64]]:
    return {
        part: np.bincount(
            column[rows][~np.isnan(column[rows])].astype(np.int64), minlength=len(attribute.classes)
        )
        for part, rows in ((part, split.rows(part)) for part in split.used)
    }


def _rarest(attribute: Attribute, column: NDArray[np.float64], split: Split) -> tuple[str, dict[str, int]]:
    """Returns what must be there in every part, and in how many images of each part it is."""
    if attribute.kind in ("binary", "categorical"):
        counts = _class_counts(attribute, column, split)
        least = np.stack(list(counts.values())).min(axis=0)
        # The class that is the second best provided for; with one like the best, there is nothing to compare.
        code = int(np.argsort(-least, kind="stable")[1])
        return attribute.classes[code], {part: int(counts[part][code]) for part in split.used}
    known = ~np.isnan(column)
    values, counts_of = np.unique(column[known], return_counts=True)
    other = known & (column != values[counts_of.argmax()]) if len(values) else known
    return "", {part: int(other[split.rows(part)].sum()) for part in split.used}


def _reason(name: str, images: Mapping[str, int], fewest: int) -> Reason:
    short = [
        reason("testable.images", images=str(count), part=part)
        for part, count in images.items()
        if count < fewest
    ]
    what = reason("testable.class", name=name) if name else reason("testable.values")
    return reason(
        "testable.too_few", what=what, images=str(sum(images.values())), short=list(short), fewest=str(fewest)
    )
