"""Section 6: which dimension is associated with which attribute, against what chance gives."""

from typing import Any

import numpy as np

from latent_audit.reports.page.context import Cell, Figure, Page, Table, estimate, numeral, text
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.plots import heat_map, null_histogram
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.association import Association
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model


def build(page: Page) -> dict[str, Any]:
    """Returns matrix, null distribution and probes of each lead model, and the global scores of all."""
    return {
        "models": [_model(page, model) for model in page.leads],
        "scores_absent": page.failures("score"),
        "scores": global_scores(page),
    }


def _model(page: Page, model: Model) -> dict[str, Any]:
    association = recorded(model["association"])
    return {
        "name": shortened(model["name"]),
        "trained": page.trained(model),
        "key": page.model_key(model["name"]),
        "seed": model["seed"],
        "absent": page.absent(model["association"]),
        "matrix": matrix(page, model, association) if association else None,
        "null": null_distribution(page, model, association) if association else None,
        "probes": _probes(page, model),
        "probes_absent": page.absent(model["probes"]),
    }


def matrix(page: Page, model: Model, association: Association) -> Figure:
    """Returns the heat map of associations: a row an attribute, a column a dimension; claimed cells are framed."""
    values = np.array(association["uncertainty"], dtype=float)
    p_values = np.array(association["p_adjusted"], dtype=float)
    attributes, dimensions = association["attributes"], [row["name"] for row in model["dimensions"]]
    significant = p_values <= page.significance
    claimed = {v["attribute"]: v["dimension"] for v in page.verdicts if v["model"] == model["name"]}
    found = [(row, claimed.get(name)) for row, name in enumerate(attributes)]
    outlined = [(row, dimension) for row, dimension in found if dimension is not None]
    svg = heat_map.draw(
        values,
        [shortened(n) for n in attributes],
        [shortened(n, 16) for n in dimensions],
        page.t("mapping.statistic"),
        ~significant,
        outlined,
    )
    row, column = np.unravel_index(int(np.nan_to_num(values).argmax()), values.shape)
    alt = page.t(
        "mapping.alt",
        model=shortened(model["name"]),
        attribute=shortened(attributes[row]),
        dimension=shortened(dimensions[column]),
        value=number(float(values[row, column])),
        significant=int(significant.sum()),
        cells=values.size,
    )
    caption = page.t("mapping.caption", model=shortened(model["name"]), seed=model["seed"])
    rows = []
    for i, name in enumerate(attributes):
        cells = [text(name)]
        for j in range(values.shape[1]):
            bounds = f"[{_share(association['low'][i][j])}, {_share(association['high'][i][j])}]"
            star = "" if significant[i, j] else page.t("mapping.not_significant_mark")
            cells.append(
                Cell(
                    "estimate", _share(association["uncertainty"][i][j]) + star, bounds, f"{values[i, j]:.6g}"
                )
            )
        rows.append(tuple(cells))
    note = page.t(
        "mapping.note",
        n=number(association["n"]),
        permutations=number(association["permutations"]),
        mark=page.t("mapping.not_significant_mark"),
        significance=f"{page.significance:g}",
    )
    table = Table(
        caption, (page.t("column.attribute"), *(shortened(n, 16) for n in dimensions)), tuple(rows), note
    )
    return page.drawing(f"mapping-{page.model_key(model['name'])}", svg, alt, caption, table)


def _share(value: float | None) -> str:
    """Returns a share with two decimals: a whole matrix of finer numbers cannot be read."""
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def null_distribution(page: Page, model: Model, association: Association) -> Figure | None:
    """Returns the strongest statistics under permutation beside the measured ones; None where none were kept."""
    null = association["null_max"]
    if not null:
        return None
    best = [
        (name, max((v for v in row if v is not None), default=0.0))
        for name, row in zip(association["attributes"], association["statistic"], strict=True)
    ]
    limit = float(np.quantile(null, 1 - page.significance))
    above = sum(value > limit for _, value in best)
    svg = null_histogram.draw(
        [(page.t("mapping.null_name"), null)],
        [(shortened(n), v) for n, v in best],
        page.t("mapping.null_statistic"),
        (page.t("mapping.limit", share=f"{100 * page.significance:.3g}"), limit),
        ratios=True,
    )
    alt = page.t(
        "mapping.null_alt",
        above=above,
        n=len(best),
        limit=number(limit),
        most=number(max(null)),
        share=f"{100 * page.significance:.3g}",
    )
    table = Table(
        page.t("mapping.null_caption"),
        (page.t("column.attribute"), page.t("column.strongest"), page.t("column.above")),
        tuple(
            (text(n), numeral(v), Cell("text", page.t("word.yes" if v > limit else "word.no")))
            for n, v in best
        ),
    )
    return page.drawing(
        f"null-{page.model_key(model['name'])}", svg, alt, page.t("mapping.null_caption"), table
    )


def _probes(page: Page, model: Model) -> Table | None:
    probes = recorded(model["probes"])
    if not probes:
        return None
    columns: list[tuple[str, str]] = []
    for probe in probes:
        for result in probe["results"]:
            if (result["probe"], result["codes"]) not in columns:
                columns.append((result["probe"], result["codes"]))
    order = ("model", "majority", "shuffled_labels", "random_init", "pca")
    columns.sort(key=lambda pair: (order.index(pair[1]) if pair[1] in order else 9, pair[0]))
    rows = []
    for probe in probes:
        found = {(result["probe"], result["codes"]): result["estimate"] for result in probe["results"]}
        rows.append(
            (
                text(probe["attribute"]),
                text(probe["statistic"]),
                *(estimate(found.get(column)) for column in columns),
                estimate(probe["selectivity"]),
            )
        )
    named = tuple(
        f"{page.t.known(f'codes.{codes}', codes)} · {page.t.known(f'probe.{probe}', probe)}"
        for probe, codes in columns
    )
    header = (page.t("column.attribute"), page.t("column.statistic"), *named, page.t("column.selectivity"))
    note = page.interval_note(result["estimate"] for probe in probes for result in probe["results"])
    return Table(page.t("mapping.probes_caption", model=shortened(model["name"])), header, tuple(rows), note)


def global_scores(page: Page) -> Table:
    """Returns the global scores of every lead model, with the better end of each."""
    models = page.audit["models"]
    names = sorted({name for model in models for name in model["scores"]})
    leads = page.leads
    rows = tuple(
        (
            Cell("text", page.t.known(f"score.{name}", name)),
            Cell("text", page.t(f"better.{page.better(name)}")),
            *(estimate(model["scores"].get(name)) for model in leads),
        )
        for name in names
    )
    note = page.interval_note(model["scores"].get(name) for model in leads for name in names)
    header = (
        page.t("column.measure"),
        page.t("column.better"),
        *(page.with_training(model, 24) for model in leads),
    )
    return Table(page.t("mapping.scores_caption"), header, rows, note)


SECTIONS = (Section("mapping", build, place=80, below="models"),)
