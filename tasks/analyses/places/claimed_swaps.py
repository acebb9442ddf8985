"""Swaps of the dimensions that are claimed for attributes: whether they move them more than permuted donors do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latent_audit.tasks.analyses.places.interchange import Interchange
from latent_audit.tasks.analyses.places.swaps import DimensionSwap
from latent_audit.tasks.analyses.statistics.estimates import Estimate


@dataclass(frozen=True)
class Claim:
    """That a dimension carries an attribute, with which it is associated."""

    attribute: str
    dimension: int


@dataclass(frozen=True)
class ClaimedSwap:
    """How much of an attribute the swap of its claimed dimension takes over, with the p-value over all claims."""

    attribute: str
    dimension: int
    cause: Estimate
    p_adjusted: float


def swap_claims(
    interchange: Interchange,
    names: Sequence[str],
    claims: Sequence[Claim],
    groups: Sequence[int],
    permutations: int,
) -> tuple[ClaimedSwap, ...]:
    """Returns the swap of each claim on an attribute that the classifier may judge, in one family of hypotheses.

    names: of all attributes. groups: of the dimensions; those of one group are swapped together.
    """
    labels = np.asarray(groups)
    tried, swaps = [], []
    for claim in claims:
        k = names.index(claim.attribute)
        if not interchange.readable[k]:
            continue
        members = tuple(int(j) for j in np.flatnonzero(labels == labels[claim.dimension]))
        readings = interchange.readings(members, DimensionSwap(members))
        tried.append((claim, interchange.measure(readings, [k]).causes[0].estimate))
        swaps.append((k, readings))
    p_values = interchange.p_values(swaps, permutations)
    return tuple(
        ClaimedSwap(claim.attribute, claim.dimension, cause, p)
        for (claim, cause), p in zip(tried, p_values, strict=True)
    )
