"""The page of a study of latent sizes: the curve over sizes, and the chosen one with its reason."""

from pathlib import Path
from typing import Any, cast

from markupsafe import Markup

from latent_audit.reports.page import messages
from latent_audit.reports.page.context import Figure, Page, Table, estimate, numeral
from latent_audit.reports.page.number_text import estimate_text, number
from latent_audit.reports.page.plots import interval_curves
from latent_audit.reports.page.plots.interval_curves import Curve
from latent_audit.reports.page.templating import ROOM, template_environment
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.record.audit import Audit

# Files beside this module that it reads; they count in content keys (tasks/storage/source_digest.py).
FILES_READ = ("static/report.css",)

BESIDE = ("active_units", "probe")


def write_page(record: dict[str, Any], path: Path, language: str) -> None:
    """Writes the page of `record`, what latent_size.json holds, as one file with everything inside."""
    page = Page(path.parent, cast(Audit, {}), {}, [], "", messages.load(language))  # a study has no audit
    template = template_environment(page.t).get_template("latent_size.html")
    html = template.render(
        page=page,
        title=page.t("size.title", data=shortened(record["data"])),
        text=page.t("size.text", measure_in_full=page.t(f"size.in_full_{record['measure']}")),
        reason=_reason(page, record),
        figure=_curve(page, record),
        style=Markup((ROOM / "static" / "report.css").read_text(encoding="utf-8")),
    )
    path.write_bytes(html.encode("utf-8"))


def _reason(page: Page, record: dict[str, Any]) -> list[str]:
    facts = {
        "measure": page.t(f"size.measure_{record['measure']}"),
        "chosen": record["chosen"],
        "best": record["best"],
        "behind": number(record["behind_nats"]),
        "tolerance": number(record["tolerance_nats"]),
    }
    estimate_text = [
        page.t("size.is_best" if record["chosen"] == record["best"] else "size.is_as_good", **facts)
    ]
    if record["at_the_edge"]:
        estimate_text.append(page.t(f"size.edge_{record['at_the_edge']}"))
    return estimate_text


def _curve(page: Page, record: dict[str, Any]) -> Figure:
    scores, measures = record["scores"], (record["measure"], *BESIDE)
    sized = page.t("column.latent_dim" if record["sized"] == "latent_dim" else "size.free_dimensions")
    panels = {
        page.t(f"size.{measure}"): [
            Curve(
                page.t(f"size.{measure}"),
                [
                    (score["size"], score[measure]["value"], score[measure]["low"], score[measure]["high"])
                    for score in scores
                ],
            )
        ]
        for measure in measures
    }
    chosen = next(score for score in scores if score["size"] == record["chosen"])
    alt = page.t(
        "size.alt",
        first=scores[0]["size"],
        last=scores[-1]["size"],
        chosen=record["chosen"],
        measure=page.t(f"size.measure_{record['measure']}"),
        nats=estimate_text(chosen[record["measure"]]),
        active=estimate_text(chosen["active_units"]),
        probe=estimate_text(chosen["probe"]),
    )
    caption = page.t("size.caption", model=shortened(record["model"]), folds=record["folds"])
    table = Table(
        caption,
        (sized, *(page.t(f"size.{measure}") for measure in measures)),
        tuple(
            (numeral(score["size"]), *(estimate(score[measure]) for measure in measures)) for score in scores
        ),
        page.interval_note(score[measure] for score in scores for measure in measures),
    )
    svg = interval_curves.draw(panels, sized, "", chosen=float(record["chosen"]))
    return page.drawing("latent-size", svg, alt, caption, table)
