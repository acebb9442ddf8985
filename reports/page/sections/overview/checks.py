"""Section 2: every check that was made, with its question, statistic, threshold, value and verdict."""

from typing import Any

from latent_audit.reports.page.context import Cell, Page, Table, estimate, numeral, text
from latent_audit.reports.page.sections.overview import controls
from latent_audit.reports.page.sections.section import Section
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.checks import letter
from latent_audit.vocabulary.record.leads import checks_of, results
from latent_audit.vocabulary.record.model import Model


def build(page: Page) -> dict[str, Any]:
    """Returns the questions of the checks and one table of results for each lead model."""
    checks = [check["id"] for check in checks_of(page.audit)]
    questions = [
        (check, page.t(f"check.{check}.name"), page.t(f"check.{check}.question")) for check in checks
    ]
    supported, claims = controls.count(page)
    return {
        "questions": questions,
        "tables": [(shortened(m["name"]), _table(page, m)) for m in page.leads],
        "controls": [table for table in (controls.build(page, m) for m in page.leads) if table is not None],
        "controls_found": page.t("controls.found", supported=supported, claims=claims) if claims else "",
        "controls_alarm": bool(supported),
    }


def _table(page: Page, model: Model) -> Table:
    rows: list[tuple[Cell, ...]] = []
    names = {check["id"]: page.t(f"check.{check['id']}.name") for check in checks_of(page.audit)}
    values: dict[str, list[Any]] = {name: [] for name in names.values()}
    number_of = {attribute["name"]: index + 1 for index, attribute in enumerate(page.attributes)}
    for verdict in page.verdicts:
        if verdict["model"] != model["name"]:
            continue
        card = f"card-{page.attribute_key(verdict['attribute'])}-{page.model_key(model['name'])}"
        for place, (check, name) in enumerate(names.items()):
            result = results(verdict)[check]
            values[name].append(result["value"])
            rows.append(
                (
                    Cell(
                        "link",
                        f"{page.model_key(model['name']).split('-')[0].upper()}."
                        f"{number_of.get(verdict['attribute'], 0)}.{letter(place)}",
                        card,
                    ),
                    text(verdict["attribute"]),
                    text(name),
                    text(result["statistic"]),
                    numeral(result["threshold"]),
                    estimate(result["value"]),
                    Cell("verdict", result["verdict"]),
                    Cell("prose", page.prose(result["reason"])),
                )
            )
    header = tuple(
        page.t(f"column.{key}")
        for key in ("id", "attribute", "check", "statistic", "threshold", "value", "verdict", "reason")
    )
    caption = page.t("checks.caption", model=shortened(model["name"]), seed=model["seed"])
    return Table(caption, header, tuple(rows), page.interval_note(values))


SECTIONS = (Section("checks", build, place=170, below="details"),)
