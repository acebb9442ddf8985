"""Whether other seeds tell the same story, and whether subgroups do."""

from typing import Any

from latent_audit.reports.page.context import (
    Cell,
    Figure,
    Page,
    Table,
    bounds,
    estimate,
    known,
    numeral,
    text,
)
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.plots import interval_bars, seed_dots
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.stability import Stability, Subgroup


def build(page: Page) -> dict[str, Any]:
    """Returns seed stability of each model and the subgroup differences of the whole run."""
    models = {model["name"]: model for model in page.leads}
    part = page.audit["subgroups"]
    groups = [
        row
        for row in recorded(part) or ()
        if row["model"] not in models or not page.closed(models[row["model"]], row["attribute"])
    ]
    absent = page.absent(groups if isinstance(part, list) else part)
    return {
        "absent": page.absent(page.audit["stability"]),
        "models": [_model(page, row) for row in recorded(page.audit["stability"]) or ()],
        "subgroups_absent": page.failures("subgroup") or [absent],
        "subgroups": _subgroups(page, groups) if groups else None,
        "subgroup_figure": _subgroup_figure(page, groups) if groups else None,
    }


def _model(page: Page, row: Stability) -> dict[str, Any]:
    name = shortened(row["model"])
    assessed = row["status"] == "assessed"
    message = page.t(
        "stability.assessed" if assessed else "stability.not_assessed",
        n=len(row["seeds"]),
        needed=f"{page.limit('seeds_min'):g}",
        strength=estimate_text(row["matched_strength"]),
    )
    return {
        "name": name,
        "trained": _trained(page, row["model"]),
        "sentence": message,
        "reason": page.prose(row["reason"]),
        "assessed": assessed,
        "note": page.interval_note([row["matched_strength"]]),
        "figure": _figure(page, row, name),
    }


def _trained(page: Page, name: str) -> str:
    return next((page.trained(model) for model in page.leads if model["name"] == name), "")


def _figure(page: Page, row: Stability, name: str) -> Figure | None:
    lines = [(shortened(a["attribute"]), a["uncertainty"]) for a in row["attributes"]]
    spans = [
        (max(kept) - min(kept), label)
        for label, values in lines
        if (kept := [v for v in values if v is not None])
    ]
    if not spans or len(row["seeds"]) < 2:
        return None
    widest = max(spans)
    alt = page.t(
        "stability.alt", model=name, attribute=widest[1], spread=number(widest[0]), seeds=len(row["seeds"])
    )
    caption = page.t("stability.caption", model=name)
    rows = []
    for a in row["attributes"]:
        words = page.t("word.comma").join(page.t(f"verdict.{v}") if v else "–" for v in a["verdicts"])
        dims = page.t("word.comma").join("–" if d is None else str(d) for d in a["dimensions"])
        strengths = page.t("word.comma").join(number(v) for v in a["uncertainty"])
        rows.append(
            (
                text(a["attribute"]),
                Cell("text", dims),
                Cell("prose", words),
                Cell("text", strengths),
                numeral(a["same_dimension_strength"]),
            )
        )
    header = tuple(
        page.t(f"column.{key}") for key in ("attribute", "dimensions", "verdicts", "association", "matched")
    )
    svg = seed_dots.draw(lines, row["seeds"], page.t("mapping.statistic"), page.t("word.seed"))
    return page.drawing(
        f"stability-{page.model_key(row['model'])}", svg, alt, caption, Table(caption, header, tuple(rows))
    )


def _subgroups(page: Page, groups: list[Subgroup]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for row in groups:
        unit = _unit(page, row)
        message = page.t("word.semicolon").join(
            f"{shortened(g['group'], 20)} {estimate_text(g['effect'])}" for g in row["groups"]
        )
        rows.append(
            (
                text(row["model"]),
                text(row["attribute"]),
                text(row["by"]),
                Cell("prose", message),
                estimate(row["difference"]),
                Cell("text", unit),
                numeral(row["p_adjusted"]),
            )
        )
    keys = ("model", "attribute", "by", "effects", "difference", "unit", "p_adjusted")
    return Table(
        page.t("subgroup.caption"),
        tuple(page.t(f"column.{k}") for k in keys),
        tuple(rows),
        page.interval_note(
            {
                page.t("column.effects"): [group["effect"] for row in groups for group in row["groups"]],
                page.t("column.difference"): [row["difference"] for row in groups],
            }
        ),
    )


def _subgroup_figure(page: Page, groups: list[Subgroup]) -> Figure | None:
    shown = [row for row in groups if all(known(group["effect"]) is not None for group in row["groups"])][:12]
    if not shown:
        return None
    panels = [
        interval_bars.Panel(
            f"{shortened(row['attribute'], 14)} · {shortened(row['model'], 15)}",
            [
                interval_bars.Row(shortened(group["group"]), *bounds(group["effect"]))
                for group in row["groups"]
            ],
            _unit(page, row),
        )
        for row in shown
    ]
    clear = sum((row["p_adjusted"] is not None and row["p_adjusted"] <= page.significance) for row in groups)
    alt = page.t("subgroup.alt", clear=clear, n=len(groups))
    return page.drawing("subgroups", interval_bars.points(panels), alt, page.t("subgroup.caption"))


def _unit(page: Page, row: Subgroup) -> str:
    kinds = {attribute["name"]: attribute["kind"] for attribute in page.attributes}
    is_class = kinds.get(row["attribute"]) in ("binary", "categorical")
    return page.t("unit.probability" if is_class else "unit.standard deviations")
