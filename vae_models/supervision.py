"""The labels that a model was trained with: it has not discovered the attributes that it was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.vae_models.model import Trainable


@dataclass(frozen=True)
class Supervision:
    """The attributes whose labels a model learned from, none for a model trained without labels.

    labelled_share: share of its training images that had a label. stated_by: "training" where it was trained here,
    "user" where its owner says so; None, and `attributes` None, where nobody knows.
    """

    attributes: tuple[str, ...] | None
    labelled_share: float | None
    stated_by: Literal["training", "user"] | None


def supervision_of(
    model: Trainable, attributes: Sequence[str], values: NDArray[np.float64], seed: int
) -> Supervision:
    """Returns which of the values (n, k) of its training images a model uses, determined from the model itself.

    An attribute is used if removing its values changes what the model would train on.
    """
    trained_on = model.training_values(values, seed)
    if trained_on is None:
        return Supervision((), 0.0, "training")
    any_known = np.array([[column[~np.isnan(column)][0] for column in values.T]])
    without_one = np.repeat(any_known, len(attributes), axis=0)
    np.fill_diagonal(without_one, np.nan)
    left = model.encode_values(without_one)
    assert left is not None  # a model that has training values encodes values
    used = np.flatnonzero(np.isnan(left).any(axis=1))
    labelled = ~np.isnan(trained_on).all(axis=1)
    return Supervision(
        tuple(attributes[int(column)] for column in used),
        float(labelled.mean()),
        "training",
    )


def as_stated(attributes: Sequence[str] | None) -> Supervision:
    """Returns what the owner of a model that was trained elsewhere says of it; None says nothing."""
    if attributes is None:
        return Supervision(None, None, None)
    return Supervision(tuple(attributes), None if attributes else 0.0, "user")
