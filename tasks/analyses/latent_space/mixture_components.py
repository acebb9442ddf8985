"""Components of a mixture prior: the images in each, and the purity of their classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.tasks.datasets.attributes import Attribute

# With more components than this a report shows those that hold most images.
MAX_SHOWN = 12


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
    """Share of images whose class is the most common one of their component on other images.

    chance: the share of the most common class of those images.
    """

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
    fit_responsibilities: NDArray[np.floating],
    fit_values: NDArray[np.float64],
    responsibilities: NDArray[np.floating],
    values: NDArray[np.float64],
    weights: NDArray[np.floating],
    attributes: Sequence[Attribute],
    resamples: int,
    rng: np.random.Generator,
) -> MixtureComponents:
    """Returns the purity of components on held-out images; their classes are chosen on the fitting part.

    responsibilities: (n, k), rows sum to 1: each image counts for its likeliest component. values:
    (n, attributes). weights: (k,) of the prior. A component is used when it holds a held-out image.
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
        for k in order[:MAX_SHOWN]
        if shares[k] > 0
    )
    nearest_fit = fit_responsibilities.argmax(1)
    purity = tuple(
        _purity(attribute, nearest_fit, fit_values[:, j], nearest, values[:, j], count, resamples, rng)
        for j, attribute in classed
    )
    return MixtureComponents(components, int((shares > 0).sum()), purity)


def _table(
    nearest: NDArray[np.int64], codes: NDArray[np.int64], components: int, classes: int
) -> NDArray[np.int64]:
    """Returns (components, classes) counts of images."""
    return np.bincount(nearest * classes + codes, minlength=components * classes).reshape(components, classes)


def _purity(
    attribute: Attribute,
    nearest_fit: NDArray[np.int64],
    fit_codes: NDArray[np.float64],
    nearest: NDArray[np.int64],
    codes: NDArray[np.float64],
    components: int,
    resamples: int,
    rng: np.random.Generator,
) -> Purity:
    table = _table(nearest_fit, fit_codes.astype(np.int64), components, len(attribute.classes))
    commonest = int(table.sum(axis=0).argmax())
    # A component that no image to fit fell to is taken for the commonest class.
    named = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), commonest)
    right = (named[nearest] == codes).astype(np.float64)
    estimate = mean_estimate(right, resamples, rng, "bootstrap over images")
    return Purity(attribute.name, estimate, float((codes == commonest).mean()))
