"""Better direction and bounds of each global score, and what it compares.

A score in disentanglement_scores needs a line here; a score without one is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "none"]
Compared = Literal["attributes", "dimensions"]


@dataclass(frozen=True)
class Meaning:
    """How a score is read; `better` is the better direction, "none" if there is none.

    `bounded`: whether the score has an end that values come near, such as 0 or 1: no interval may go beyond it.
    `compares`: what it needs two of. The formulas divide by the logarithm of one, or give 0 or 1 whatever the code is.
    """

    better: Better
    bounded: bool
    compares: tuple[Compared, ...] = ()


def _share(*compares: Compared) -> Meaning:
    return Meaning("higher", bounded=True, compares=compares)


# Dependence between dimensions: 0 is independence.
_DEPENDENCE = Meaning("lower", bounded=True, compares=("dimensions",))
MEANINGS: Mapping[str, Meaning] = {
    "mig": _share("dimensions"),
    "modularity": _share("attributes"),
    "sap_continuous": _share("dimensions"),
    "sap_discrete": _share("dimensions"),
    "irs": _share(),
    "explicitness": _share(),
    "factor_vae_score": _share("attributes", "dimensions"),
    "beta_vae_score": _share("attributes"),
    "dci_disentanglement": _share("attributes"),
    "dci_completeness": _share("dimensions"),
    "dci_informativeness": _share(),
    "dci_extra_trees_disentanglement": _share("attributes"),
    "dci_extra_trees_completeness": _share("dimensions"),
    "dci_extra_trees_informativeness": _share(),
    "gaussian_total_correlation_nats": _DEPENDENCE,
    "gaussian_wasserstein_correlation_normalised": _DEPENDENCE,
    "mutual_information_nats": _DEPENDENCE,
}


def comparing(compared: Compared) -> frozenset[str]:
    """Returns the scores that are not defined where there is one attribute, or one dimension."""
    return frozenset(name for name, meaning in MEANINGS.items() if compared in meaning.compares)
