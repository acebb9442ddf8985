"""What attribute classifiers say of images, per attribute: columns, units, and the size of an effect."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
# Spread of the cosine of a uniform angle: makes a cyclic effect comparable with standard deviations.
COSINE_SPREAD = 0.5**0.5


PROBABILITY, DEVIATIONS, ROBUST_DEVIATIONS = (
    "probability",
    "standard deviations",
    "robust standard deviations",
)


def effect_unit(attribute: Attribute, robust: Collection[str] = ()) -> str:
    """Returns the unit of an attribute's effects; robust: the names of those that are read in robust deviations."""
    if attribute.kind in ("binary", "categorical"):
        return PROBABILITY
    return ROBUST_DEVIATIONS if attribute.name in robust else DEVIATIONS


def column_names(attribute: Attribute) -> tuple[str, ...]:
    """Returns what each response column of an attribute says, in the order of the classifier's columns."""
    if attribute.kind == "binary":
        return (f"probability of {attribute.name} = {attribute.classes[1]}",)
    if attribute.kind == "categorical":
        return tuple(f"probability of {attribute.name} = {name}" for name in attribute.classes)
    if attribute.kind == "cyclic":
        return (f"cosine of {attribute.name}", f"sine of {attribute.name}")
    return (f"{attribute.name} in standard deviations",)


def effects(
    means: Floats, attributes: Sequence[Attribute], response_columns: Mapping[str, Sequence[int]]
) -> Floats:
    """Returns the effect (..., k) of mean responses (..., doses, columns).

    The range over doses; the largest over the classes of a categorical attribute; for a cyclic one the
    longest chord between mean (cosine, sine) points by the spread of a uniform angle's cosine.
    """
    sizes = []
    for attribute in attributes:
        columns = means[..., list(response_columns[attribute.name])]
        if attribute.kind == "cyclic":
            chords = columns[..., :, None, :] - columns[..., None, :, :]
            sizes.append(np.sqrt((chords**2).sum(axis=-1)).max(axis=(-2, -1)) / COSINE_SPREAD)
        else:
            sizes.append((columns.max(axis=-2) - columns.min(axis=-2)).max(axis=-1))
    return np.stack(sizes, axis=-1)


def leading_column(means: Floats, columns: Sequence[int]) -> int:
    """Returns the response column, of an attribute's, that moves most over mean responses (doses, columns)."""
    spans = means[:, list(columns)].max(axis=0) - means[:, list(columns)].min(axis=0)
    return int(columns[int(np.argmax(spans))])


def refuse_wrong_columns(
    attributes: Sequence[Attribute], response_columns: Mapping[str, Sequence[int]], width: int
) -> None:
    """Raises ValueError when an attribute has the wrong number of response columns, or one out of range."""
    for attribute in attributes:
        expected = len(column_names(attribute))
        columns = list(response_columns.get(attribute.name, ()))
        if len(columns) != expected or any(not 0 <= column < width for column in columns):
            raise ValueError(
                f"attribute {attribute.name!r} ({attribute.kind}) needs {expected} response column(s) out of "
                f"{width}; got {columns}. Take response_columns from the classifier that gives the responses."
            )
