"""Bias: errors and decisions by subgroups of protected attributes, and what is left of each after it was erased."""

from collections.abc import Sequence
from typing import Any

from latent_audit.reports.page.context import Cell, Page, Table, estimate, known, numeral, text
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.forms import Estimate, recorded
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.on_request.bias import (
    BeforeAndAfter,
    Bias,
    Decision,
    GroupErrors,
    GroupFigure,
    Remedy,
)


def build(page: Page) -> dict[str, Any]:
    """Returns sentences and tables for each lead model and protected attribute."""
    found = [(model, row) for model in page.leads for row in model.get("bias") or ()]
    asked = (page.audit["settings"].get("evidence") or {}).get("protected")
    return {
        "absent": page.failures("bias"),
        "finding": page.t("bias.text" if found else "bias.set_aside" if asked else "bias.none"),
        "rows": [_row(page, model, row) for model, row in found],
    }


def _row(page: Page, model: Model, row: Bias) -> dict[str, Any]:
    names = {"model": page.called_model(model["name"]), "protected": page.called(row["protected"])}
    remedy = recorded(row["remedy"])
    errors = [*row["errors"], *([found] if (found := recorded(row["reconstruction"])) else [])]
    return {
        "title": page.t("bias.title", **names),
        "lines": [_sizes(page, row), *_found(page, row), *_mended(page, model, row)],
        "tables": [
            table
            for table in (
                _errors(page, errors, names) if errors else None,
                _decisions(page, row["decisions"], names) if row["decisions"] else None,
                _left(page, remedy, names) if remedy else None,
                _others(page, remedy, names) if remedy else None,
            )
            if table is not None
        ],
    }


def _sizes(page: Page, row: Bias) -> str:
    listed = page.t("word.comma").join(
        page.t(
            "bias.too_few" if group["too_few"] else "bias.size",
            group=shortened(group["group"], 24),
            n=number(group["n"]),
        )
        for group in row["groups"]
    )
    return page.t("bias.sizes", listed=listed)


def _found(page: Page, row: Bias) -> list[str]:
    """Returns, of each reader, the decision that differs most between subgroups beyond chance."""
    lines = []
    for reader in ("classifier", "probe"):
        rows = [found for found in row["decisions"] if found["reader"] == reader]
        beyond = [one for one in rows if one["demographic_parity"]["p_adjusted"] <= page.significance]
        if not rows:
            continue
        if not beyond:
            lines.append(page.t(f"bias.same_{reader}", n=len(rows)))
            continue
        worst = max(beyond, key=lambda one: known(one["demographic_parity"]["difference"]) or 0.0)
        rates = sorted(worst["selection_rates"], key=lambda group: known(group["figure"]) or 0.0)
        lines.append(
            page.t(
                f"bias.differs_{reader}",
                decision=_decision_name(page, worst),
                least=shortened(rates[0]["group"], 20),
                least_value=estimate_text(rates[0]["figure"]),
                most=shortened(rates[-1]["group"], 20),
                most_value=estimate_text(rates[-1]["figure"]),
                base=_by_group(page, worst["base_rates"]),
            )
        )
    return lines


def _mended(page: Page, model: Model, row: Bias) -> list[str]:
    if recorded(row["remedy"]) is None:
        return [page.t("bias.no_remedy", reason=page.absent(row["remedy"]) or "")]
    words = [
        page.prose(one["reason"]["text"])
        for one in page.audit.get("erased", ())
        if (one["model"], one["seed"], one["attribute"]) == (model["name"], model["seed"], row["protected"])
    ]
    return [page.t("bias.erased", reason=word) for word in words] + [page.t("bias.not_the_classifier")]


def _errors(page: Page, rows: Sequence[GroupErrors], names: dict[str, str]) -> Table:
    return Table(
        page.t("bias.errors_caption", **names),
        tuple(page.t(f"column.{key}") for key in ("attribute", "statistic", "by_group", "difference")),
        tuple(
            (
                text(page.called(row["attribute"]) if row["attribute"] else page.t("bias.reconstruction")),
                Cell("text", page.t.known(f"bias.statistic.{row['statistic']}", shortened(row["statistic"]))),
                Cell("prose", _by_group(page, row["groups"])),
                estimate(row["difference"]),
            )
            for row in rows
        ),
        page.interval_note(row["difference"] for row in rows),
    )


def _decisions(page: Page, rows: Sequence[Decision], names: dict[str, str]) -> Table:
    keys = (
        "decision",
        "reader",
        "base_rates",
        "selection_rates",
        "parity",
        "by_chance",
        "p_adjusted",
        "odds",
    )
    cells = []
    for row in rows:
        parity, odds = row["demographic_parity"], recorded(row["equalised_odds"])
        cells.append(
            (
                Cell("text", _decision_name(page, row)),
                Cell("text", page.t(f"bias.reader.{row['reader']}")),
                Cell("prose", _by_group(page, row["base_rates"])),
                Cell("prose", _by_group(page, row["selection_rates"])),
                estimate(parity["difference"]),
                numeral(parity["by_chance"]),
                numeral(parity["p_adjusted"]),
                estimate(odds["difference"] if odds else row["equalised_odds"]),  # type: ignore[arg-type]  # not applicable is a cell too
                estimate(row["accuracy"]),
            )
        )
    return Table(
        page.t("bias.decisions_caption", **names),
        tuple(page.t(f"column.{key}") for key in (*keys, "accuracy")),
        tuple(cells),
        page.interval_note(row["demographic_parity"]["difference"] for row in rows),
    )


def _left(page: Page, remedy: Remedy, names: dict[str, str]) -> Table:
    before, after = remedy["before"], remedy["after"]
    drawn = [recorded(remedy["drawn_before"]), recorded(remedy["drawn_after"])]
    rows: list[tuple[str, Any, Any]] = [
        (
            page.t("bias.linear", statistic=shortened(before["statistic"]), chance=number(before["chance"])),
            before["linear"],
            after["linear"],
        ),
        (page.t("bias.strongest"), before["absence"]["uncertainty"], after["absence"]["uncertainty"]),
        (page.t("bias.drawn"), drawn[0] and drawn[0]["uncertainty"], drawn[1] and drawn[1]["uncertainty"]),
    ]
    return Table(
        page.t("bias.left_caption", rank=number(remedy["rank"]), **names),
        tuple(page.t(f"column.{key}") for key in ("measured", "before_erasure", "after_erasure")),
        tuple((Cell("text", name), estimate(old), estimate(new)) for name, old, new in rows),
        page.interval_note(one for _, *pair in rows for one in pair),
    )


def _others(page: Page, remedy: Remedy, names: dict[str, str]) -> Table:
    keys = ("attribute", "u_before", "u_after", "cause_before", "cause_after")
    figures: list[tuple[str, list[Estimate | None]]] = [
        (
            row["attribute"],
            [*_before_and_after(row["uncertainty"]), *_before_and_after(row["cause"])],
        )
        for row in remedy["others"]
    ]
    return Table(
        page.t("bias.others_caption", **names),
        tuple(page.t(f"column.{key}") for key in keys),
        tuple((text(page.called(name)), *map(estimate, values)) for name, values in figures),
        page.interval_note(one for _, values in figures for one in values),
    )


def _before_and_after(found: BeforeAndAfter) -> tuple[Estimate | None, Estimate | None]:
    return found["before"], found["after"]


def _decision_name(page: Page, row: Decision) -> str:
    return page.t(
        "bias.decision", attribute=page.called(row["attribute"]), chosen=shortened(row["chosen"], 20)
    )


def _by_group(page: Page, groups: Sequence[GroupFigure]) -> str:
    return page.t("word.semicolon").join(
        page.t(
            "bias.of_group",
            group=shortened(group["group"], 20),
            value=estimate_text(group["figure"]),
            n=number(group["figure"]["n"]),
        )
        for group in groups
    )


SECTIONS = (Section("bias", build, place=135, below="subgroups"),)
