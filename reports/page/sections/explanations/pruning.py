"""Unused dimensions dropped: what the reconstruction loses, and whether the verdicts are the same."""

from typing import Any

from latent_audit.reports.page.context import Cell, Page, Table, text
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.sections.section import missing, titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.on_request.pruning import PrunedVerdict, PrunedWords

STAGES = ("prune", "probe_pruned", "intervene_pruned", "locate_pruned")


def build(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns the part with its sentences and table; none where nobody asked."""
    title, found = page.t("pruning.title"), model.get("pruned")
    if not found:
        return missing(page, title, STAGES, model)
    rows = [
        row
        for row in page.audit.get("pruned", ())
        if (row["model"], row["seed"]) == (model["name"], model["seed"])
    ]
    names = page.t("word.comma").join(page.dimension_name(model, index) for index in found["dropped"])
    changed = [row for row in rows if not row["same"]]
    error = found["reconstruction"]
    lines = [
        page.t(
            "pruning.dropped" if found["dropped"] else "pruning.nothing",
            n=number(len(found["dropped"])),
            of=number(model["latent_dim"]),
            names=names,
        ),
        page.t(
            "pruning.error",
            whole=estimate_text(error["whole"]),
            kept=estimate_text(error["kept"]),
            difference=estimate_text(error["difference"]),
        ),
        page.t(
            "pruning.changed" if changed else "pruning.same",
            n=number(len(changed) or len(rows)),
            of=number(len(rows)),
            names=page.t("word.comma").join(page.called(row["attribute"]) for row in changed),
        ),
    ]
    return [titled(title, " ".join(lines), table=_table(page, model, rows))]


def _table(page: Page, model: Model, rows: list[PrunedVerdict]) -> Table:
    def cells(words: PrunedWords) -> tuple[Cell, ...]:
        return (
            Cell("text", page.t(f"pruning.rung_{words['rung']}")),
            Cell("verdict", words["place"]),
            text(page.dimension_name(model, words["dimension"])),
            Cell("verdict", words["claim"]),
        )

    keys = ("place", "place_verdict", "claimed", "claim_verdict")
    header = (
        page.t("column.attribute"),
        *(page.t(f"pruning.{key}_{code}") for code in ("whole", "kept") for key in keys),
    )
    return Table(
        page.t("pruning.caption", model=shortened(model["name"])),
        header,
        tuple((text(row["attribute"]), *cells(row["whole"]), *cells(row["kept"])) for row in rows),
    )
