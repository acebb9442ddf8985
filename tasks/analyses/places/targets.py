"""Attribute values as columns that a linear reader predicts and that readings of images are compared with."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]


def label_columns(
    attributes: Sequence[Attribute],
    values: Floats,
    fit_values: Floats,
    response_columns: Mapping[str, Sequence[int]],
) -> Floats:
    """Returns values (n, k) as the columns (n, columns) that a classifier answers in; fit_values: see below."""
    width = 1 + max(max(columns) for columns in response_columns.values())
    labels = np.zeros((len(values), width))
    for k, attribute in enumerate(attributes):
        columns = list(response_columns[attribute.name])
        labels[:, columns] = target_columns(attribute, values[:, k], fit_values[:, k])
    return labels


def target_columns(attribute: Attribute, values: Floats, fit_values: Floats) -> Floats:
    """Returns (n, c): 0 and 1 of a binary attribute, one column a class, cosine and sine, or standardised values; NaN
    where there is no value.

    values: (n,) in the attribute's unit. fit_values: what mean and standard deviation are taken from.
    """
    if attribute.kind == "binary":
        return np.asarray(values[:, None], dtype=np.float64)
    if attribute.kind == "categorical":
        classes = np.asarray(values[:, None] == np.arange(len(attribute.classes)), dtype=np.float64)
        return np.where(np.isnan(values)[:, None], np.nan, classes)
    if attribute.kind == "cyclic":
        assert attribute.period is not None  # Attribute refuses a cyclic one without it
        angle = 2.0 * np.pi * values / attribute.period
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    known = fit_values[~np.isnan(fit_values)]
    spread = float(known.std())
    return np.asarray((values - known.mean()) / (spread if spread > 0.0 else 1.0))[:, None]
