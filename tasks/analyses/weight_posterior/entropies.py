"""What a classifier does not know of an image, under a posterior over its weights: what more data would settle, and
what they would not.

The entropy of the mean prediction is the mean entropy of the draws plus the mutual information of prediction and
weights (Depeweg et al. 2018, "Decomposition of uncertainty in Bayesian deep learning", eq. 3).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.tasks.datasets.attributes import Attribute

SOURCE = "bootstrap over images"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Entropies:
    """Nats of each image, (n,): `total`, of the mean prediction, is `expected` of one draw plus `mutual`.

    mutual: information that the weights would give of the prediction. More data would settle it, and not `expected`.
    """

    expected: Floats
    mutual: Floats

    @property
    def total(self) -> Floats:
        """The entropy (n,) of the mean prediction."""
        return self.expected + self.mutual


@dataclass(frozen=True)
class AttributeUncertainty:
    """One attribute's uncertainty in the mean over images.

    classes: its number of classes, and the entropies in nats; None, and `deviation` alone, for an attribute without
    classes: the standard deviation over draws of what is read, in the attribute's standard deviations (of a cyclic
    one, of cos and sin together).
    """

    attribute: str
    classes: int | None
    total: Estimate | None
    expected: Estimate | None
    mutual: Estimate | None
    deviation: Estimate | None


@dataclass(frozen=True)
class Uncertainty:
    """Rows by attribute, and the entropies by image of those that have classes."""

    attributes: tuple[AttributeUncertainty, ...]
    by_image: dict[str, Entropies]


def split_entropy(probabilities: NDArray[np.floating]) -> Entropies:
    """Returns the entropies of predictions (draws, n, classes), which sum to 1 over classes."""
    exact = np.asarray(probabilities, dtype=np.float64)
    expected = _entropy(exact).mean(axis=0)
    # Rounding alone can make it negative: entropy is concave.
    return Entropies(expected, np.maximum(_entropy(exact.mean(axis=0)) - expected, 0.0))


def compute(
    attributes: Sequence[Attribute],
    responses: NDArray[np.floating],
    response_columns: Mapping[str, Sequence[int]],
    resamples: int,
    rng: np.random.Generator,
) -> Uncertainty:
    """Returns the uncertainty of each attribute from responses (draws, n, columns) in natural scale."""
    rows, by_image = [], {}
    for attribute in attributes:
        drawn = np.asarray(responses[:, :, list(response_columns[attribute.name])], dtype=np.float64)
        if attribute.kind not in ("binary", "categorical"):
            spread = np.sqrt(drawn.var(axis=0, ddof=1).sum(axis=1))
            found = mean_estimate(spread, resamples, rng, SOURCE)
            rows.append(AttributeUncertainty(attribute.name, None, None, None, None, found))
            continue
        if attribute.kind == "binary":
            drawn = np.concatenate([1.0 - drawn, drawn], axis=2)
        split = by_image[attribute.name] = split_entropy(drawn)
        total, expected, mutual = (
            mean_estimate(part, resamples, rng, SOURCE)
            for part in (split.total, split.expected, split.mutual)
        )
        rows.append(AttributeUncertainty(attribute.name, drawn.shape[2], total, expected, mutual, None))
    return Uncertainty(tuple(rows), by_image)


def _entropy(probabilities: Floats) -> Floats:
    """Returns the entropy in nats over the last axis."""
    logarithms = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0.0)
    return np.asarray(-(probabilities * logarithms).sum(axis=-1))
