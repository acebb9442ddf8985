"""What attributions leave to say: the methods that count for each subject, and how sure the classifier is."""

from latent_audit.reports.page.context import Cell, Page, Table, estimate, numeral, text
from latent_audit.reports.page.number_text import number
from latent_audit.vocabulary.record.attributions import AttributionEvidence
from latent_audit.vocabulary.record.forms import recorded

# Below this rank correlation maps have next to no order of pixels in common: they share under a tenth of its variance.
HARDLY_AGREES = 0.3


def agreement(page: Page, rows: list[AttributionEvidence]) -> str | None:
    """Returns how far the methods that count agree, over all subjects; None with fewer than two methods."""
    known = [row["agreement"] for row in rows if row["agreement"] is not None]
    if not known:
        return None
    least, most = min(known), max(known)
    key = "disagree" if most < HARDLY_AGREES else "agree"
    return page.t(f"attribution.{key}", least=number(least), most=number(most), n=len(known))


def counted(page: Page, name: str, rows: list[AttributionEvidence]) -> Table:
    """Returns what is left to say of each subject once methods that failed are set aside."""
    keys = (
        "subject",
        "target",
        "counted",
        "signs_only",
        "set_aside",
        "agreement",
        "inside",
        "inside_randomised",
        "area",
    )

    def listed(methods: list[str]) -> Cell:
        return Cell("prose", page.t("word.comma").join(methods) or "–")

    cells = tuple(
        (
            text(row["subject"]),
            Cell("text", page.t(f"target.{row['target']}")),
            listed([method for method in row["counted"] if method not in row["signs_only"]]),
            listed(row["signs_only"]),
            listed(row["set_aside"]),
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
    classifier = recorded(page.audit["classifier"])
    rows = classifier.get("calibration") if classifier else None
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
