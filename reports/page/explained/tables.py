"""Tables of an explained image: what is said of each attribute, and how unusual the image is."""

from latent_audit.reports.page.context import Cell, Page, Table, numeral, text
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.image_explanation import Answer, ImageExplanation


def said(page: Page, found: ImageExplanation) -> Table:
    """Returns a row for each attribute: its label, the classifier's answers, and where it lives in the model."""
    has_labels = any(row["label"] is not None for row in found["said"])
    rows = []
    for row in found["said"]:
        cells = [text(row["attribute"])]
        if has_labels:
            cells.append(text(row["label"]))
        cells += [
            text(_shown(row["of_image"])),
            text(_shown(row["of_rebuilt"])),
            Cell("text", page.t("word.yes" if row["same"] else "word.no")),
            Cell("text", row["score"] or "–"),
            Cell("verdict", row["verdict"]) if row["verdict"] else Cell("text", "–"),
            Cell("text", page.t(f"place.short.{row['rung']}") if row["rung"] else "–"),
        ]
        rows.append(tuple(cells))
    keys = ["column.attribute", *(["explain.column.label"] if has_labels else [])]
    keys += [
        "explain.column.of_image",
        "explain.column.of_rebuilt",
        "explain.column.same",
        "explain.column.score",
        "column.verdict",
        "column.place",
    ]
    return Table(page.t("explain.said_caption"), tuple(page.t(key) for key in keys), tuple(rows))


def not_readable(page: Page, found: ImageExplanation) -> list[str]:
    """Returns why the classifier's answers on this model's pictures do not count, an attribute a line."""
    return [
        page.t("explain.not_readable", attribute=shortened(row["attribute"], 32), reason=row["not_readable"])
        for row in found["said"]
        if row["not_readable"] is not None
    ]


def unusual(page: Page, found: ImageExplanation) -> Table:
    """Returns the figures that say how unusual the image is, with their percentiles."""
    rows = tuple(
        (
            text(page.t(f"explain.measure.{row['measure']}")),
            numeral(row["value"]),
            numeral(row["percentile"]),
            numeral(row["n"]),
        )
        for row in found["unusual"]
    )
    header = (
        page.t("explain.column.measure"),
        page.t("explain.column.value"),
        page.t("explain.column.percentile"),
        page.t("explain.column.n"),
    )
    return Table(page.t("explain.unusual_caption"), header, rows)


def _shown(answer: Answer) -> str:
    sure = answer["probability"]
    shown = shortened(answer["shown"], 32)
    return shown if sure is None else f"{shown} ({number(sure)})"
