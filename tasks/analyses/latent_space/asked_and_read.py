"""What samples were asked for beside what the attribute classifier reads in them, sample by sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
# How far the value read may be from the value asked for: half a standard deviation of a number, a twelfth of a turn.
NUMBER_WITHIN, ANGLE_WITHIN = 0.5, 1 / 12
SOURCE = "bootstrap over samples"


@dataclass(frozen=True)
class AskedAndRead:
    """One attribute of the shown samples, and how often it agrees over all samples.

    asked, read: class names, or numbers in the attribute's unit. agrees: the same class, a number within half a
    standard deviation, an angle within a twelfth of a turn. share: of all samples, in which it does.
    """

    attribute: str
    asked: tuple[str | float, ...]
    read: tuple[str | float, ...]
    agrees: tuple[bool, ...]
    share: Estimate


def compute(
    attributes: Sequence[Attribute],
    asked: Floats,
    responses: NDArray[np.floating],
    columns: Mapping[str, Sequence[int]],
    standardisation: Mapping[str, tuple[float, float]],
    shown: NDArray[np.int64],
    rng: np.random.Generator,
    resamples: int = 500,
) -> tuple[AskedAndRead, ...]:
    """Returns one row an attribute.

    asked: (n, k) raw values; responses (n, R) of the classifier to the samples. standardisation: mean and standard
    deviation of numbers, by which their responses are scaled. shown: the samples that are listed.
    """
    found = []
    for place, attribute in enumerate(attributes):
        given = asked[:, place]
        read = _read(attribute, responses[:, list(columns[attribute.name])], standardisation)
        agrees = _agrees(attribute, given, read, standardisation)
        found.append(
            AskedAndRead(
                attribute.name,
                tuple(_in_words(attribute, value) for value in given[shown]),
                tuple(_in_words(attribute, value) for value in read[shown]),
                tuple(bool(one) for one in agrees[shown]),
                mean_estimate(agrees.astype(np.float64), resamples, rng, SOURCE),
            )
        )
    return tuple(found)


def _read(
    attribute: Attribute, responses: NDArray[np.floating], standardisation: Mapping[str, tuple[float, float]]
) -> Floats:
    """Returns the raw values (n,) that responses (n, c) stand for."""
    if attribute.kind == "binary":
        return np.asarray(responses[:, 0] > 0.5, dtype=np.float64)
    if attribute.kind == "categorical":
        return np.asarray(responses.argmax(axis=1), dtype=np.float64)
    if attribute.kind == "cyclic":
        turns = np.mod(np.arctan2(responses[:, 1], responses[:, 0]) / (2 * np.pi), 1.0)
        return np.asarray(turns * (attribute.period or 1.0), dtype=np.float64)
    mean, spread = standardisation[attribute.name]
    return np.asarray(responses[:, 0] * spread + mean, dtype=np.float64)


def _agrees(
    attribute: Attribute, asked: Floats, read: Floats, standardisation: Mapping[str, tuple[float, float]]
) -> NDArray[np.bool_]:
    if attribute.kind in ("binary", "categorical"):
        return np.asarray(asked == read)
    if attribute.kind == "cyclic":
        turns = np.abs(np.mod((read - asked) / (attribute.period or 1.0) + 0.5, 1.0) - 0.5)
        return np.asarray(turns <= ANGLE_WITHIN)
    return np.asarray(np.abs(read - asked) <= NUMBER_WITHIN * standardisation[attribute.name][1])


def _in_words(attribute: Attribute, value: float) -> str | float:
    if attribute.kind in ("binary", "categorical"):
        return attribute.classes[int(value)]
    return float(value)
