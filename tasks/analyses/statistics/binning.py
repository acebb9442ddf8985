"""Codes and attribute values as small integers; edges are fitted on one part and applied to another.

A value that is missing (NaN) has the level MISSING; edges are fitted on the known ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
MISSING = -1


@dataclass(frozen=True)
class CodeBinning:
    """Inner edges of every latent dimension; dimensions may have fewer distinct edges than asked for."""

    edges: tuple[Floats, ...]
    bins: int

    def apply(self, codes: NDArray[np.floating]) -> Bins:
        """Returns bin numbers (n, d), 0 to bins - 1; values outside the fitted range go to the end bins."""
        binned = np.empty(codes.shape, dtype=np.int64)
        for dimension, edges in enumerate(self.edges):
            binned[:, dimension] = np.searchsorted(edges, codes[:, dimension], side="right")
        return binned


def fit_code_bins(
    codes: NDArray[np.floating],
    bins: int,
    width: Literal["equal_frequency", "equal_width"] = "equal_frequency",
) -> CodeBinning:
    """Returns bin edges of codes (n, d).

    Equal frequency is used for evidence, since it sees any monotone rescaling of a dimension as the same;
    equal width is what published MIG values rest on.
    """
    codes = np.asarray(codes, dtype=np.float64)
    edges = []
    for column in codes.T:
        if width == "equal_frequency":
            inner = np.quantile(column, np.linspace(0.0, 1.0, bins + 1)[1:-1])
        else:
            inner = np.linspace(column.min(), column.max(), bins + 1)[1:-1]
        edges.append(np.unique(inner))
    return CodeBinning(tuple(edges), bins)


@dataclass(frozen=True)
class AttributeCoding:
    """How one attribute's values become levels 0 to levels - 1.

    `edges` are inner edges in the attribute's unit (for cyclic ones in turns, 0 to 1).
    """

    edges: Floats
    levels: int
    period: float | None = None

    def apply(self, values: Floats) -> Bins:
        """Returns the level of each of (n,) values, MISSING where there is none."""
        if self.period is not None:
            values = np.mod(np.asarray(values, dtype=np.float64) / self.period, 1.0)
        levels = np.searchsorted(self.edges, values, side="right").astype(np.int64)
        return np.where(np.isnan(values), MISSING, levels)


def fit_attribute_coding(attribute: Attribute, values: Floats, bins: int) -> AttributeCoding:
    """Returns the levels of an attribute, fitted on (n,) values.

    Binary and categorical attributes keep their classes, ordinal ones their levels where there are at most
    twice `bins`; continuous and longer ordinal ones are cut at quantiles into `bins`; cyclic ones into
    `bins` equal angles with the first starting at zero, so that both ends of the period fall together.
    """
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    if attribute.kind in ("binary", "categorical"):
        return AttributeCoding(
            np.arange(1, len(attribute.classes), dtype=np.float64) - 0.5, len(attribute.classes)
        )
    if attribute.kind == "cyclic":
        return AttributeCoding(np.arange(1, bins) / bins, bins, attribute.period)
    distinct = np.unique(values)
    keeps = 2 * bins if attribute.kind == "ordinal" else bins
    if len(distinct) <= keeps:
        edges = (distinct[1:] + distinct[:-1]) / 2.0
    else:
        edges = np.unique(np.quantile(values, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    return AttributeCoding(edges, len(edges) + 1)


def attribute_levels(
    attributes: Sequence[Attribute], fit_values: Floats, values: Floats, bins: int
) -> tuple[Bins, int]:
    """Returns levels (n, k) of `values` by codings fitted on `fit_values`, MISSING where there is no value, and the
    largest level count.
    """
    codings = [fit_attribute_coding(a, fit_values[:, i], bins) for i, a in enumerate(attributes)]
    levels = np.stack([coding.apply(values[:, i]) for i, coding in enumerate(codings)], axis=1)
    return levels, max(coding.levels for coding in codings)
