"""Selects the attributions that count as evidence: those whose maps depend on the model's weights."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from latent_audit.tasks.analyses.attributions.attribution_record import Attribution
from latent_audit.tasks.analyses.statistics.estimates import Estimate


@dataclass(frozen=True)
class SubjectEvidence:
    """The evidence on one subject.

    counted: methods whose maps follow the weights; signs_only: those of them whose places do not, so that
    only the direction of change counts; set_aside: methods that failed or could not be checked. agreement:
    mean rank correlation between counted methods, None with fewer than two. mass_inside: mean share of the
    counted maps inside the object, without the signs_only ones, and mass_randomised that of the same methods for the
    wholly randomised model; None where nothing is known of it.
    """

    target: str
    subject: str
    counted: tuple[str, ...]
    signs_only: tuple[str, ...]
    set_aside: tuple[str, ...]
    agreement: float | None
    mass_inside: float | None
    area_share: float | None
    mass_randomised: float | None


def weigh(attributions: Sequence[Attribution]) -> tuple[SubjectEvidence, ...]:
    """Returns one entry per subject of a target, in the order of the attributions."""
    subjects = list(dict.fromkeys((item.target, item.subject) for item in attributions))
    return tuple(
        _weighed([item for item in attributions if (item.target, item.subject) == subject])
        for subject in subjects
    )


def _weighed(items: Sequence[Attribution]) -> SubjectEvidence:
    counted = [item for item in items if item.checks.faithful is True]
    placed = [item for item in counted if item.checks.faithful_places is not False]
    names = [item.method for item in counted]
    agreements = [
        value
        for item in counted
        for other, value in item.checks.agreement.items()
        if other in names and value is not None
    ]
    masses = _values(item.checks.mass_inside for item in placed)
    by_chance = _values(item.checks.mass_randomised for item in placed)
    areas = [item.checks.area_share for item in placed if item.checks.area_share is not None]
    return SubjectEvidence(
        items[0].target,
        items[0].subject,
        tuple(names),
        tuple(item.method for item in counted if item not in placed),
        tuple(item.method for item in items if item not in counted),
        float(np.mean(agreements)) if agreements else None,
        float(np.mean(masses)) if masses else None,
        float(np.mean(areas)) if areas else None,
        float(np.mean(by_chance)) if by_chance else None,
    )


def _values(estimates: Iterable[Estimate | None]) -> list[float]:
    return [estimate.value for estimate in estimates if estimate is not None]
