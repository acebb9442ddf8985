"""Can an attribute be audited at all? Only where the classifier reads it in real images that it never saw.

Asked once, before any verdict: what the classifier cannot read in real images it cannot read in a model's images
either, whatever the model has learned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.vocabulary.reasons import NO_REASON, Reason, reason

Plain = Mapping[str, Any]
# The statistic that decides, by kind of attribute; classifier_gate measures the same one on reconstructions.
STATISTICS = {"binary": "AUROC", "categorical": "balanced accuracy"}
OTHER_STATISTIC = "R2"


@dataclass(frozen=True)
class Auditability:
    """Whether the classifier reads an attribute in real held-out images well enough to judge decoded ones.

    `reason` says why not and `helps` what to do about it; both are empty where it is auditable.
    """

    attribute: str
    auditable: bool
    statistic: str
    value: float | None
    threshold: float
    reason: Reason
    helps: Reason


def compute(
    attributes: Sequence[Plain], scores: Sequence[Plain], share_of_way: float
) -> tuple[Auditability, ...]:
    """Returns one row for each attribute that the classifier has a score for.

    attributes: rows with "name" and "kind". scores: the classifier's rows in audit.json, of real held-out images.
    An attribute is auditable when its score lies at least `share_of_way` from chance to perfect.
    """
    rows = []
    for attribute in attributes:
        statistic = STATISTICS.get(attribute["kind"], OTHER_STATISTIC)
        score = next(
            (s for s in scores if (s["attribute"], s["statistic"]) == (attribute["name"], statistic)), None
        )
        if score is not None:
            rows.append(_row(attribute["name"], score, share_of_way))
    return tuple(rows)


def of_audit(audit: Plain, thresholds: Thresholds) -> tuple[Auditability, ...]:
    """Returns the rows of an audit.json, computed again from the classifier's scores that stand in it."""
    scores = audit["classifier"].get("scores", ())
    return compute(audit["data"]["attributes"], scores, thresholds.classifier_share_of_way)


def not_auditable(audit: Plain, thresholds: Thresholds) -> Mapping[str, Plain]:
    """Returns the reason and the remedy of each attribute of audit.json that cannot be audited."""
    return reasons(of_audit(audit, thresholds))


def reasons(rows: Sequence[Auditability]) -> dict[str, dict[str, Reason]]:
    """Returns the reason and the remedy of each attribute of `rows` that cannot be audited."""
    return {row.attribute: {"reason": row.reason, "helps": row.helps} for row in rows if not row.auditable}


def statistic_name(statistic: str) -> Reason:
    """Returns the name of a statistic, for use in a reason."""
    return reason(f"statistic.{statistic.lower().replace(' ', '_')}")


def _row(name: str, score: Plain, share_of_way: float) -> Auditability:
    statistic, chance, value = score["statistic"], score["chance"], (score["estimate"] or {}).get("value")
    threshold = chance + share_of_way * (1.0 - chance)
    if value is not None and value >= threshold:
        return Auditability(name, True, statistic, value, threshold, NO_REASON, NO_REASON)
    found = "–" if value is None else f"{value:.2f}"
    return Auditability(
        name,
        False,
        statistic,
        value,
        threshold,
        reason(
            "auditability.unreadable",
            attribute=name,
            statistic=statistic_name(statistic),
            value=found,
            threshold=f"{threshold:.2f}",
        ),
        reason("auditability.helps", attribute=name),
    )
