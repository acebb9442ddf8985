"""Converts attributes to the integer factors of disentanglement scores."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.binning import fit_attribute_coding
from latent_audit.tasks.datasets.attributes import Attribute

# dSprites' finest factor has 40 values; what has more is measured, and is cut at its quantiles.
MAX_LEVELS = 40
QUANTILE_LEVELS = 10


def factor_levels(
    attributes: Sequence[Attribute], fit_values: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Returns factors (n, k) of values (n, k): the attribute's own values counted up, or ten quantile levels.

    Both are fitted on `fit_values`; a value that does not occur there goes to the nearest below.
    """
    columns = []
    for column, attribute in enumerate(attributes):
        known = np.unique(fit_values[:, column])
        if len(known) <= MAX_LEVELS:
            place = np.searchsorted(known, values[:, column], side="right") - 1
            columns.append(np.clip(place, 0, None))
        else:
            coding = fit_attribute_coding(attribute, fit_values[:, column], QUANTILE_LEVELS)
            columns.append(coding.apply(values[:, column]))
    return np.stack(columns, axis=1).astype(np.int64)
