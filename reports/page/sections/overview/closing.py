"""The closing sections: what auditors file this under, what its words mean, and how to check the file."""

from typing import Any

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.sections.section import Section

REFERENCES = ("eu_annex_e", "eu_annex_g", "eu_article_13", "nist", "sr", "iso")
TERMS = (
    "active_unit",
    "association",
    "attribute",
    "balanced_accuracy",
    "bootstrap",
    "collapse",
    "dci",
    "dimension",
    "dose_response",
    "entangled",
    "gate",
    "infidelity",
    "interval",
    "intervention",
    "kl",
    "latent",
    "leakage",
    "mig",
    "null",
    "p_adjusted",
    "probe",
    "sap",
    "seed",
    "selectivity",
    "specificity",
    "stability",
    "traversal",
    "trustworthiness",
    "uncertainty",
)


def build(page: Page) -> dict[str, Any]:
    """Returns cross-references, the glossary in the language's order, and the steps of verifying."""
    t = page.t
    return {
        "references": [(t(f"reference.{key}.name"), t(f"reference.{key}.evidence")) for key in REFERENCES],
        "terms": sorted(
            ((t(f"term.{key}.name"), t(f"term.{key}.meaning")) for key in TERMS),
            key=lambda pair: pair[0].casefold(),
        ),
        "steps": [t(f"integrity.step_{n}") for n in (1, 2, 3)],
        "meanings": [t(f"integrity.meaning_{key}") for key in ("digest", "signature", "timestamp")],
    }


SECTIONS = (
    Section("integrity", build, place=150, of_the_run=True),
    Section("references", build, place=240, below="details"),
    Section("glossary", build, place=250, below="details"),
)
