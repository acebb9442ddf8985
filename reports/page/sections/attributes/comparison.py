"""The models beside each other on the same checks, with intervals on their differences."""

from typing import Any

from latent_audit.reports.page.context import Cell, Figure, Page, Table, bounds, estimate, known, text
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.plots import interval_bars
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.comparison import ComparedModel, Comparison
from latent_audit.vocabulary.record.forms import recorded


def build(page: Page) -> dict[str, Any]:
    """Returns one table of measures by model, one of differences, and a figure of both."""
    rows = recorded(page.audit["comparison"]) or []
    absent = page.absent(page.audit["comparison"])
    if absent:
        return {"absent": absent, "text": page.t("comparison.text")}
    one = len(page.audit["subject"]["models"]) == 1
    return {
        "absent": None,
        "text": page.t("comparison.text_one" if one else "comparison.text"),
        "trained": [(shortened(model["name"]), page.trained(model)) for model in page.leads],
        "figure": _figure(page, rows),
        "differences": None if one else _differences(page, rows),
    }


def _name(page: Page, row: Comparison) -> str:
    return page.t.known(f"score.{row['measure']}", row["measure"])


def _measure(page: Page, row: Comparison) -> str:
    name = _name(page, row)
    if not row["unit"]:
        return name
    unit = row["unit"]
    return f"{name} ({page.t.known(f'unit.{unit}', unit)})"


def _figure(page: Page, rows: list[Comparison]) -> Figure:
    names = page.audit["subject"]["models"]
    models = {model["name"]: model for model in page.leads}
    panels = []
    for row in rows:
        drawn = [
            interval_bars.Row(
                shortened(m["model"]),
                *bounds(m["estimate"]),
                names.index(m["model"]) if m["model"] in names else 0,
                tuple(m.get("by_seed", ())),
            )
            for m in row["models"]
            if known(m["estimate"]) is not None
        ]
        if drawn:
            arrow = {"higher": " ↑", "lower": " ↓"}.get(row["better"], "")
            unit = page.t.known(f"unit.{row['unit']}", row["unit"] or "")
            panels.append(interval_bars.Panel(f"{_name(page, row)}{arrow}", drawn, unit))
    columns = list(dict.fromkeys(m["model"] for row in rows for m in row["models"]))
    cells = []
    for row in rows:
        found = {m["model"]: m for m in row["models"]}
        cells.append(
            (
                Cell("text", _measure(page, row)),
                Cell("text", page.t(f"better.{row['better']}")),
                *(_mean_and_seeds(page, found.get(name)) for name in columns),
            )
        )
    note = page.interval_note(m["estimate"] for row in rows for m in row["models"])
    header = (
        page.t("column.measure"),
        page.t("column.better"),
        *(page.with_training(models[n], 24) if n in models else shortened(n, 24) for n in columns),
    )
    caption = page.t("comparison.caption")
    alt = page.t(
        "comparison.alt_one" if len(names) == 1 else "comparison.alt",
        findings=page.t("word.semicolon").join(_best(page, row) for row in rows[:4]),
    )
    return page.drawing(
        "model-comparison",
        interval_bars.points(panels[:24]),
        alt,
        caption,
        Table(caption, header, tuple(cells), note),
    )


def _mean_and_seeds(page: Page, found: ComparedModel | None) -> Cell:
    """Returns the mean over seeds with its interval, or, where it has none, with the numbers of the seeds."""
    cell = estimate(found["estimate"] if found else None)
    if found is None or cell.extra or len(found.get("by_seed", ())) < 2:
        return cell
    seeds = page.t("word.comma").join(number(value) for value in found.get("by_seed", ()))
    return Cell("estimate", cell.text, page.t("comparison.seeds", seeds=seeds), cell.sort)


def _best(page: Page, row: Comparison) -> str:
    kept = [m for m in row["models"] if known(m["estimate"]) is not None]
    if not kept:
        return f"{_measure(page, row)} –"
    if row["better"] == "none":
        message = [f"{shortened(m['model'])} {estimate_text(m['estimate'])}" for m in kept]
        return f"{_measure(page, row)}: {page.t('word.comma').join(message)}"
    choose = max if row["better"] == "higher" else min
    best = choose(kept, key=lambda m: bounds(m["estimate"])[0])
    return page.t(
        "comparison.best",
        measure=_measure(page, row),
        model=shortened(best["model"]),
        value=estimate_text(best["estimate"]),
    )


def _differences(page: Page, rows: list[Comparison]) -> Table:
    cells, estimates = [], []
    for row in rows:
        for pair in row["differences"]:
            estimates.append(pair["estimate"])
            found = recorded(pair["estimate"])
            low, high = (found["low"], found["high"]) if found else (None, None)
            word: str = (
                "unknown" if low is None or high is None else "apart" if low > 0 or high < 0 else "same"
            )
            if word == "unknown" and "seeds" in pair and known(pair["estimate"]) is not None:
                word = pair["seeds"]
            cells.append(
                (
                    Cell("text", _measure(page, row)),
                    text(f"{pair['first']} − {pair['second']}"),
                    estimate(pair["estimate"]),
                    Cell(
                        "text",
                        page.t(
                            f"comparison.{word}",
                            first=shortened(pair["first"], 24),
                            second=shortened(pair["second"], 24),
                        ),
                    ),
                )
            )
    header = tuple(page.t(f"column.{key}") for key in ("measure", "pair", "difference", "reading"))
    return Table(
        page.t("comparison.differences_caption"), header, tuple(cells), page.interval_note(estimates)
    )


SECTIONS = (Section("comparison", build, place=110, below="models"),)
