"""What generated images add to a CNN trained on few labelled ones."""

from typing import Any

from latent_audit.reports.page.context import Page, Table, estimate, side_of_zero, text
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.sections.section import missing, titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model


def build(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns the part with its sentence and table; none where nobody asked."""
    title, found = page.t("augmented_cnn.title"), recorded(model.get("augmented_cnn"))
    if found is None:
        return missing(page, title, ["augment_cnn"], model)
    rows = found["gains"]
    sides = [side_of_zero(row["difference"]) for row in rows]
    words = page.t(
        "augmented_cnn.text",
        labelled=number(found["labelled"]),
        generated=number(found["generated"]),
        repeats=number(found["repeats"]),
        steps=number(found["steps"]),
        images=number(found["held_out_images"]),
        helped=number(sides.count(1)),
        harmed=number(sides.count(-1)),
        n=number(len(rows)),
    )
    keys = ("attribute", "without", "with_generated", "difference")
    table = Table(
        page.t("augmented_cnn.caption", model=shortened(model["name"])),
        tuple(page.t(f"column.{key}") for key in keys),
        tuple(
            (
                text(row["meaning"]),
                estimate(row["without"]),
                estimate(row["with_generated"]),
                estimate(row["difference"]),
            )
            for row in rows
        ),
        page.interval_note(row["difference"] for row in rows),
    )
    return [titled(title, words, table=table)]
