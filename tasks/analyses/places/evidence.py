"""What is measured of a code on each rung: the record that verdicts on places are drawn from."""

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.places.claimed_swaps import ClaimedSwap
from latent_audit.tasks.analyses.places.coordinate_association import CoordinateAssociation
from latent_audit.tasks.analyses.places.coordinate_specificity import Conditioned, Gap
from latent_audit.tasks.analyses.places.interchange import Swapped
from latent_audit.tasks.analyses.places.patterns import Concentration, Member
from latent_audit.vocabulary.reasons import Reason

Floats = NDArray[np.float64]
Rung = Literal["dimension", "direction", "block"]
DIMENSION: Final = "dimension"
DIRECTION: Final = "direction"
BLOCK: Final = "block"
READ: Final = "read"
NONE: Final = "none"
RUNGS: tuple[str, ...] = (DIMENSION, DIRECTION, BLOCK)


@dataclass(frozen=True)
class HeldSwap:
    """The direction with the filters of correlated attributes held, or which of them cannot be held apart."""

    attributes: tuple[str, ...]
    swapped: Swapped | None


@dataclass(frozen=True)
class Line:
    """A direction in units of the code: what is read of a code, and how the code moves with it, both (d, r).

    held: attributes whose own readings stay when the code moves so.
    """

    filters: Floats
    pattern: Floats
    held: tuple[str, ...] = ()


@dataclass(frozen=True)
class RungEvidence:
    """One attribute on one rung; parts that were not tried are None or empty.

    gap, leakage and conditioning are of associated coordinates alone; swapped of those that the classifier may judge.
    leakage: what the coordinate tells of others with the attribute held fixed; conditioning: of the attribute with
    each other held fixed. predictions: (images of probe_test, columns), by which seeds are compared. lines: the
    direction, and the same with others held where that was tried. folds_agreeing: how many folds chose the part, where
    images are few and there is something to choose; else None.
    """

    rung: Rung
    members: tuple[Member, ...]
    concentration: Concentration | None
    association: CoordinateAssociation
    gap: Gap | None
    leakage: tuple[Conditioned, ...]
    conditioning: tuple[Conditioned, ...]
    swapped: Swapped | None
    held: HeldSwap | None
    predictions: Floats = field(metadata={"plain": False})
    lines: tuple[Line, ...] = field(default=(), metadata={"plain": False})
    folds_agreeing: int | None = None


@dataclass(frozen=True)
class PlaceEvidence:
    """All rungs of one attribute, and what the whole code tells of it."""

    attribute: str
    testable: bool
    untestable_reason: Reason
    whole_code: CoordinateAssociation
    rungs: tuple[RungEvidence, ...]


@dataclass(frozen=True)
class SharedEvidence:
    """A set of attributes that share a place, swapped together along the span of their directions or their blocks."""

    attributes: tuple[str, ...]
    rung: Rung
    members: tuple[int, ...]
    swapped: Swapped


@dataclass(frozen=True)
class Ladder:
    """Everything measured of one code.

    groups: of the images, None where they are independent. used: whether the decoder uses each dimension; `changes` by
    how much.
    """

    pairs: int
    images: int
    groups: int | None
    permutations: int
    used: NDArray[np.bool_]
    changes: Floats
    attributes: tuple[PlaceEvidence, ...]
    shared: tuple[SharedEvidence, ...]
    claimed: tuple[ClaimedSwap, ...] = ()
