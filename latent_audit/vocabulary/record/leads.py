"""What a report leads with: one seed of each model, and the verdicts on those."""

from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.verdict import Verdict


def lead_models(audit: Audit) -> list[Model]:
    """Returns the models that are shown in full: one seed of each, in the subject's order."""
    order = {name: index for index, name in enumerate(audit["subject"]["models"])}
    leads = [model for model in audit["models"] if model["is_lead"]]
    return sorted(leads, key=lambda model: order.get(model["name"], len(order)))


def lead_verdicts(audit: Audit) -> list[Verdict]:
    """Returns the verdicts on the lead models, in their order; those on other seeds count in the stability check."""
    leads = {(model["name"], model["seed"]) for model in audit["models"] if model["is_lead"]}
    return [row for row in audit["verdicts"] if (row["model"], row["seed"]) in leads]
