"""Sensitivity of the image and of each attribute to small noise on one dimension."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.responses import COSINE_SPREAD, effect_unit
from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.latent_space.attribute_classes import Respond
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.tasks.datasets.attributes import Attribute


@dataclass(frozen=True)
class Sensitivity:
    """Sensitivities to one dimension.

    image: mean absolute change of a pixel, in [0, 1]. attributes: mean absolute change of each attribute's
    response, in the unit of `units`. Both for noise of `Perturbation.noise` standard deviations.
    """

    dimension: int
    name: str
    image: Estimate
    attributes: tuple[Estimate, ...]


@dataclass(frozen=True)
class Perturbation:
    """A table of sensitivities: a row per dimension, a column for the image and each attribute."""

    attributes: tuple[str, ...]
    units: tuple[str, ...]
    noise: float
    rows: tuple[Sensitivity, ...]


def perturb(
    codes: NDArray[np.float32],
    scale: NDArray[np.floating],
    names: Sequence[str],
    attributes: Sequence[Attribute],
    columns: dict[str, tuple[int, ...]],
    decode: Decode,
    respond: Respond,
    rng: np.random.Generator,
    noise: float = 0.25,
    resamples: int = 500,
) -> Perturbation:
    """Returns the table for held-out codes (m, d); scale: (d,) standard deviations of the dimensions.

    Every dimension gets the same normal draws, one per image, with `noise` of its standard deviation.
    """
    draws = rng.standard_normal(len(codes)) * noise
    of_codes = np.arange(len(codes))
    images = np.asarray(decode(codes, of_codes), dtype=np.float64)
    before = np.asarray(respond(images.astype(np.float32)), dtype=np.float64)
    rows = []
    for dimension, name in enumerate(names):
        moved = codes.copy()
        moved[:, dimension] += (draws * scale[dimension]).astype(np.float32)
        after = np.asarray(decode(moved, of_codes))
        change = np.abs(after - images).reshape(len(codes), -1).mean(axis=1)
        answer = np.asarray(respond(after), dtype=np.float64) - before
        rows.append(
            Sensitivity(
                dimension,
                name,
                mean_estimate(change, resamples, rng, "bootstrap over images"),
                tuple(
                    mean_estimate(
                        _size(attribute, answer[:, list(columns[attribute.name])]),
                        resamples,
                        rng,
                        "bootstrap over images",
                    )
                    for attribute in attributes
                ),
            )
        )
    return Perturbation(
        tuple(attribute.name for attribute in attributes),
        tuple(effect_unit(attribute) for attribute in attributes),
        noise,
        tuple(rows),
    )


def _size(attribute: Attribute, change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns (n,) absolute changes of an attribute's response columns (n, c), in its unit of effect."""
    if attribute.kind == "cyclic":
        return np.asarray(np.linalg.norm(change, axis=1) / COSINE_SPREAD)
    return np.asarray(np.abs(change).max(axis=1))
