"""All checks, in the order in which they are made and shown. A new check is added here."""

from collections.abc import Sequence
from typing import Any

from latent_audit.tasks.analyses.checks.definitions import association, intervention, specificity, stability
from latent_audit.tasks.analyses.checks.definitions.check import Check

CHECKS: tuple[Check, ...] = (
    association.CHECK,
    specificity.CHECK,
    intervention.CHECK,
    stability.CHECK,
)
# Files of schema 1.0 are judged by these, whatever is added above.
CHECKS_1_0: tuple[Check, ...] = (association.CHECK, specificity.CHECK, intervention.CHECK, stability.CHECK)


def listed(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Returns checks as audit.json lists them."""
    return [{"id": check.id, "needs_seeds": check.needs_seeds} for check in checks]
