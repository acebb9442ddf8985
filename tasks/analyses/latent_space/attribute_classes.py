"""Positive and negative class of every attribute, so that all of them can be added, removed and edited."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute

Bools = NDArray[np.bool_]
Respond = Callable[[NDArray[np.floating]], NDArray[np.floating]]


@dataclass(frozen=True)
class AttributeClass:
    """The positive class of one attribute: its name, and the class code or limit that defines it."""

    attribute: Attribute
    name: str
    level: float

    def of_values(self, values: NDArray[np.float64]) -> Bools:
        """Returns which of (n,) raw values are positive."""
        if self.attribute.kind in ("binary", "categorical"):
            return np.asarray(values == self.level)
        if self.attribute.kind == "cyclic":
            assert self.attribute.period is not None  # Attribute refuses a cyclic one without it
            return np.asarray(np.cos(2.0 * np.pi * values / self.attribute.period) > 0)
        return np.asarray(values > self.level)

    def of_responses(self, responses: NDArray[np.floating], standardisation: tuple[float, float]) -> Bools:
        """Returns which images a classifier predicts as positive, from its columns (n, c) for this attribute."""
        if self.attribute.kind == "binary":
            return np.asarray((responses[:, 0] > 0.5) == (self.level == 1))
        if self.attribute.kind == "categorical":
            return np.asarray(responses.argmax(axis=1) == self.level)
        if self.attribute.kind == "cyclic":
            return np.asarray(responses[:, 0] > 0)
        mean, spread = standardisation
        return np.asarray(responses[:, 0] * spread + mean > self.level)


@dataclass(frozen=True)
class Reader:
    """Predictions of an attribute classifier: responses, their columns and scales, by attribute name."""

    respond: Respond
    columns: Mapping[str, Sequence[int]]
    standardisation: Mapping[str, tuple[float, float]]

    def answers(self, images: NDArray[np.floating], classes: Sequence[AttributeClass]) -> Bools:
        """Returns (n, k): which images the classifier predicts as positive for each attribute."""
        responses = self.respond(images)
        return np.stack(
            [
                attribute_class.of_responses(
                    responses[:, list(self.columns[attribute_class.attribute.name])],
                    self.standardisation[attribute_class.attribute.name],
                )
                for attribute_class in classes
            ],
            axis=1,
        )


def classes_of(attributes: Sequence[Attribute], values: NDArray[np.float64]) -> tuple[AttributeClass, ...]:
    """Returns the positive class of each attribute, with limits from values (n, k), NaN where an image has none.

    Positive is class 1 of a binary attribute, the most frequent class of a categorical one, above the median
    of an ordinal or continuous one, and the half turn around zero of a cyclic one.
    """
    return tuple(
        _attribute_class(attribute, values[~np.isnan(values[:, column]), column])
        for column, attribute in enumerate(attributes)
    )


def labels_of(classes: Sequence[AttributeClass], values: NDArray[np.float64]) -> Bools:
    """Returns (n, k): which images are positive by their labels (n, k)."""
    return np.stack(
        [attribute_class.of_values(values[:, column]) for column, attribute_class in enumerate(classes)],
        axis=1,
    )


def _attribute_class(attribute: Attribute, values: NDArray[np.float64]) -> AttributeClass:
    if attribute.kind == "binary":
        return AttributeClass(attribute, f"{attribute.name} = {attribute.classes[1]}", 1.0)
    if attribute.kind == "categorical":
        counts = np.bincount(values.astype(np.int64), minlength=len(attribute.classes))
        common = int(counts.argmax())
        return AttributeClass(attribute, f"{attribute.name} = {attribute.classes[common]}", float(common))
    if attribute.kind == "cyclic":
        return AttributeClass(attribute, f"{attribute.name} within a quarter turn of 0", 0.0)
    middle = float(np.median(values))
    # Where more than half share the largest value, "above the median" would be nobody.
    level = middle if (values > middle).any() else float(values[values < middle].max())
    return AttributeClass(attribute, f"{attribute.name} > {level:.3g}", level)
