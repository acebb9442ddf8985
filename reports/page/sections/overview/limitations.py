"""What this evidence cannot say."""

from typing import Any

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.verdicts import NOT_ASSESSED, NOT_TESTED

ALWAYS = (
    "decodable",
    "classifier",
    "attributes",
    "independent",
    "range",
    "maps",
    "attributions",
    "seeds",
    "thresholds",
)

# Lines that are seen without opening anything.
MOST = 8


def build(page: Page) -> dict[str, Any]:
    """Returns the standing limitations and those that follow from this run's own numbers."""
    own = [_family(page)]
    correlation = recorded(page.audit["data"]["correlation"])
    if correlation:
        own += [
            page.t(
                "limitation.correlated",
                first=shortened(p["first"]),
                second=shortened(p["second"]),
                value=number(p["value"]),
            )
            for p in correlation["entangled"][:8]
        ]
    gated = [
        (m, g)
        for m in page.leads
        if (part := recorded(m["intervention"]))
        for g in part["gates"]
        if g["status"] == NOT_TESTED and g["attribute"] not in page.unreadable
    ]
    own += [
        page.t("limitation.not_auditable", attribute=shortened(name)) for name in list(page.unreadable)[:8]
    ]
    own += [
        page.t("limitation.gated", model=shortened(m["name"]), attribute=shortened(g["attribute"]))
        for m, g in gated[:8]
    ]
    own += [
        page.t("limitation.unstable", model=shortened(r["model"]), n=len(r["seeds"]))
        for r in recorded(page.audit["stability"]) or ()
        if r["status"] == NOT_ASSESSED
    ]
    own += [
        page.t("limitation.given", model=shortened(m["name"]), trained=page.trained(m))
        for m in page.leads
        if any(page.was_given(m, attribute["name"]) for attribute in page.attributes)
    ]
    own += [
        page.t(
            f"limitation.chosen_{m['chosen_by']}",
            model=shortened(m["name"]),
            of=number(m["latent_dim"]),
            n=number(len(m["dimensions"])),
        )
        for m in page.leads
        if "chosen_by" in m
    ]
    own += [page.t("limitation.elsewhere", model=shortened(m["name"])) for m in page.leads if m.get("origin")]
    classifier = recorded(page.audit["classifier"])
    if classifier is not None and "origin" in classifier:
        own.append(page.t("limitation.classifier_elsewhere"))
    own += [
        page.t("limitation.odd_at_import", model=shortened(m["name"]), n=len(found["warnings"]))
        for m in page.leads
        if (found := m.get("import_check")) and found["warnings"]
    ]
    own += [
        page.t("limitation.collapsed", model=shortened(m["name"]))
        for m in page.leads
        if m["fitness"]["collapsed"]
    ]
    always = [page.t(f"limitation.{key}") for key in ALWAYS]
    subject = page.audit["subject"]
    scope = page.t(
        "limitation.scope",
        use=subject["intended_use"] or page.t("scope.not_stated"),
        out=subject["out_of_scope"] or page.t("scope.not_stated"),
        owner=subject["owner"] or page.t("scope.not_stated"),
    )
    wording = [page.t("limitation.wording", title=subject["title"]), *always[:3]]
    return {
        "own": own[:MOST],
        "more": own[MOST:],
        "always": always,
        "scope": scope,
        "wording": " ".join(wording),
    }


def _family(page: Page) -> str:
    """Says for which family of hypotheses the p-values hold."""
    trained, evidence = len(page.audit["models"]), page.audit["settings"].get("evidence")
    over = evidence.get("correction", "model") if isinstance(evidence, dict) else "model"
    return page.t(
        f"limitation.family_{'run' if over == 'run' else 'model'}",
        n=number(trained),
        significance=f"{page.significance:.2g}",
    )


SECTIONS = (Section("limitations", build, place=140),)
