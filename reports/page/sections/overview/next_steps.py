"""What to do next: actions made by rule from what was found, each with its setting or command."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.phrases import PLACES, Found, place_row
from latent_audit.reports.page.sections.attributes import subgroups
from latent_audit.reports.page.sections.overview.answer import called_list
from latent_audit.reports.page.sections.overview.matrix import found_in
from latent_audit.reports.page.sections.section import Section
from latent_audit.vocabulary.checks import STABILITY
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.verdicts import NOT_ASSESSED, NOT_TESTED, PARTLY_SUPPORTED, SUPPORTED

MOST = 5


@dataclass(frozen=True)
class Action:
    """One action: the key of its sentence with the values in it, and the setting or command that does it."""

    key: str
    values: Mapping[str, str]
    does: str


def build(page: Page) -> dict[str, Any]:
    """Returns the actions as sentences, at most five, the most urgent first."""
    return {
        "actions": [
            {
                "key": action.key,
                "sentence": page.t(f"next.{action.key}", **action.values),
                "does": action.does,
            }
            for action in actions(page)
        ]
    }


def actions(page: Page) -> list[Action]:
    """Returns the actions that follow from what was found."""
    cells = found_in(page)
    every = [
        *_unreadable(page),
        *_misread(page, cells),
        *_not_every_training(page, cells),
        *_also_changes(page, cells),
        *_subgroup(page),
        *_use(page),
    ]
    return every[:MOST] or [_accept(page)]


def _unreadable(page: Page) -> Iterator[Action]:
    names = list(page.unreadable)
    if not names:
        return
    cyclic = [row["name"] for row in page.attributes if row["name"] in names and row["kind"] == "cyclic"]
    key = "drop_or_symmetry" if len(cyclic) == len(names) else "drop_or_relabel"
    yield Action(key, {"attributes": called_list(page, names)}, "data.attributes")


def _misread(page: Page, cells: list[Found]) -> Iterator[Action]:
    for attribute in (row["name"] for row in page.attributes):
        closed = [
            one
            for one in cells
            if one.attribute == attribute and one.verdict == NOT_TESTED and attribute not in page.unreadable
        ]
        gates = [
            (gate["value"], gate["threshold"])
            for one in closed
            for gate in (recorded(one.model["intervention"]) or {"gates": ()})["gates"]
            if gate["attribute"] == attribute and gate["value"] is not None and gate["threshold"] is not None
        ]
        if gates:
            best, needed = max(gates)
            values = {
                "attribute": page.called(attribute),
                "needed": number(round(needed, 2)),
                "now": number(round(best, 2)),
            }
            does = f"models.{closed[0].model['name']}.training.steps"
            yield Action("train_longer", values, does)


def _not_every_training(page: Page, cells: list[Found]) -> Iterator[Action]:
    names = [
        one.attribute
        for one in cells
        if one.rung in PLACES
        and (row := place_row(page, one.model, one.attribute)) is not None
        and (check := row["checks"].get(STABILITY)) is not None
        and check["verdict"] not in (SUPPORTED, NOT_ASSESSED)
    ]
    if names:
        distinct = list(dict.fromkeys(names))
        yield Action("this_checkpoint", {"attributes": called_list(page, distinct)}, "")


def _also_changes(page: Page, cells: list[Found]) -> Iterator[Action]:
    directed = {
        (one.model["name"], one.attribute) for one in cells if one.rung == "direction" and one.is_control
    }
    if directed:
        names = list(dict.fromkeys(attribute for _, attribute in directed))
        ordered = [row["name"] for row in page.attributes if row["name"] in names]
        yield Action("use_direction", {"attributes": called_list(page, ordered)}, "")
    mixed = [one for one in cells if one.verdict == PARTLY_SUPPORTED and one.rung in PLACES]
    if mixed:
        names = list(dict.fromkeys(one.attribute for one in mixed))
        yield Action("state_side_effects", {"attributes": called_list(page, names)}, "")


def _subgroup(page: Page) -> Iterator[Action]:
    found = subgroups.largest(page)
    if found is not None and found.verdict == "large":
        yield Action("state_subgroup", {"finding": subgroups.sentence(page, found)}, "")


def _use(page: Page) -> Iterator[Action]:
    if not page.audit["subject"]["intended_use"]:
        yield Action("state_use", {}, "subject.intended_use, subject.out_of_scope, subject.owner")
    if not page.audit.get("requirements"):
        yield Action("require", {}, "require")


def _accept(page: Page) -> Action:
    return Action("accept", {}, f"latent-audit accept {page.run.get('run_id') or ''}".strip())


SECTIONS = (Section("next", build, place=30, of_the_run=True),)
