"""Where an attribute is in a model, in one phrase, with the frames that show it and its effect in its own unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from latent_audit.reports.page import image_files
from latent_audit.reports.page.context import Page, image_element
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.visible_text import shortened
from latent_audit.vocabulary.checks import STABILITY
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.latent_space import PlaceFrames
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.places import Place
from latent_audit.vocabulary.record.verdict import Verdict
from latent_audit.vocabulary.verdicts import (
    NOT_ASSESSED,
    NOT_SUPPORTED,
    NOT_TESTED,
    PARTLY_SUPPORTED,
    STRENGTH,
    SUPPORTED,
)

MAX_NAMES = 3
SHOWN_SIDE = 64
PLACES = ("dimension", "direction", "block")
# Reasons of a place that is there and changes, or shares, more than its own attribute.
ALSO = ("also_changes", "leaks", "isolate_undefined", "inseparable")


@dataclass(frozen=True)
class Found:
    """One attribute in one lead model: rung ("dimension", ..., "" where places were not measured), verdict, phrase."""

    model: Model
    attribute: str
    rung: str
    verdict: str
    phrase: str
    effect: str
    frames: PlaceFrames | None
    seeds: tuple[tuple[str, str], ...]

    @property
    def is_control(self) -> bool:
        """Whether it is a supported place, with which the attribute can be set."""
        return self.verdict == SUPPORTED


def place_row(page: Page, model: Model, attribute: str) -> Place | None:
    """Returns the row of `where` of an attribute in a model; None in files without places."""
    return next(
        (
            row
            for row in page.audit.get("where", ())
            if (row["model"], row["seed"], row["attribute"]) == (model["name"], model["seed"], attribute)
        ),
        None,
    )


def found(page: Page, model: Model, attribute: str) -> Found | None:
    """Returns what was found of an attribute in a lead model; None where nothing was claimed of it."""
    row = place_row(page, model, attribute)
    verdict = next(
        (v for v in page.verdicts if (v["model"], v["attribute"]) == (model["name"], attribute)), None
    )
    if row is None and verdict is None:
        return None
    frames = None if row is None else frames_of(model, row)
    word = row["verdict"] if row is not None else verdict["verdict"] if verdict else NOT_TESTED
    return Found(
        model,
        attribute,
        row["rung"] if row is not None else "dimension" if word in (SUPPORTED, PARTLY_SUPPORTED) else "",
        word,
        _of_place(page, model, row) if row is not None else _of_verdict(page, verdict),
        _effect(page, model, attribute, row, verdict, frames),
        frames,
        _seeds(page, model, attribute, row),
    )


def frames_of(model: Model, row: Place) -> PlaceFrames | None:
    """Returns the frames of a place, with others held where that is what its verdict rests on; None without."""
    part = model.get("frames")
    if not part or row["rung"] not in PLACES:
        return None
    own = [
        one for one in part["places"] if (one["attribute"], one["rung"]) == (row["attribute"], row["rung"])
    ]
    held = "held" in row["reason"]["values"]
    own.sort(key=lambda one: bool(one["held"]) != held)
    return own[0] if own else None


def strip(
    page: Page, shown: Found, identifier: str, picks: tuple[int, ...] | None = None, side: int = SHOWN_SIDE
) -> Markup | None:
    """Returns the frames of a place side by side as one picture, `side` pixels each or the next whole multiple.

    picks: which of the frames; all by default.
    """
    part, frames = shown.model.get("frames"), shown.frames
    if not part or frames is None:
        return None
    images = page.array(part["sheet"])[frames["first"] : frames["first"] + len(frames["marks"])]
    marks = frames["marks"]
    if picks is not None:
        chosen = sorted({min(pick, len(images) - 1) for pick in picks})
        images, marks = images[chosen], [marks[index] for index in chosen]
    scale = max(1, round(side / images.shape[-1]))
    picture = image_files.grid(images, len(images), gap=1)
    page.files[f"{identifier}{picture.suffix}"] = picture.data
    alt = page.t(
        f"frame.alt_{frames['kind']}",
        attribute=page.called(shown.attribute),
        model=page.called_model(shown.model["name"]),
        marks=page.t("word.comma").join(mark_text(page, shown.attribute, frames["kind"], m) for m in marks),
    )
    return image_element(picture, alt, scale)


def mark_text(page: Page, attribute: str, kind: str, mark: float) -> str:
    """Returns what a frame differs in: "25 %", "heart", "72", as the reader says it."""
    described = next(row for row in page.attributes if row["name"] == attribute)
    if kind == "quantiles":
        return page.t("word.percent", value=f"{100 * mark:.0f}")
    if described["classes"] and 0 <= int(mark) < len(described["classes"]):
        return shortened(described["classes"][int(mark)], 16)
    return number(mark)


def _names(page: Page, model: Model, row: Place) -> str:
    members = sorted(row["members"], key=lambda member: -abs(member["coefficient"] or 0.0))
    names = [page.dimension_name(model, member["dimension"]) for member in members[:MAX_NAMES]]
    heads = {name.partition("=")[0] for name in names}
    if row["rung"] == "dimension" and len(heads) == 1:
        return heads.pop()  # the classes of one attribute, as shape=square and shape=heart
    more = "…" if len(members) > MAX_NAMES else ""
    return page.t("word.comma").join([*names, *([more] if more else [])])


def _of_place(page: Page, model: Model, row: Place) -> str:
    """Returns the phrase of a row of `where`: a whole sentence of the catalogue for each case."""
    names, rung, key = _names(page, model, row), row["rung"], row["reason"]["key"]
    if row["verdict"] == NOT_TESTED:
        return page.t("phrase.not_tested")
    if rung == "none":
        limit = row["reason"]["values"].get("limit")
        share = _percent(limit)
        return page.t("phrase.none_at_most", limit=share) if share else page.t("phrase.none")
    if rung == "read":
        return page.t("phrase.read_untested" if key == "read" else "phrase.read")
    if row["shares_with"]:
        return page.t(f"phrase.shared_{rung}", names=names, others=_listed(page, row["shares_with"]))
    base = page.t(f"phrase.{'own' if row['verdict'] == SUPPORTED else 'partly'}_{rung}", names=names)
    if row["verdict"] == SUPPORTED:
        return base
    decisive = _decisive(row["reason"])
    others = _attributes_in(page, decisive["values"].get("others")) if decisive["key"] in ALSO else []
    if others:
        return page.t("phrase.also_changes", place=base, others=_listed(page, others))
    stability = row["checks"].get(STABILITY)
    if stability is not None and stability["verdict"] != SUPPORTED:
        return page.t(f"phrase.{_stable_word(stability['verdict'])}", place=base)
    return base


def _stable_word(verdict: str) -> str:
    return "one_training" if verdict == NOT_ASSESSED else "not_every_training"


def _of_verdict(page: Page, verdict: Verdict | None) -> str:
    """Returns the phrase of a verdict of a file that has no places."""
    if verdict is None:
        return page.t("phrase.not_tested")
    name = shortened(verdict["dimension_name"] or "–", 20)
    return page.t(f"phrase.of_{verdict['verdict']}", names=name)


def _percent(limit: Any) -> str:
    try:
        return f"{100 * float(limit or ''):.0f}"
    except (TypeError, ValueError):
        return ""


def _listed(page: Page, names: list[str]) -> str:
    return page.t("word.comma").join(page.called(name) for name in names[:MAX_NAMES])


def _decisive(reason: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the reason that limits a place, which may stand within another one."""
    why = reason["values"].get("why")
    return why if isinstance(why, Mapping) and {"key", "values"} <= why.keys() else reason


def _attributes_in(page: Page, value: Any) -> list[str]:
    """Returns the attributes that a value of a reason names: a list of names, or of names with figures in brackets."""
    if isinstance(value, str):
        parts = [part.split(" (")[0].split(" [")[0].strip() for part in value.split(", ")]
        return [row["name"] for row in page.attributes if row["name"] in parts]
    if isinstance(value, Mapping):
        return _attributes_in(page, list(value.get("values", {}).values()))
    if isinstance(value, list):
        return list(dict.fromkeys(name for part in value for name in _attributes_in(page, part)))
    return []


def _effect(
    page: Page,
    model: Model,
    attribute: str,
    row: Place | None,
    verdict: Verdict | None,
    frames: PlaceFrames | None,
) -> str:
    """Returns the effect in the attribute's own unit, "" where there is none or the classifier may not judge."""
    if page.closed(model, attribute):
        return ""
    measured = frames["effect"] if frames is not None else None
    if measured is not None and measured["value"] is not None and frames is not None:
        if frames["unit"] == "named":
            return page.t("effect.named", value=f"{100 * measured['value']:.0f}")
        if frames["unit"] == "probability":
            return page.t("effect.probability", value=f"{100 * measured['value']:.0f}")
        return page.t(
            "effect.own", value=number(abs(measured["value"])), unit=page.called_unit(attribute)
        ).strip()
    if row is not None and row["rung"] != "dimension":
        return ""
    known = recorded(verdict["effect"]) if verdict is not None else None
    if known is None or known["value"] is None or verdict is None:
        return ""
    return page.t(
        "effect.own",
        value=number(known["value"]),
        unit=page.t.known(f"unit_short.{verdict['effect_unit']}", verdict["effect_unit"] or ""),
    ).strip()


def _seeds(page: Page, model: Model, attribute: str, row: Place | None) -> tuple[tuple[str, str], ...]:
    """Returns "full", "half" or "empty" for each training seed, with what it stands for in words; () for one seed."""
    if row is None:
        marks = [(seed, verdict) for seed, verdict in page.by_seed(model["name"], attribute)]
    else:
        rows = [
            one
            for one in page.audit.get("where", ())
            if (one["model"], one["attribute"]) == (model["name"], attribute)
        ]
        marks = [(one["seed"], _without_stability(one)) for one in rows]
    if len(marks) < 2:
        return ()
    words = {SUPPORTED: "full", PARTLY_SUPPORTED: "half"}
    return tuple(
        (
            words.get(verdict, "empty"),
            page.t("summary.seed", seed=seed, verdict=page.t(f"verdict.{verdict}")),
        )
        for seed, verdict in marks
    )


def _without_stability(row: Place) -> str:
    """Returns the weakest of the checks of a place that one training can be put through."""
    made = [found["verdict"] for check, found in row["checks"].items() if check != STABILITY]
    if row["rung"] not in PLACES or not made:
        return row["verdict"] if row["verdict"] == NOT_TESTED else NOT_SUPPORTED
    return min(made, key=lambda word: STRENGTH[word])
