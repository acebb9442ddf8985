"""What the dimensions do that no attribute claims: nothing, or something nobody has named yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from latent_audit.tasks.analyses.checks.association import Association
from latent_audit.tasks.analyses.statistics.estimates import Estimate

LEADING = 3


@dataclass(frozen=True)
class LeadingAssociation:
    """One of the attributes that a dimension tells most of."""

    attribute: str
    uncertainty: Estimate


@dataclass(frozen=True)
class Unclaimed:
    """A dimension without a claim: "unused" (next to no KL) or "carries" its leading associations."""

    model: str
    dimension: int
    name: str
    status: Literal["unused", "carries"]
    associations: tuple[LeadingAssociation, ...]


def compute(
    model: str,
    dimension_names: Sequence[str],
    used: Sequence[bool],
    association: Association,
    claimed_dimensions: Sequence[int],
    groups: Sequence[int],
    significance: float,
) -> tuple[Unclaimed, ...]:
    """Returns every dimension outside the groups of `claimed_dimensions`, with at most three associations.

    `groups` (d,): dimensions that stand for one attribute together share a number, and are claimed together.

    `used` says of each dimension whether the model uses it, as its fitness has it. Only associations with a
    family-wise p-value at or below `significance` are named; none of them counts as supported.
    """
    results = []
    claimed = {groups[j] for j in claimed_dimensions}
    for j, name in enumerate(dimension_names):
        if groups[j] in claimed:
            continue
        order = np.argsort(-association.uncertainty[:, j], kind="stable")
        leading = [k for k in order if association.p_adjusted[k, j] <= significance][:LEADING]
        associations = tuple(
            LeadingAssociation(association.attributes[k], association.cell(k, j)) for k in leading
        )
        results.append(Unclaimed(model, j, name, "carries" if used[j] else "unused", associations))
    return tuple(results)
