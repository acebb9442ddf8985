"""Whether a model draws an attribute that the classifier cannot read in its images: readers of reconstructions tell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from latent_audit.tasks.analyses.absence.evidence import AbsenceClaim, ReaderName
from latent_audit.tasks.analyses.absence.measure import AbsenceSizes, CodeAndValues, measure
from latent_audit.tasks.analyses.statistics.estimates import Estimate
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Images = NDArray[np.float32]
COMPONENTS = 32
_ONE_IMAGE = 1e-6  # largest spread of a pixel, of 0 to 1, in reconstructions that are all alike


@dataclass(frozen=True)
class Drawn:
    """What the strongest reader of reconstructions tells of an attribute, with its p-value over all of these."""

    attribute: str
    reader: ReaderName
    uncertainty: Estimate
    p_adjusted: float


def measure_drawn(
    attributes: Sequence[Attribute],
    names: Sequence[str],
    fit: Images,
    fit_values: Floats,
    test: Images,
    test_values: Floats,
    sizes: AbsenceSizes,
    seed: int,
    test_groups: ImageGroups | None = None,
) -> list[Drawn]:
    """Returns what readers, fitted on reconstructions (n, c, h, w) of probe_fit, tell of the named attributes.

    They read the leading principal components of the pixels, and are scored on reconstructions of probe_test.
    """
    if not names:
        return []
    flat_fit, flat_test = fit.reshape(len(fit), -1), test.reshape(len(test), -1)
    if np.ptp(flat_fit, axis=0).max() <= _ONE_IMAGE:
        # As of a model that ignores its code. Random numbers tell as little as that image.
        rng = np.random.default_rng([seed, 53])
        flat_fit, flat_test = (rng.random((len(flat), 1), np.float32) for flat in (flat_fit, flat_test))
    pca = PCA(min(COMPONENTS, *flat_fit.shape), svd_solver="randomized", random_state=seed).fit(flat_fit)
    code = CodeAndValues(
        attributes,
        pca.transform(flat_fit).astype(np.float32),
        fit_values,
        pca.transform(flat_test).astype(np.float32),
        test_values,
        None,
        test_groups,
    )
    # Nothing is planted: the question is whether anything is told, not that nothing is.
    found = measure(code, [AbsenceClaim(name) for name in names], -1.0, sizes, seed)
    return [Drawn(row.attribute, row.reader, row.uncertainty, row.p_adjusted) for row in found]
