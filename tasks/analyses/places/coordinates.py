"""The coordinate of an attribute on a rung, as one small integer an image: what U and its permutations count."""

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.binning import fit_code_bins
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]


def coordinate_bins(attribute: Attribute, fit: Floats, test: Floats, bins: int) -> tuple[Bins, Bins]:
    """Returns bin numbers (n,) and (m,) below `bins` or the number of classes, of predictions (n, c) and (m, c).

    A single column is cut at its quantiles on the fit part, class scores give their largest, and the columns of a
    cyclic attribute the angle in equal parts.
    """
    if fit.shape[1] == 1:
        binning = fit_code_bins(fit, bins)
        return binning.apply(fit)[:, 0], binning.apply(test)[:, 0]
    if attribute.kind == "cyclic":
        return _angles(fit, bins), _angles(test, bins)
    return fit.argmax(axis=1), test.argmax(axis=1)


def _angles(predicted: Floats, bins: int) -> Bins:
    turns = np.mod(np.arctan2(predicted[:, 1], predicted[:, 0]) / (2.0 * np.pi), 1.0)
    return np.minimum((turns * bins).astype(np.int64), bins - 1)
