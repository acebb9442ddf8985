"""Images that speak against a claim, found by rule, so that nobody picks the flattering ones."""

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import ATTRIBUTE_BINS, CODE_BINS
from latent_audit.tasks.analyses.statistics.binning import fit_attribute_coding, fit_code_bins
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]


def find(
    attribute: Attribute,
    fit_codes: NDArray[np.floating],
    fit_values: Floats,
    test_codes: NDArray[np.floating],
    test_values: Floats,
    count: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Returns the rows of the `count` test images that contradict a claim most, the strongest first.

    Codes and values are (n,): one dimension, one attribute. An image contradicts the claim when its attribute
    is rarer among images with a code like its own than it is overall: the least pointwise mutual information,
    with counts of probe_fit plus one half in each cell. Images that contradict it equally come in random order; images
    without a value (NaN) are left out.
    """
    known, rows = ~np.isnan(fit_values), np.flatnonzero(~np.isnan(test_values))
    fit_codes, fit_values, test_codes, test_values = (
        fit_codes[known], fit_values[known], test_codes[rows], test_values[rows]
    )  # fmt: skip
    coding = fit_attribute_coding(attribute, fit_values, ATTRIBUTE_BINS)
    bins = fit_code_bins(fit_codes[:, None], CODE_BINS)
    table = np.full((CODE_BINS, coding.levels), 0.5)
    np.add.at(table, (bins.apply(fit_codes[:, None])[:, 0], coding.apply(fit_values)), 1.0)
    joint = table / table.sum()
    information = np.log(joint / (joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)))
    found = information[bins.apply(test_codes[:, None])[:, 0], coding.apply(test_values)]
    return rows[np.lexsort((rng.random(len(found)), found))[:count]]
