"""How strongly attributes go together in the data: the usual way to be fooled about what a dimension carries."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
STATISTIC = "largest canonical correlation (class indicators, ranks, cosine and sine)"


@dataclass(frozen=True)
class EntangledPair:
    """Two attributes whose correlation is at or above the threshold."""

    first: str
    second: str
    value: float


@dataclass(frozen=True)
class AttributeCorrelation:
    """Symmetric matrix (k, k) in 0 to 1 with ones on the diagonal."""

    names: tuple[str, ...]
    matrix: Floats
    statistic: str


def compute(attributes: Sequence[Attribute], values: Floats) -> AttributeCorrelation:
    """Returns the correlation of all attributes in values (n, k), whatever their types.

    Each attribute becomes columns (class indicators, ranks, or cosine and sine), and two attributes are
    compared by the largest canonical correlation of their columns (Hotelling 1936): for two binary ones
    the absolute phi, for two continuous ones the absolute Spearman correlation. Independent attributes
    score about the square root of their columns by n, not exactly 0. Two attributes are compared on the images that
    have both (NaN: no value).
    """
    known = ~np.isnan(values)
    complete = [bool(column.all()) for column in known.T]
    bases = [
        _orthonormal(_columns(a, values[:, i])) if complete[i] else None for i, a in enumerate(attributes)
    ]
    matrix = np.eye(len(attributes))
    for i, j in combinations(range(len(attributes)), 2):
        first, second = bases[i], bases[j]
        if first is None or second is None:
            both = known[:, i] & known[:, j]
            first, second = (_orthonormal(_columns(attributes[k], values[both, k])) for k in (i, j))
        matrix[i, j] = matrix[j, i] = _largest_singular_value(first.T @ second)
    return AttributeCorrelation(tuple(a.name for a in attributes), matrix, STATISTIC)


def entangled_pairs(
    names: Sequence[str], matrix: Sequence[Sequence[float]] | Floats, entangled_from: float
) -> tuple[EntangledPair, ...]:
    """Returns the pairs of attributes whose correlation is at or above the threshold, strongest first."""
    pairs = [
        EntangledPair(names[i], names[j], float(matrix[i][j]))
        for i, j in combinations(range(len(names)), 2)
        if matrix[i][j] >= entangled_from
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair.value))


def _columns(attribute: Attribute, values: Floats) -> Floats:
    if attribute.kind in ("binary", "categorical"):
        return (values[:, None] == np.arange(len(attribute.classes))).astype(np.float64)
    if attribute.kind == "cyclic":
        assert attribute.period is not None  # Attribute refuses a cyclic one without it
        angle = 2.0 * np.pi * values / attribute.period
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    # Here: every run reads what others prepared, and this takes half a second.
    from scipy.stats import rankdata

    return rankdata(values)[:, None]


def _orthonormal(columns: Floats) -> Floats:
    centred = columns - columns.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(left[:, singular > 1e-9 * max(float(singular.max(initial=0.0)), 1e-300)])


def _largest_singular_value(product: Floats) -> float:
    if product.size == 0:
        return 0.0
    return float(min(np.linalg.svd(product, compute_uv=False)[0], 1.0))
