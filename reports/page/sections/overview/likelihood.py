"""How loose the evidence lower bound of a model is, beside its fitness."""

from typing import Any

from latent_audit.reports.page.context import Cell, Page, Table, estimate, numeral
from latent_audit.reports.page.number_text import estimate_text, number, percent
from latent_audit.reports.page.sections.section import titled
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.fitness import Likelihood
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model


def build(page: Page, model: Model) -> list[dict[str, Any]]:
    """Returns the part with its sentence and table; none where nothing was measured."""
    part = model.get("likelihood")
    found = recorded(part)
    if found is None:
        reason = page.absent(part) if part else ""
        return [titled(page.t("likelihood.title"), reason)] if reason else []
    gaps = [image["gap"] for image in found["by_image"]]
    best = found["bounds"][-1]
    known = found["exact"] is not None
    lines = [
        page.t(
            "likelihood.exact" if known else "likelihood.at_least",
            too_low=estimate_text(found["too_low"]),
            least=number(min(gaps)),
            most=number(max(gaps)),
            n=found["images"],
        )
    ]
    missed = sum(not image["reached"] for image in found["by_image"])
    if missed and not known:
        lines.append(
            page.t("likelihood.not_reached", n=missed, of=found["images"], draws=number(best["draws"]))
        )
    return [titled(page.t("likelihood.title"), " ".join(lines), table=_table(page, model, found))]


def _table(page: Page, model: Model, found: Likelihood) -> Table:
    nothing = Cell("text", "–")
    rows = [(Cell("text", page.t("likelihood.elbo")), estimate(found["elbo"]), nothing, nothing)]
    rows += [
        (
            Cell("text", page.t("likelihood.weighted", draws=number(bound["draws"]))),
            estimate(bound["bound"]),
            numeral(bound["effective"]),
            Cell("text", percent(bound["reached"])),
        )
        for bound in found["bounds"]
    ]
    if found["exact"] is not None:
        rows.append((Cell("text", page.t("likelihood.known")), estimate(found["exact"]), nothing, nothing))
    return Table(
        page.t("likelihood.caption", model=shortened(model["name"])),
        tuple(page.t(f"likelihood.{name}") for name in ("bound", "nats", "effective", "reached")),
        tuple(rows),
        page.interval_note([found["elbo"]]),
    )
