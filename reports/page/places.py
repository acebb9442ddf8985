"""Where an attribute lives, in the words of the report."""

from typing import Any

from latent_audit.reports.page.context import Cell, Page, Table, estimate, text
from latent_audit.reports.page.number_text import estimate_text
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.leads import rung_of
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.places import Place

MAX_NAMES = 8


def place_of(page: Page, model: Model, attribute: str) -> dict[str, Any] | None:
    """Returns verdict, place, reason and rungs of an attribute in a lead model; None in files without places."""
    row = next(
        (
            row
            for row in page.audit.get("where", ())
            if (row["model"], row["seed"], row["attribute"]) == (model["name"], model["seed"], attribute)
        ),
        None,
    )
    if row is None:
        return None
    together = row["together"]
    return {
        "verdict": row["verdict"],
        "line": _line(page, model, row),
        "reason": page.prose(row["reason"]["text"]),
        "together": None
        if together is None
        else {
            "verdict": together["verdict"],
            "line": page.t(
                "place.together",
                names=_listed(page, together["attributes"]),
                where=_where(page, model, together["rung"], together["members"]),
                cause=estimate_text(together["least_cause"]),
            ),
        },
        "rungs": _rungs(page, model, row),
    }


def _line(page: Page, model: Model, row: Place) -> str:
    """Returns the place with its figures: "a direction of z1, z6: cause 0.96 [0.93, 0.98], others kept 1.00"."""
    members = [member["dimension"] for member in row["members"]]
    line = _where(page, model, row["rung"], members)
    rung = rung_of(row)
    if members and rung is not None and rung["cause"] is not None:
        line = page.t("place.figures", where=line, cause=estimate_text(rung["cause"]))
        if rung["least_kept"] is not None:
            line = page.t(
                "place.kept",
                line=line,
                kept=estimate_text(rung["least_kept"]),
                attribute=shortened(rung["least_kept_attribute"] or "", 24),
            )
    if row["shares_with"]:
        line = page.t("place.shared", line=line, names=_listed(page, row["shares_with"]))
    return line


def _where(page: Page, model: Model, rung: str, members: list[int]) -> str:
    names = [page.dimension_name(model, member) for member in sorted(members)]
    if len(names) > MAX_NAMES:
        names = [*names[:MAX_NAMES], "…"]
    return page.t(f"place.where.{rung}", names=page.t("word.comma").join(names))


def _listed(page: Page, names: list[str]) -> str:
    return page.t("word.comma").join(shortened(name, 24) for name in names)


def _rungs(page: Page, model: Model, row: Place) -> Table:
    rows = tuple(
        (
            text(page.t(f"place.short.{rung['rung']}")),
            Cell("verdict", rung["verdict"]),
            estimate(rung["uncertainty"]),
            estimate(rung["cause"]),
            estimate(rung["least_kept"]),
            text(shortened(rung["least_kept_attribute"] or "–", 24)),
            Cell("prose", page.prose(rung["reason"]["text"])),
        )
        for rung in row["rungs"]
    )
    keys = ("place", "verdict", "uncertainty", "cause", "kept", "least_kept", "reason")
    caption = page.t("place.caption", attribute=shortened(row["attribute"]), model=shortened(model["name"]))
    return Table(caption, tuple(page.t(f"column.{key}") for key in keys), rows)
