"""Whether effects differ between subgroups of images: in words, against a limit of relevance, and in figures."""

from dataclasses import dataclass
from typing import Any, Literal

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
from latent_audit.reports.page.number_text import estimate_text
from latent_audit.reports.page.plots import interval_bars
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.comparison import Subgroup
from latent_audit.vocabulary.record.forms import recorded

# Share of an effect from which a difference between subgroups is large, where the settings do not say.
RELEVANT_SHARE = 0.2


@dataclass(frozen=True)
class Difference:
    """How far the effect on an attribute differs between subgroups: its least and largest, and a word for it."""

    row: Subgroup
    least: str
    most: str
    share: float
    verdict: Literal["same", "small", "large"]


def build(page: Page) -> dict[str, Any]:
    """Returns a sentence, the figure and the table of all differences between subgroups."""
    groups, part = judged(page), page.audit["subgroups"]
    absent = page.absent(groups if isinstance(part, list) else part)
    found = [one for one in (_difference(page, row) for row in groups) if one is not None]
    return {
        "absent": page.failures("subgroup") or [absent],
        "finding": in_short(page),
        "relevant": page.t("subgroup.relevant", share=f"{100 * relevant_share(page):.0f}"),
        "lines": [
            {"verdict": one.verdict, "sentence": sentence(page, one)}
            for one in sorted(found, key=lambda one: -one.share)
            if one.verdict != "same"
        ][:6],
        "table": _subgroups(page, groups) if groups else None,
        "figure": _subgroup_figure(page, groups) if groups else None,
    }


def judged(page: Page) -> list[Subgroup]:
    """Returns the rows of subgroups of attributes that the classifier may judge."""
    models = {model["name"]: model for model in page.leads}
    return [
        row
        for row in recorded(page.audit["subgroups"]) or ()
        if row["model"] not in models or not page.closed(models[row["model"]], row["attribute"])
    ]


def relevant_share(page: Page) -> float:
    """Returns from which share of an effect a difference is large: the setting of the run."""
    report = page.audit["settings"].get("report")
    stated = report.get("relevant_difference") if isinstance(report, dict) else None
    return float(stated) if isinstance(stated, int | float) else RELEVANT_SHARE


def largest(page: Page) -> Difference | None:
    """Returns the largest difference between subgroups that is not owed to chance; None where none is."""
    found = [one for row in judged(page) if (one := _difference(page, row)) and one.verdict != "same"]
    return max(found, key=lambda one: one.share, default=None)


def in_short(page: Page) -> str:
    """Returns one sentence on subgroups."""
    rows = judged(page)
    if not rows:
        return page.t("subgroup.none")
    found = largest(page)
    if found is None:
        by = page.t("word.comma").join(dict.fromkeys(page.called(row["by"]) for row in rows))
        return page.t("subgroup.same", n=len(rows), by=by)
    return sentence(page, found)


def sentence(page: Page, found: Difference) -> str:
    """Returns a difference in words."""
    return page.t(
        "subgroup.differs",
        model=page.called_model(found.row["model"]),
        attribute=page.called(found.row["attribute"]),
        share=f"{100 * found.share:.0f}",
        least=found.least,
        most=found.most,
    )


def _difference(page: Page, row: Subgroup) -> Difference | None:
    effects = [
        (value, group["group"]) for group in row["groups"] if (value := known(group["effect"])) is not None
    ]
    if len(effects) < 2 or max(effects)[0] <= 0:
        return None
    least, most = min(effects), max(effects)
    share = (most[0] - least[0]) / most[0]
    significant = row["p_adjusted"] is not None and row["p_adjusted"] <= page.significance
    word: Literal["same", "small", "large"] = (
        "same" if not significant else "large" if share >= relevant_share(page) else "small"
    )
    return Difference(row, shortened(least[1], 20), shortened(most[1], 20), share, word)


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
    return page.drawing("subgroup-effects", interval_bars.points(panels), alt, page.t("subgroup.caption"))


def _unit(page: Page, row: Subgroup) -> str:
    kinds = {attribute["name"]: attribute["kind"] for attribute in page.attributes}
    is_class = kinds.get(row["attribute"]) in ("binary", "categorical")
    return page.t("unit.probability" if is_class else "unit.standard deviations")


SECTIONS = (Section("subgroups", build, place=130),)
