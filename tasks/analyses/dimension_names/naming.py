"""Carries a person's name of a dimension to other trainings: to the dimension whose codes go with it.

A dimension has no identity from one training to another but what its codes of the same images say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.stability import match
from latent_audit.tasks.analyses.dimension_names.given import GivenName

# Absolute rank correlation of codes of the same images from which two dimensions are one.
SAME_FROM = 0.8


@dataclass(frozen=True)
class Trained:
    """One trained model and its codes (n, d) of the same images as all others'."""

    name: str
    seed: int
    weights: str
    codes: NDArray[np.floating]


@dataclass(frozen=True)
class NamedDimension:
    """One name in one trained model, as it stands in audit.json.

    status: given, where the name is of these weights; found_again or not_found_again in another training of the
    model; unknown, where no model has the weights or the dimension: model and seed are None. correlation: of the
    codes, in absolute value, None for given and unknown.
    """

    weights: str
    name: str
    attribute: str | None
    model: str | None
    seed: int | None
    dimension: int | None
    status: Literal["given", "found_again", "not_found_again", "unknown"]
    correlation: float | None


def carry_names(given: Sequence[GivenName], models: Sequence[Trained]) -> list[NamedDimension]:
    """Returns a row for each name and each training of the model that it was given to."""
    rows = []
    for one in given:
        source = next(
            (m for m in models if m.weights == one.weights and one.dimension < m.codes.shape[1]), None
        )
        if source is None:
            rows.append(
                NamedDimension(one.weights, one.name, one.attribute, None, None, None, "unknown", None)
            )
            continue
        rows += [_in(one, source, model) for model in models if model.name == source.name]
    return rows


def _in(given: GivenName, source: Trained, model: Trained) -> NamedDimension:
    named = given.weights, given.name, given.attribute, model.name, model.seed
    if model is source:
        return NamedDimension(*named, given.dimension, "given", None)
    columns, strengths = match(np.asarray(source.codes)[:, [given.dimension]], np.asarray(model.codes))
    best, found = int(columns[0]), float(strengths[0])
    if found < SAME_FROM:
        return NamedDimension(*named, None, "not_found_again", found)
    return NamedDimension(*named, best, "found_again", found)
