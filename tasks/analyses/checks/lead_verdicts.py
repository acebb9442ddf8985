"""The verdicts that a report leads with: those of the first seed of each model."""

from collections.abc import Mapping
from typing import Any


def lead_verdicts(audit: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the verdicts of an audit, as in audit.json, that are of its lead seed, in their order."""
    lead = audit["subject"]["lead_seed"]
    return [verdict for verdict in audit["verdicts"] if verdict["seed"] == lead]
