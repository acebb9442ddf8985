"""Part of section 2: the same rules on codes that can carry nothing by design, beside the model's own claims."""

from typing import Any

from latent_audit.reports.page.context import Cell, Page, Table, estimate, text
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.controls import Control, ControlVerdict
from latent_audit.vocabulary.record.leads import checks_of, results
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.verdict import Verdict
from latent_audit.vocabulary.verdicts import SUPPORTED


def count(page: Page) -> tuple[int, int]:
    """Returns how many claims on controls the rules call supported, and how many there are."""
    words = [row["verdict"] for control in page.audit["controls"] for row in control["verdicts"]]
    return words.count(SUPPORTED), len(words)


def build(page: Page, model: Model) -> Table | None:
    """Returns, for each attribute, the model's claim and below it the controls', or None without controls."""
    controls = [c for c in page.audit["controls"] if (c["name"], c["seed"]) == (model["name"], model["seed"])]
    if not controls:
        return None
    own = [v for v in page.verdicts if v["model"] == model["name"]]
    rows: list[tuple[Cell, ...]] = []
    checks = [check["id"] for check in checks_of(page.audit) if not check["needs_seeds"]]
    names = [page.t(f"check.{check}.name") for check in checks]
    values: dict[str, list[Any]] = {name: [] for name in names}
    for verdict in own:
        claims: list[tuple[str, Verdict | ControlVerdict]] = [("model", verdict)]
        claims += [(c["control"], _of(c, verdict["attribute"])) for c in controls]
        for code, found in claims:
            measured = [results(found)[check]["value"] for check in checks]
            for name, value in zip(names, measured, strict=True):
                values[name].append(value)
            rows.append(
                (
                    text(verdict["attribute"]),
                    Cell("text", page.t(f"codes.{code}")),
                    text(found["dimension_name"]),
                    *(estimate(value) for value in measured),
                    Cell("verdict", found["verdict"]),
                    Cell("prose", page.prose(found["reason"])),
                )
            )
    before, after = ("attribute", "code", "dimension"), ("verdict", "reason")
    return Table(
        page.t("controls.caption", model=shortened(model["name"]), seed=model["seed"]),
        (*(page.t(f"column.{key}") for key in before), *names, *(page.t(f"column.{key}") for key in after)),
        tuple(rows),
        " ".join((page.interval_note(values), *_not_made(page, model))).strip(),
    )


def _not_made(page: Page, model: Model) -> list[str]:
    """Returns why controls of untrained weights were not made of a model from elsewhere; nothing where they were."""
    found = model.get("import_check")
    if not found:
        return []
    by_weights = {"codes": found["reach"]["codes_by_weights"], "images": found["reach"]["images_by_weights"]}
    return [page.t(f"controls.{part}_without_weights") for part, depends in by_weights.items() if not depends]


def _of(control: Control, attribute: str) -> ControlVerdict:
    return next(row for row in control["verdicts"] if row["attribute"] == attribute)
