"""The page that explains one image: a file with everything inside, a pure function of the explanation."""

from pathlib import Path
from typing import Any, cast

from markupsafe import Markup, escape

from latent_audit.reports.page import messages
from latent_audit.reports.page.context import Page
from latent_audit.reports.page.explained import figures, tables
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.templating import ROOM, template_environment
from latent_audit.reports.page.visible_text import shortened, visible
from latent_audit.vocabulary.image_explanation import AttributeSaid, ImageExplanation, Picture, Remark
from latent_audit.vocabulary.record.audit import Audit

# Pictures are shown about so large, in pixels.
SIDE, SMALL_SIDE = 160, 72


def explanation_page(found: ImageExplanation, language: str) -> str:
    """Returns a whole HTML document. Raises LanguageUnknown where there is no catalogue for `language`."""
    page = _page(language)
    return (
        template_environment(page.t)
        .get_template("explanation.html")
        .render(
            language=language,
            name=shortened(found["image"]["name"], 60),
            title=page.t("explain.title", name=shortened(found["image"]["name"], 60)),
            lead=lead(page, found),
            warning=warning(page, found),
            images=_images(page, found),
            changes=[remark(page, one) for one in found["image"]["changes"]],
            origin=_origin(page, found),
            said=tables.said(page, found),
            readable_notes=tables.not_readable(page, found),
            unusual=tables.unusual(page, found),
            code=figures.code(page, found),
            unused=page.t("explain.unused", count=number(found["unused_dimensions"])),
            discriminator=figures.discriminator(page, found),
            shapley=figures.shapley(page, found),
            maps=[
                {
                    "target": page.t(f"target.{one['target']}"),
                    "subject": shortened(one["subject"] or page.t("explain.real"), 40),
                    "method": one["method"],
                    "picture": element(page, one["picture"], _map_alt(page, one), SIDE),
                }
                for one in found["maps"]
            ],
            neighbours=[
                {
                    "picture": element(
                        page,
                        one["picture"],
                        page.t("explain.neighbour_alt", row=one["row"], distance=number(one["distance"])),
                        SMALL_SIDE,
                    ),
                    "name": shortened(one["name"] or str(one["row"]), 28),
                    "distance": number(one["distance"]),
                    "labels": [shortened(label, 40) for label in one["shown"]],
                }
                for one in found["neighbours"]
            ],
            moves=_moves(page, found),
            seeds=_seeds(page, found),
            lacking=[remark(page, one) for one in found["lacking"]],
            subject=found["subject"],
            style=Markup((ROOM / "static" / "report.css").read_text(encoding="utf-8")),
        )
    )


def opening_lines(found: ImageExplanation, language: str) -> list[str]:
    """Returns what a terminal is told: the warning, if there is one, and the first sentence."""
    page = _page(language)
    return [line for line in (warning(page, found), lead(page, found)) if line]


def _page(language: str) -> Page:
    """Returns a page without an audit of its own."""
    return Page(Path(), cast(Audit, {}), {}, [], "", messages.load(language))


def lead(page: Page, found: ImageExplanation) -> str:
    """Returns one sentence: what is said of the image, by what, how sure, and how sound it is."""
    row = next(one for one in found["said"] if one["attribute"] == found["about"])
    name = shortened(row["attribute"], 32)
    model = shortened(found["subject"]["model"], 32)
    sure = row["of_image"]["probability"]
    said = page.t(
        "explain.lead.class" if sure is not None else "explain.lead.number",
        attribute=name,
        answer=shortened(row["of_image"]["shown"], 32),
        probability=number(sure),
    )
    if row["not_readable"] is not None:
        return said + page.t("explain.lead.not_readable", model=model)
    key = "explain.lead.same" if row["same"] else "explain.lead.differs"
    said += page.t(
        key, model=model, seed=found["subject"]["seed"], answer=shortened(row["of_rebuilt"]["shown"], 32)
    )
    return said + _soundness(page, row, model)


def _soundness(page: Page, row: AttributeSaid, model: str) -> str:
    if row["verdict"] is None or row["rung"] is None:
        return page.t("explain.lead.no_place", model=model)
    return page.t(
        "explain.lead.place",
        attribute=shortened(row["attribute"], 32),
        place=page.t(f"place.short.{row['rung']}"),
        verdict=page.t(f"verdict.{row['verdict']}"),
    )


def warning(page: Page, found: ImageExplanation) -> str | None:
    """Returns that the image is unlike the data, where a figure lies beyond the limit; else None."""
    beyond = [
        page.t(f"explain.measure.{one['measure']}")
        for one in found["unusual"]
        if one["percentile"] > found["unusual_beyond"]
    ]
    if not beyond:
        return None
    return page.t(
        "explain.unlike",
        measures=page.t("word.comma").join(beyond),
        percentile=f"{found['unusual_beyond']:g}",
    )


def remark(page: Page, one: Remark) -> str:
    """Returns a remark in the language of the page."""
    return page.t(one["key"], **one["values"])


def element(page: Page, picture: Picture, alt: str, side: int) -> Markup:
    """Returns an <img> with its pixels inside, about `side` pixels wide."""
    scale = max(1.0, side / max(picture["width"], 1))
    return Markup(
        f'<img src="{escape(picture["uri"])}" alt="{escape(visible(alt))}" width="{round(picture["width"] * scale)}" '
        f'height="{round(picture["height"] * scale)}" class="pixels">'
    )


def _images(page: Page, found: ImageExplanation) -> list[dict[str, Any]]:
    image = found["image"]
    model = shortened(found["subject"]["model"], 32)
    wide, high = image["given_size"]
    captions = (
        (image["given"], page.t("explain.given", width=wide, height=high)),
        (image["seen"], page.t("explain.seen", width=image["seen"]["width"], height=image["seen"]["height"])),
        (found["rebuilt"], page.t("explain.rebuilt", model=model)),
    )
    return [{"picture": element(page, picture, text, SIDE), "caption": text} for picture, text in captions]


def _origin(page: Page, found: ImageExplanation) -> str:
    image = found["image"]
    if image["source"] == "file":
        return page.t("explain.own_file")
    learnt = "explain.learnt" if image["part"] == "model_train" else "explain.not_learnt"
    return page.t("explain.row", row=image["row"], part=image["part"]) + page.t(
        learnt, model=shortened(found["subject"]["model"], 32)
    )


def _map_alt(page: Page, one: Any) -> str:
    return page.t(
        "explain.map_alt",
        method=one["method"],
        target=page.t(f"target.{one['target']}"),
        subject=shortened(one["subject"], 40),
    )


def _moves(page: Page, found: ImageExplanation) -> list[dict[str, Any]]:
    rows = []
    for one in found["moves"]:
        facts = {
            "length": number(one["length"]),
            "held": one["held"],
            "draws": one["draws"],
            "answer": shortened(one["answer"] or "", 32),
        }
        rows.append(
            {
                "attribute": shortened(one["attribute"], 32),
                "target": shortened(one["target"], 32),
                "along": page.t(f"explain.along.{one['along']}"),
                "outcome": page.t(f"explain.outcome.{one['outcome']}", **facts),
                "length": number(one["length"]),
                "picture": None
                if one["picture"] is None
                else element(
                    page,
                    one["picture"],
                    page.t("explain.move_alt", answer=facts["answer"]),
                    SMALL_SIDE,
                ),
            }
        )
    return rows


def _seeds(page: Page, found: ImageExplanation) -> str:
    if not found["seeds"]:
        return page.t("explain.no_other_seed")
    about = found["about"]
    rebuilt = [
        page.t("explain.seed_as", seed=one["seed"], answer=shortened(one["rebuilt_as"][about], 32))
        for one in found["seeds"]
        if about in one["rebuilt_as"]
    ]
    same = sum(about in one["same"] for one in found["seeds"])
    return page.t(
        "explain.seeds",
        same=same,
        count=len(found["seeds"]),
        attribute=shortened(about, 32),
        listed=page.t("word.semicolon").join(rebuilt),
    )
