"""The answer in plain sentences: which attributes can be set in which models, and what that means."""

from collections.abc import Sequence
from dataclasses import dataclass

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.phrases import PLACES, Found
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.verdicts import INCONCLUSIVE, PARTLY_SUPPORTED

# What is true of a model in which attributes can be set.
CONTROLS = ("dimensions", "directions", "controls")
MAX_GROUPS = 3
MAX_NAMES = 4


@dataclass(frozen=True)
class Sentence:
    """What was found in one or several models, and what it means: the first is set in bold."""

    found: str
    meaning: str


def sentences(page: Page, cells: Sequence[Found]) -> list[Sentence]:
    """Returns a sentence for each group of models of which the same is true, or one count for many models."""
    groups: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for model in page.leads:
        own = [
            one
            for one in cells
            if one.model["name"] == model["name"] and one.attribute not in page.unreadable
        ]
        key, names = _kind_of(own)
        groups.setdefault((key, names, _labels(page, model, names)), []).append(
            page.called_model(model["name"])
        )
    if len(groups) > MAX_GROUPS:
        controls = sum(one.is_control for one in cells)
        return [Sentence(page.t("answer.count", n=number(controls), of=number(len(cells))), "")]
    order = (*CONTROLS, "partly", "contained", "nothing")
    ranked = sorted(groups.items(), key=lambda group: order.index(group[0][0]))
    # That models learnt without labels stands in the heads of the matrix too: said of one group, not of several.
    several = sum(key in CONTROLS and labels == "by_itself" for (key, _, labels), _ in ranked) > 1
    unsaid = "by_itself" if several else ""
    return [_sentence(page, key, names, labels, models, unsaid) for (key, names, labels), models in ranked]


def _labels(page: Page, model: Model, names: Sequence[str]) -> str:
    """Returns whether a model was given the labels of attributes, or that it is not known."""
    known = model.get("supervision")
    if known is None or known["attributes"] is None:
        return "unknown"
    return "by_design" if any(page.was_given(model, name) for name in names) else "by_itself"


def _kind_of(own: Sequence[Found]) -> tuple[str, tuple[str, ...]]:
    """Returns the key of what is true of a model, with the attributes that it is true of."""
    controls = [one for one in own if one.is_control]
    if controls:
        rungs = {one.rung for one in controls}
        key = (
            "dimensions" if rungs == {"dimension"} else "directions" if rungs == {"direction"} else "controls"
        )
        return key, tuple(one.attribute for one in controls)
    partly = [one for one in own if one.verdict == PARTLY_SUPPORTED]
    if partly:
        return "partly", tuple(one.attribute for one in partly)
    contained = [
        one for one in own if one.rung == "read" or (one.rung in PLACES) or one.verdict == INCONCLUSIVE
    ]
    if contained:
        return "contained", tuple(one.attribute for one in contained)
    return "nothing", ()


def _sentence(
    page: Page, key: str, names: tuple[str, ...], labels: str, models: Sequence[str], unsaid: str
) -> Sentence:
    count = "one" if len(models) == 1 else "many"
    found = page.t(f"answer.{key}_{count}", models=listed(page, models), attributes=called_list(page, names))
    if key in CONTROLS:
        return Sentence(found, "" if labels == unsaid else page.t(f"answer.{labels}_{count}"))
    return Sentence(found, page.t(f"answer.{key}_means"))


def listed(page: Page, names: Sequence[str]) -> str:
    """Returns names as a list in words: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return page.t("word.and", first=page.t("word.comma").join(names[:-1]), last=names[-1])


def called_list(page: Page, attributes: Sequence[str]) -> str:
    """Returns attributes as people call them, the first few of many."""
    if len(attributes) <= MAX_NAMES:
        return listed(page, [page.called(name) for name in attributes])
    shown = page.t("word.comma").join(page.called(name) for name in attributes[: MAX_NAMES - 1])
    return page.t("answer.and_more", names=shown, n=len(attributes) - MAX_NAMES + 1)


def title(page: Page) -> str:
    """Returns the user's title, or a question about what was audited."""
    asked = (page.audit["settings"].get("subject") or {}) if page.audit["settings"] else {}
    if asked.get("title") or "title" not in asked:
        return page.audit["subject"]["title"]
    models = page.leads
    name = page.called_model(models[0]["name"])
    return page.t(
        "answer.title_one" if len(models) == 1 else "answer.title",
        model=name,
        n=len(models),
        images=number(page.audit["data"]["images"]),
        data=page.t.known(f"called_data.{page.audit['data']['name']}", page.audit["data"]["name"]),
    )
