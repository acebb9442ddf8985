"""What the components of a mixture prior stand for: which images gather in each, and whether they are of one kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.analyses.estimates import Estimate, from_samples, table_resamples
from tasks.datasets.attributes import Attribute

# With more components than this a report shows those that hold most images.
MOST_SHOWN = 12


@dataclass(frozen=True)
class Component:
    """One component: the share of images that lie nearest to it, and of its weight in the prior, 0 to 1.

    classes: the most common class of each attribute with classes, by name, and its share in the component.
    """

    index: int
    weight: float
    share: float
    classes: dict[str, str]
    class_shares: dict[str, float]


@dataclass(frozen=True)
class Purity:
    """Share of images whose component is mostly of their own class; chance is the share of the commonest class."""

    attribute: str
    estimate: Estimate
    chance: float


@dataclass(frozen=True)
class MixtureComponents:
    """Components by the share of images they hold, largest first, and the purity of each attribute with classes."""

    components: tuple[Component, ...]
    used: int
    purity: tuple[Purity, ...]


def compute(
    responsibilities: NDArray[np.floating],
    weights: NDArray[np.floating],
    attributes: Sequence[Attribute],
    values: NDArray[np.float64],
    resamples: int,
    rng: np.random.Generator,
) -> MixtureComponents:
    """Returns what held-out images say of the components.

    responsibilities: (n, k), rows sum to 1: each image counts for its likeliest component. weights: (k,) of the
    prior. values: (n, attributes). A component is used when it holds an image.
    """
    nearest = responsibilities.argmax(1)
    count = len(weights)
    shares = np.bincount(nearest, minlength=count) / len(nearest)
    classed = [(j, a) for j, a in enumerate(attributes) if a.kind in ("binary", "categorical")]
    tables = {
        attribute.name: _table(nearest, values[:, column].astype(np.int64), count, len(attribute.classes))
        for column, attribute in classed
    }
    names = {attribute.name: attribute.classes for _, attribute in classed}
    order = np.argsort(-shares, kind="stable")
    components = tuple(
        Component(
            index=int(k),
            weight=float(weights[k]),
            share=float(shares[k]),
            classes={name: names[name][int(table[k].argmax())] for name, table in tables.items()},
            class_shares={name: float(table[k].max() / table[k].sum()) for name, table in tables.items()},
        )
        for k in order[:MOST_SHOWN]
        if shares[k] > 0
    )
    purity = tuple(_purity(name, table, resamples, rng) for name, table in tables.items())
    return MixtureComponents(components, int((shares > 0).sum()), purity)


def _table(
    nearest: NDArray[np.int64], codes: NDArray[np.int64], components: int, classes: int
) -> NDArray[np.int64]:
    """Returns (components, classes) counts of images."""
    return np.bincount(nearest * classes + codes, minlength=components * classes).reshape(components, classes)


def _purity(name: str, table: NDArray[np.int64], resamples: int, rng: np.random.Generator) -> Purity:
    total = int(table.sum())
    drawn = table_resamples(table, resamples, rng)
    samples = drawn.max(axis=2).sum(axis=1) / total
    value = float(table.max(axis=1).sum() / total)
    estimate = from_samples(value, samples, total, "bootstrap over images")
    return Purity(name, estimate, float(table.sum(axis=0).max() / total))
