"""The page of an audit of codes: where labels can be read, associations, scores, and claims of absence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from markupsafe import Markup

from latent_audit.reports.page import absence, messages
from latent_audit.reports.page.context import Cell, Page, Table, text
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.places import place_of
from latent_audit.reports.page.reasons import in_language
from latent_audit.reports.page.sections.attributes import mapping
from latent_audit.reports.page.templating import ROOM, template_environment
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.forms import recorded


def codes_page(record: Mapping[str, Any], language: str) -> str:
    """Returns a whole HTML document of `record`, what codes.json holds. It loads nothing and runs no script.

    Raises:
        LanguageUnknown: there is no catalogue for `language`.
    """
    words = messages.load(language)
    lead = record["models"][0]
    # The sections of an audit that codes have; what the shared tables and figures ask for beside them.
    audit = {
        **record,
        "subject": {"models": [lead["name"]], "names": {}},
        "data": {"name": "", "attributes": record["attributes"]},
        "settings": {},
    }
    decoded = "not_applicable" not in lead["intervention"]
    page = Page(Path(), cast(Audit, in_language(audit, words)), {}, [], "", words)
    (model,) = page.leads
    found = recorded(model["association"])
    assert found is not None  # an audit of codes always measures it
    return (
        template_environment(words)
        .get_template("codes.html")
        .render(
            language=language,
            title=page.t("codes_page.title"),
            lead=page.t(
                "codes_page.lead_drawn" if decoded else "codes_page.lead",
                rows=number(2 * found["n"]),
                held_out=number(found["n"]),
                dimensions=len(model["dimensions"]),
                seeds=len(record["models"]),
            ),
            notes=[shortened(note, 300) for note in page.audit["notes"]],  # type: ignore[typeddict-item]  # of codes
            decoded=decoded,
            places=_places(page),
            absent=absence.lines(page),
            matrix=mapping.matrix(page, model, found),
            null=mapping.null_distribution(page, model, found),
            scores=mapping.global_scores(page),
            style=Markup((ROOM / "static" / "report.css").read_text(encoding="utf-8")),
        )
    )


def _places(page: Page) -> Table:
    (model,) = page.leads
    rows = []
    for attribute in page.attributes:
        found = place_of(page, model, attribute["name"])
        if found is not None:
            rows.append(
                (
                    text(attribute["name"]),
                    Cell("text", found["line"]),
                    Cell("verdict", found["verdict"]),
                    Cell("prose", found["reason"]),
                )
            )
    keys = ("attribute", "place", "verdict", "reason")
    return Table(page.t("codes_page.places"), tuple(page.t(f"column.{key}") for key in keys), tuple(rows))
