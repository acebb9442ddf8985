"""What attributions leave to say: the methods that count for each subject, and how sure the classifier is."""

from typing import Any

from reports.page import Cell, Page, Table, estimate, numeral, text


def counted(page: Page, name: str, rows: list[dict[str, Any]]) -> Table:
    """Returns what is left to say of each subject once methods that failed are set aside."""
    keys = ("subject", "target", "counted", "set_aside", "agreement", "inside", "inside_randomised", "area")

    def listed(row: dict[str, Any]) -> str:
        return page.t("word.comma").join(
            method + (page.t("attribution.signs_only") if method in row["signs_only"] else "")
            for method in row["counted"]
        )

    cells = tuple(
        (
            text(row["subject"]),
            Cell("text", page.t(f"target.{row['target']}")),
            Cell("prose", listed(row) or "–"),
            Cell("prose", page.t("word.comma").join(row["set_aside"]) or "–"),
            numeral(row["agreement"]),
            numeral(row["mass_inside"]),
            numeral(row.get("mass_randomised")),
            numeral(row["area_share"]),
        )
        for row in rows
    )
    header = tuple(page.t(f"column.{key}") for key in keys)
    return Table(page.t("attribution.evidence_caption", model=name), header, cells)


def calibration(page: Page) -> Table | None:
    """Returns how sure the attribute classifier is beside how right it is; None where nobody asked."""
    classifier = page.audit["classifier"]
    rows = None if page.absent(classifier) else classifier.get("calibration")
    if not rows:
        return None
    keys = ("attribute", "confidence", "accuracy", "calibration_error", "by_chance")
    return Table(
        page.t("attribution.calibration_caption"),
        tuple(page.t(f"column.{key}") for key in keys),
        tuple(
            (
                text(row["attribute"]),
                estimate(row["confidence"]),
                estimate(row["accuracy"]),
                estimate(row["error"]),
                numeral(row["error_by_chance"]),
            )
            for row in rows
        ),
        page.interval_note(row["error"] for row in rows),
    )
