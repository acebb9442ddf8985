"""The subgroups of a protected attribute, and the errors made of the images of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.subgroups import GROUP_BINS, group_names
from latent_audit.tasks.analyses.statistics.binning import MISSING, fit_attribute_coding
from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
# Subgroups with fewer images are said to be too few, and nothing is said of them.
FEWEST_IMAGES = 30


@dataclass(frozen=True)
class Subgroups:
    """The subgroup of each image, labels (n,), by the number in names, MISSING where the attribute has no value; kept:
    the numbers with enough images.
    """

    names: tuple[str, ...]
    labels: Bins
    kept: tuple[int, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """How many images each subgroup has, too few or not."""
        return {name: int((self.labels == number).sum()) for number, name in enumerate(self.names)}

    @property
    def rows(self) -> Bins:
        """The images of subgroups with enough images, ascending."""
        return np.flatnonzero(np.isin(self.labels, self.kept))


@dataclass(frozen=True)
class GroupFigure:
    """A figure of the images of one subgroup, n beside it in the estimate."""

    group: str
    figure: Estimate


@dataclass(frozen=True)
class GroupErrors:
    """Errors by subgroup: of the classifier's readings of an attribute, or, where that is None, of reconstructions.

    statistic: "error rate"; "mean absolute error", in standard deviations of the attribute; "mean angular error", in
    degrees; "mean squared error", of pixels from 0 to 1. difference: largest less smallest.
    """

    attribute: str | None
    statistic: str
    groups: tuple[GroupFigure, ...]
    difference: Estimate


def subgroups_of(attribute: Attribute, values: Floats) -> Subgroups:
    """Returns the subgroups by an attribute's values (n,): its classes, or thirds of what it measures."""
    coding = fit_attribute_coding(attribute, values, GROUP_BINS)
    labels = coding.apply(values)
    counts = np.bincount(labels[labels != MISSING], minlength=coding.levels)
    kept = tuple(int(number) for number in np.flatnonzero(counts >= FEWEST_IMAGES))
    return Subgroups(tuple(group_names(attribute, values, coding.edges, coding.levels)), labels, kept)


def reading_errors(
    attribute: Attribute, values: Floats, responses: NDArray[np.floating], scale: tuple[float, float]
) -> tuple[str, Floats]:
    """Returns the statistic and the error (n,) of each reading (n, r) of an attribute with values (n,); NaN where there
    is no value.

    scale: mean and standard deviation by which the classifier scaled the attribute.
    """
    exact = np.asarray(responses, dtype=np.float64)
    if attribute.kind in ("binary", "categorical"):
        chosen = exact[:, 0] > 0.5 if attribute.kind == "binary" else exact.argmax(axis=1)
        wrong = np.asarray(chosen != values, dtype=np.float64)
        return "error rate", np.where(np.isnan(values), np.nan, wrong)
    if attribute.kind == "cyclic":
        assert attribute.period is not None  # Attribute refuses a cyclic one without it
        apart = np.angle((exact[:, 0] + 1j * exact[:, 1]) * np.exp(-2j * np.pi * values / attribute.period))
        return "mean angular error", np.degrees(np.abs(apart))
    mean, spread = scale
    return "mean absolute error", np.abs(exact[:, 0] - (values - mean) / spread)


def errors_by_group(
    attribute: str | None,
    statistic: str,
    errors: Floats,
    subgroups: Subgroups,
    images: ImageGroups,
    resamples: int,
    seed: int,
) -> GroupErrors:
    """Returns the mean of errors (n,) in each subgroup with enough images; bootstrap over images, or their groups.

    Images without an error (NaN), since they lack the attribute that is read, are left out.
    """
    known = ~np.isnan(errors)
    weights = images.weights(resamples, np.random.default_rng([seed, 71]))
    groups, drawn = [], []
    for number in subgroups.kept:
        inside = (subgroups.labels == number) & known
        counts = weights[:, inside].sum(axis=1)
        samples = weights[:, inside] @ errors[inside] / np.where(counts > 0.0, counts, np.nan)
        value = float(errors[inside].mean()) if inside.any() else np.nan
        drawn.append(samples)
        groups.append(
            GroupFigure(
                subgroups.names[number], from_samples(value, samples, int(inside.sum()), images.source)
            )
        )
    values = [group.figure.value for group in groups]
    most, least = (int(pick(np.nan_to_num(values))) for pick in (np.argmax, np.argmin))
    counted = int((known & np.isin(subgroups.labels, subgroups.kept)).sum())
    difference = from_samples(
        values[most] - values[least], drawn[most] - drawn[least], counted, images.source
    )
    return GroupErrors(attribute, statistic, tuple(groups), difference)


def classifier_errors(
    attributes: Sequence[Attribute],
    values: Floats,
    responses: NDArray[np.floating],
    columns: Mapping[str, Sequence[int]],
    scales: Mapping[str, tuple[float, float]],
    subgroups: Subgroups,
    images: ImageGroups,
    resamples: int,
    seed: int,
) -> list[GroupErrors]:
    """Returns the errors by subgroup of the readings (n, columns) of every attribute, values (n, k)."""
    found = []
    for k, attribute in enumerate(attributes):
        read = responses[:, list(columns[attribute.name])]
        statistic, errors = reading_errors(
            attribute, values[:, k], read, scales.get(attribute.name, (0.0, 1.0))
        )
        found.append(errors_by_group(attribute.name, statistic, errors, subgroups, images, resamples, seed))
    return found
