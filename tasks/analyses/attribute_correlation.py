"""How strongly attributes go together in the data: the usual way to be fooled about what a dimension carries."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
STATISTIC = "largest canonical correlation (class indicators, ranks, cosine and sine)"
# At 0.3 one attribute accounts for about a tenth of the other, which is where conditioning starts to matter.
ENTANGLED_FROM = 0.3


@dataclass(frozen=True)
class EntangledPair:
    """Two attributes whose correlation is at or above the threshold."""

    first: str
    second: str
    value: float


@dataclass(frozen=True)
class AttributeCorrelation:
    """Symmetric matrix (k, k) in 0 to 1 with ones on the diagonal, and the pairs that stand out."""

    names: tuple[str, ...]
    matrix: Floats
    statistic: str
    entangled: tuple[EntangledPair, ...]


def compute(
    attributes: Sequence[Attribute], values: Floats, entangled_from: float = ENTANGLED_FROM
) -> AttributeCorrelation:
    """Returns the correlation of all attributes in values (n, k), whatever their types.

    Each attribute becomes columns (class indicators, ranks, or cosine and sine), and two attributes are
    compared by the largest canonical correlation of their columns (Hotelling 1936): for two binary ones
    the absolute phi, for two continuous ones the absolute Spearman correlation. Independent attributes
    score about the square root of their columns by n, not exactly 0. Pairs are sorted, strongest first.
    """
    bases = [_orthonormal(_columns(a, values[:, i])) for i, a in enumerate(attributes)]
    matrix = np.eye(len(attributes))
    pairs = []
    for i, first in enumerate(attributes):
        for j in range(i + 1, len(attributes)):
            value = _largest_singular_value(bases[i].T @ bases[j])
            matrix[i, j] = matrix[j, i] = value
            if value >= entangled_from:
                pairs.append(EntangledPair(first.name, attributes[j].name, value))
    pairs.sort(key=lambda pair: -pair.value)
    return AttributeCorrelation(tuple(a.name for a in attributes), matrix, STATISTIC, tuple(pairs))


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
