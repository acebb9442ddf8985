"""Clusters in a projection of the latent space, and their agreement with attributes."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

from latent_audit.tasks.datasets.attributes import Attribute


@dataclass(frozen=True)
class Clusters:
    """Clusters of points: number, separation, and agreement with attributes.

    labels: int64 (n,). silhouette: mean silhouette in [-1, 1] in the space where the groups were found, and
    silhouette_in_codes the same groups measured among the codes; None for a single group. adjusted_rand:
    1 for a perfect match with the attribute's classes, about 0 for chance. converged: whether the mixture's
    fit had settled.
    """

    count: int
    labels: NDArray[np.int64] = field(metadata={"plain": False})
    silhouette: float | None
    silhouette_in_codes: float | None
    adjusted_rand: dict[str, float]
    bic: dict[int, float]
    converged: bool

    def as_record(self) -> dict[str, object]:
        """Returns the `clusters` entry of a projection in audit.json, without labels."""
        return {
            "count": self.count,
            "silhouette": self.silhouette,
            "silhouette_in_codes": self.silhouette_in_codes,
            "adjusted_rand": self.adjusted_rand,
            "converged": self.converged,
        }


def find_clusters(
    points: NDArray[np.floating],
    codes: NDArray[np.floating],
    attributes: Sequence[Attribute],
    values: NDArray[np.float64],
    seed: int,
    counts: Sequence[int] = (1, 2, 3, 4, 6, 8, 10),
) -> Clusters:
    """Returns the Gaussian mixture with the lowest BIC among `counts`, compared with discrete attributes.

    points: (n, p) where groups are sought; codes: (n, d) the same rows in the latent space; values: (n, k)
    in the order of `attributes`. Counts that leave fewer than ten points a group are not tried.
    """
    scaled = points.astype(np.float64) - points.mean(axis=0)
    scaled /= max(float(scaled.std()), np.finfo(np.float32).tiny)
    tried = [count for count in counts if count == 1 or count * 10 <= len(points)]
    fits = {count: _fit(scaled, count, seed) for count in tried}
    bic = {count: float(fit.bic(scaled)) for count, fit in fits.items()}
    best = min(tried, key=lambda count: (bic[count], count))
    labels = fits[best].predict(scaled).astype(np.int64)
    return Clusters(
        count=best,
        labels=labels,
        silhouette=_silhouette(scaled, labels),
        silhouette_in_codes=_silhouette(codes, labels),
        adjusted_rand=_agreement(labels, attributes, values),
        bic=bic,
        converged=bool(fits[best].converged_),
    )


def _fit(points: NDArray[np.float64], count: int, seed: int) -> GaussianMixture:
    mixture = GaussianMixture(count, covariance_type="full", random_state=seed, reg_covar=1e-5, max_iter=200)
    with warnings.catch_warnings():
        # An unsettled fit is reported in Clusters.converged, where a reader of the audit can see it.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(points)


def _silhouette(points: NDArray[np.floating], labels: NDArray[np.int64]) -> float | None:
    found = len(np.unique(labels))
    if not 2 <= found < len(labels):
        return None
    return float(silhouette_score(points, labels))


def _agreement(
    labels: NDArray[np.int64], attributes: Sequence[Attribute], values: NDArray[np.float64]
) -> dict[str, float]:
    discrete = ("binary", "categorical", "ordinal")
    return {
        attribute.name: float(adjusted_rand_score(np.unique(column, return_inverse=True)[1], labels))
        for attribute, column in zip(attributes, values.T, strict=True)
        if attribute.kind in discrete
    }
