"""Definition, better direction and bounds of each global score.

A score in disentanglement_scores needs a line here; a score without one is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "none"]


@dataclass(frozen=True)
class Meaning:
    """The definition of a score; `better` is the better direction, "none" if there is none.

    `bounded`: whether the score has an end that values come near, such as 0 or 1: no interval may go beyond it.
    """

    definition: str
    better: Better
    bounded: bool


def _share(definition: str) -> Meaning:
    return Meaning(definition, "higher", bounded=True)


def _dci(trees: str) -> dict[str, Meaning]:
    return {
        f"{trees}_disentanglement": _share(
            "how far each dimension is important for one attribute alone, 0 to 1"
        ),
        f"{trees}_completeness": _share(
            "how far each attribute is predicted from one dimension alone, 0 to 1"
        ),
        f"{trees}_informativeness": _share(
            "accuracy with which attributes are predicted from the code, 0 to 1"
        ),
    }


MEANINGS: Mapping[str, Meaning] = {
    "mig": _share("mean gap of mutual information between an attribute's two best dimensions, 0 to 1"),
    "modularity": _share("how far each dimension shares information with one attribute alone, 0 to 1"),
    "sap_continuous": _share(
        "mean gap of squared correlation between an attribute's two best dimensions, 0 to 1"
    ),
    "sap_discrete": _share("mean gap of accuracy between an attribute's two best dimensions, 0 to 1"),
    "irs": _share("how far a dimension stays where it is when other attributes change, 0 to 1"),
    "explicitness": _share("mean AUROC of a logistic regression from the code to each class; 0.5 is chance"),
    "factor_vae_score": _share("accuracy of naming the fixed attribute from the dimension that varies least"),
    "beta_vae_score": _share("accuracy of naming the fixed attribute from the mean differences of codes"),
    **_dci("dci"),
    **_dci("dci_extra_trees"),
    # Dependence between dimensions: 0 is independence.
    "gaussian_total_correlation_nats": Meaning(
        "total correlation of a Gaussian with the code's covariance; 0 where dimensions are independent",
        "lower",
        bounded=True,
    ),
    "gaussian_wasserstein_correlation_normalised": Meaning(
        "distance of a Gaussian with the code's covariance from one without correlations, over the code's variance",
        "lower",
        bounded=True,
    ),
    "mutual_information_nats": Meaning(
        "mean mutual information of two dimensions; 0 where dimensions are independent",
        "lower",
        bounded=True,
    ),
}
