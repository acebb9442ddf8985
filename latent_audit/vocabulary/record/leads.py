"""What a report leads with: one seed of each model, the verdicts on those, and the checks behind them."""

from collections.abc import Mapping
from typing import cast

from latent_audit.vocabulary.checks import CHECKS_1_0, STABILITY
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.controls import ControlVerdict
from latent_audit.vocabulary.record.forms import Check
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.places import Place, RungVerdict
from latent_audit.vocabulary.record.verdict import CheckId, Verdict


def rung_of(place: Place) -> RungVerdict | None:
    """Returns verdict and figures of the rung that an attribute lives on; None where it lives on none."""
    return next((rung for rung in place["rungs"] if rung["rung"] == place["rung"]), None)


def lead_models(audit: Audit) -> list[Model]:
    """Returns the models that are shown in full: one seed of each, in the subject's order."""
    order = {name: index for index, name in enumerate(audit["subject"]["models"])}
    leads = [model for model in audit["models"] if model["is_lead"]]
    return sorted(leads, key=lambda model: order.get(model["name"], len(order)))


def lead_verdicts(audit: Audit) -> list[Verdict]:
    """Returns the verdicts on the lead models, in their order; those on other seeds count in the stability check."""
    leads = {(model["name"], model["seed"]) for model in audit["models"] if model["is_lead"]}
    return [row for row in audit["verdicts"] if (row["model"], row["seed"]) in leads]


def checks_of(audit: Audit) -> list[CheckId]:
    """Returns the checks behind the verdicts, in their order; files that do not list them have those of schema 1.0."""
    stated = audit.get("checks")
    return stated or [{"id": name, "needs_seeds": name == STABILITY} for name in CHECKS_1_0]


def results(row: Verdict | ControlVerdict) -> Mapping[str, Check]:
    """Returns the outcome of each check behind a verdict, by its id."""
    return cast(Mapping[str, Check], row["checks"])
