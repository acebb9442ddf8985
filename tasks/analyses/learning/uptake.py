"""When a dimension takes an attribute up: its U at checkpoints of a training, and what swapping it does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import ATTRIBUTE_BINS, CODE_BINS
from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.places.pairs import Pairs, read_in_batches
from latent_audit.tasks.analyses.places.slopes import LabelSlopes
from latent_audit.tasks.analyses.places.swaps import DimensionSwap
from latent_audit.tasks.analyses.statistics.binning import attribute_levels, fit_code_bins
from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.mutual_information import joint_tables, uncertainty_coefficient
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Codes = NDArray[np.float32]
Respond = Callable[[NDArray[np.float32]], NDArray[np.float32]]
SOURCE = "bootstrap over pairs"
# A dimension has taken an attribute up where it tells so large a share of what it tells at the end.
TAKEN_UP = 0.5


@dataclass(frozen=True)
class Cause:
    """How far an attribute follows when one dimension is swapped between images; None where nothing follows.

    dimension: the one that tells most of the attribute. cause: slope on the donor's label, as a share of that of whole
    decoded codes.
    """

    attribute: str
    dimension: int
    cause: Estimate | None


@dataclass(frozen=True)
class Uptake:
    """The checkpoint from which on the dimension that tells most of an attribute in the end tells half of that.

    uncertainty: U at the last checkpoint. step: None where that is less than `least`, so that nothing was taken up.
    """

    attribute: str
    dimension: int
    uncertainty: float
    step: int | None


def uncertainty_matrix(
    attributes: Sequence[Attribute],
    fit_codes: Codes,
    fit_values: Floats,
    codes: Codes,
    values: Floats,
) -> Floats:
    """Returns U (k, d) of every attribute and dimension, 0 to 1; bins and levels from the fit part, U of the other."""
    binned = fit_code_bins(fit_codes, CODE_BINS).apply(codes)
    levels, count = attribute_levels(attributes, fit_values, values, ATTRIBUTE_BINS)
    return np.clip(uncertainty_coefficient(joint_tables(levels, count, binned, CODE_BINS)), 0.0, 1.0)


def causes(
    attributes: Sequence[Attribute],
    uncertainty: Floats,
    groups: Sequence[int],
    columns: Mapping[str, Sequence[int]],
    labels: Floats,
    codes: Codes,
    pairs: Pairs,
    decode: Decode,
    respond: Respond,
    resamples: int,
    seed: int,
) -> tuple[Cause, ...]:
    """Returns a row for each attribute; dimensions of one group are swapped together.

    columns: of each attribute, among those of labels (images, c) and of readings. codes: (images, d) that pairs name.
    """
    base, donor = codes[pairs.base], codes[pairs.donor]
    drawn = pairs.groups.weights(resamples, np.random.default_rng([seed, 29]))
    weights = np.concatenate([np.ones((1, len(pairs))), drawn])
    names = [attribute.name for attribute in attributes]
    slopes = LabelSlopes(labels[pairs.base], labels[pairs.donor], [columns[name] for name in names], weights)

    def read(latents: Codes, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return respond(decode(latents, rows))

    whole = slopes.of_donor(read_in_batches(read, donor, pairs.base))
    strongest = uncertainty.argmax(axis=1)
    by_dimension = {
        int(dimension): slopes.partial(
            read_in_batches(read, _swap(int(dimension), groups).apply(base, donor), pairs.base)
        )[0]
        for dimension in np.unique(strongest)
    }
    rows = []
    for k, name in enumerate(names):
        dimension = int(strongest[k])
        with np.errstate(divide="ignore", invalid="ignore"):
            found, *resampled = by_dimension[dimension][:, k] / whole[:, k]
        known = np.isfinite(found) and np.isfinite(resampled).all()
        cause = from_samples(float(found), np.asarray(resampled), len(pairs), SOURCE) if known else None
        rows.append(Cause(name, dimension, cause))
    return tuple(rows)


def _swap(dimension: int, groups: Sequence[int]) -> DimensionSwap:
    return DimensionSwap(tuple(j for j, group in enumerate(groups) if group == groups[dimension]))


def taken_up(
    attributes: Sequence[Attribute], steps: Sequence[int], matrices: Sequence[Floats], least: float
) -> tuple[Uptake, ...]:
    """Returns a row for each attribute, from U (k, d) at each of the steps, the last one the end of training."""
    last, rows = matrices[-1], []
    for k, attribute in enumerate(attributes):
        dimension = int(last[k].argmax())
        curve = np.array([matrix[k, dimension] for matrix in matrices])
        below = np.flatnonzero(curve < TAKEN_UP * curve[-1])
        first = int(below[-1]) + 1 if len(below) else 0
        step = steps[first] if curve[-1] >= least else None
        rows.append(Uptake(attribute.name, dimension, float(curve[-1]), step))
    return tuple(rows)
