"""May an attribute classifier judge decoded images? Only where it reads reconstructions well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.auditability import statistic_name
from latent_audit.tasks.analyses.statistics.probe_scores import auroc, balanced_accuracy, r_squared
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import Reason, reason
from latent_audit.vocabulary.verdicts import NOT_TESTED

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gate:
    """Whether one attribute's classifier may judge decoded images, and why."""

    attribute: str
    status: Literal["passed", "not_tested"]
    statistic: str
    value: float
    threshold: float
    reason: Reason


def compute(
    attributes: Sequence[Attribute],
    values: Floats,
    responses: NDArray[np.floating],
    response_columns: Mapping[str, Sequence[int]],
    standardisation: Mapping[str, tuple[float, float]] | None = None,
    *,
    share_of_way: float,
    not_auditable: Mapping[str, Mapping[str, Reason]] | None = None,
) -> tuple[Gate, ...]:
    """Returns one gate per attribute from responses (m, columns) to reconstructions of images with `values`, NaN where
    an image has none.

    AUROC for binary, balanced accuracy for categorical, R2 for the others; the threshold lies `share_of_way`
    from chance to 1. `standardisation` gives the mean and standard deviation by which the classifier scaled
    ordinal and continuous attributes; without it those of `values` are taken. `not_auditable` gives the reason
    of each attribute that the classifier cannot read in real images: no reconstruction can pass for it.
    """
    unreadable = not_auditable or {}
    gates = []
    for column, attribute in enumerate(attributes):
        known = ~np.isnan(values[:, column])
        predicted = np.asarray(responses[known][:, list(response_columns[attribute.name])], dtype=np.float64)
        statistic, chance, value = _quality(
            attribute, values[known, column], predicted, standardisation or {}
        )
        threshold = chance + share_of_way * (1.0 - chance)
        readable = attribute.name not in unreadable
        passed = readable and bool(value >= threshold)
        if readable:
            closed = "gate.closed" if not_auditable is None else "gate.closed_though_readable"
            why = reason(
                "gate.passed" if passed else closed,
                attribute=attribute.name,
                statistic=statistic_name(statistic),
                value=f"{value:.2f}",
                threshold=f"{threshold:.2f}",
            )
        else:
            why = unreadable[attribute.name]["reason"]
        gates.append(
            Gate(attribute.name, "passed" if passed else NOT_TESTED, statistic, value, threshold, why)
        )
    return tuple(gates)


def _quality(
    attribute: Attribute,
    truth: Floats,
    predicted: Floats,
    standardisation: Mapping[str, tuple[float, float]],
) -> tuple[str, float, float]:
    """Returns the statistic's name, its value by chance, and its value; NaN becomes chance."""
    if attribute.kind == "binary":
        value = auroc(truth, predicted[:, 0])
        return "AUROC", 0.5, value if np.isfinite(value) else 0.5
    if attribute.kind == "categorical":
        return (
            "balanced accuracy",
            1.0 / len(attribute.classes),
            balanced_accuracy(truth, predicted.argmax(axis=1)),
        )
    if attribute.kind == "cyclic":
        assert attribute.period is not None  # Attribute refuses a cyclic one without it
        angle = 2.0 * np.pi * truth / attribute.period
        return "R2", 0.0, r_squared(np.stack([np.cos(angle), np.sin(angle)], axis=1), predicted)
    mean, spread = standardisation.get(attribute.name, (float(truth.mean()), float(truth.std())))
    return "R2", 0.0, r_squared(((truth - mean) / max(spread, 1e-12))[:, None], predicted)
