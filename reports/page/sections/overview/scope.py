"""Section 3: what the models are meant for, as their owner stated it."""

from typing import Any

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.sections.section import Section


def build(page: Page) -> dict[str, Any]:
    """Returns the stated scope; what was not stated says so."""
    subject = page.audit["subject"]
    unstated = page.t("scope.not_stated")
    rows = [
        (page.t(f"scope.{key}"), subject[key] or unstated)
        for key in ("intended_use", "out_of_scope", "owner")
    ]
    return {"rows": rows}


SECTIONS = (Section("scope", build, place=180, below="details"),)
