"""Claims of absence in the words of the report."""

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.absence import Absence


def lines(page: Page) -> list[tuple[str, str]]:
    """Returns the word and the sentence on each claim of absence in a lead model."""
    leads = {(model["name"], model["seed"]) for model in page.leads}
    return [
        (row["word"], _line(page, row))
        for row in page.audit.get("absent", ())
        if (row["model"], row["seed"]) in leads
    ]


def _line(page: Page, row: Absence) -> str:
    name = shortened(row["attribute"], 28)
    if row["given"]:
        listed = page.t("word.comma").join(shortened(given, 24) for given in row["given"])
        name = page.t("absence.given", attribute=name, given=listed)
    return page.t(
        "absence.line",
        model=shortened(row["model"], 28),
        attribute=name,
        word=page.t(f"absence.word.{row['word']}"),
        reason=page.prose(row["reason"]["text"]),
    )
