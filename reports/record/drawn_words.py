"""The verdict words that an older report shows, read out of its page and held against those of its audit.json.

A page that another version of this program drew cannot be drawn again byte for byte. Its words can be read: in the
table of the first screen, in the tables of checks, on the cards, and wherever else a verdict stands.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from latent_audit.reports.record.audit_json import AUDIT_NAME
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.leads import checks_of, lead_models, lead_verdicts, results
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.verdict import Verdict
from latent_audit.vocabulary.verdicts import OVERALL

Plain = Mapping[str, Any]
# As pages of schema 1.0 and 1.1 show them. Kept apart from the messages, whose words may change.
SHOWN: Mapping[str, Mapping[str, str]] = {
    "en": {
        "supported": "Supported",
        "partly_supported": "Partly supported",
        "not_supported": "Not supported",
        "inconclusive": "Inconclusive",
        "not_tested": "Not tested",
        "not_assessed": "Not assessed",
    },
    "zh": {
        "supported": "有支持",
        "partly_supported": "部分支持",
        "not_supported": "无支持",
        "inconclusive": "不能确定",
        "not_tested": "未检验",
        "not_assessed": "未评估",
    },
}


@dataclass
class _Chip:
    """A verdict on the page: the section it stands in, or "card", its class, its text and its column's order."""

    place: str
    verdict: str
    text: str = ""
    sort: str | None = None


@dataclass
class _Tally:
    """How often the first table's head says that a model has a verdict."""

    verdict: str
    title: str
    label: str = ""
    count: str = ""


@dataclass
class _Shown:
    language: str = ""
    tables: int = 0
    chips: list[_Chip] = field(default_factory=list)
    tallies: list[_Tally] = field(default_factory=list)


def page_faults(page: bytes, audit: Audit) -> list[str]:
    """Returns a sentence for each verdict on an older page that is not the one in `audit`; [] when all agree.

    Args:
        page: the content of report.html.
        audit: its audit.json, whose verdicts were judged again already.
    """
    try:
        shown = _read(page.decode("utf-8"))
    except UnicodeDecodeError:
        return ["it is not UTF-8"]
    words = SHOWN.get(shown.language)
    if words is None:
        return [f"it says that it is in the language {shown.language!r}, in which no version wrote reports"]
    if shown.tables != 1:
        return [f"it has {shown.tables} tables of verdicts, and must have one"]
    return [*_misnamed(shown, words), *_other_words(shown, audit)]


def _other_words(shown: _Shown, audit: Audit) -> Iterator[str]:
    leads = lead_models(audit)
    rows = {(row["model"], row["attribute"]): row for row in lead_verdicts(audit)}
    names = [attribute["name"] for attribute in audit["data"]["attributes"]]
    claims = [rows[lead["name"], name] for name in names for lead in leads if (lead["name"], name) in rows]
    in_order = [row for lead in leads for row in rows.values() if row["model"] == lead["name"]]
    places = {
        "its first table": ("summary", [_whole(row) for row in claims]),
        "its tables of checks": (
            "checks",
            [part for row in in_order for part in _checks(audit, row)]
            + [part for lead in leads for part in _controlled(audit, lead)],
        ),
        "its cards": ("card", [part for row in claims for part in (_whole(row), *_checks(audit, row))]),
    }
    for where, (place, expected) in places.items():
        yield from _differing(where, [chip for chip in shown.chips if chip.place == place], expected)
    counts = [] if len(leads) == 1 else [row for lead in leads for row in _counts(lead, rows.values())]
    if [(tally.verdict, tally.count) for tally in shown.tallies] != counts:
        yield f"the head of its first table counts other verdicts than {AUDIT_NAME} has"


def _differing(where: str, chips: Sequence[_Chip], expected: Sequence[tuple[str, str]]) -> Iterator[str]:
    if len(chips) != len(expected):
        yield f"{where} should show {len(expected)} verdicts, and shows {len(chips)}"
        return
    for chip, (what, word) in zip(chips, expected, strict=True):
        if chip.verdict != word:
            yield f"{where}: {what} is {word} by {AUDIT_NAME}, and the page shows {chip.verdict}"


def _whole(row: Verdict) -> tuple[str, str]:
    return f"{row['attribute']} in {row['model']}", row["verdict"]


def _checks(audit: Audit, row: Verdict) -> list[tuple[str, str]]:
    found = results(row)
    return [
        (f"the {check['id']} of {row['attribute']} in {row['model']}", found[check["id"]]["verdict"])
        for check in checks_of(audit)
    ]


def _controlled(audit: Audit, lead: Model) -> Iterator[tuple[str, str]]:
    """Yields what the table of controls shows: each claim of a lead model, then its controls' claims."""
    controls = [c for c in audit["controls"] if (c["name"], c["seed"]) == (lead["name"], lead["seed"])]
    for row in audit["verdicts"]:
        if not controls or (row["model"], row["seed"]) != (lead["name"], lead["seed"]):
            continue
        yield _whole(row)
        for control in controls:
            for found in control["verdicts"]:
                if found["attribute"] == row["attribute"]:
                    yield (
                        f"{row['attribute']} in the control {control['control']} of {row['model']}",
                        found["verdict"],
                    )


def _misnamed(shown: _Shown, words: Mapping[str, str]) -> Iterator[str]:
    """Every verdict must be shown by its own word, not by another's."""
    for chip in shown.chips:
        right = words.get(chip.verdict)
        if chip.text.strip() != right or chip.sort not in (None, right):
            yield f"a verdict that is marked as {chip.verdict} is shown as {chip.text.strip()!r}"
    for tally in shown.tallies:
        right = words.get(tally.verdict)
        if tally.title != right or tally.label != right:
            yield f"a count that is marked as {tally.verdict} is named {tally.title!r}, {tally.label!r}"


def _counts(lead: Model, rows: Any) -> list[tuple[str, str]]:
    found = Counter(row["verdict"] for row in rows if row["model"] == lead["name"])
    return [(verdict, str(found[verdict])) for verdict in OVERALL if found[verdict]]


def _read(page: str) -> _Shown:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.shown


class _Reader(HTMLParser):
    """Collects what a page shows of verdicts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown = _Shown()
        self._section = self._card = ""
        self._sort: str | None = None
        self._chip: _Chip | None = None
        self._tally: _Tally | None = None
        self._depth = 0  # of elements that are open inside a chip or a count

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if tag == "html":
            self.shown.language = given.get("lang", "")
        elif tag == "section":
            self._section, self._card = given.get("id", ""), ""
        elif tag == "details" and self._section == "attributes":
            self._card = given.get("id", "")
        elif tag == "table":
            self.shown.tables += "verdicts" in classes
        elif tag == "td":
            self._sort = given.get("data-sort")
        if tag != "span":
            if tag == "svg" and self._tally is not None:
                self._tally.label = given.get("aria-label", "")
            return
        if "chip" in classes:
            verdict = " ".join(name for name in classes if name != "chip")
            place = "card" if self._card.startswith("card-") else self._section
            self._chip = _Chip(place, verdict, sort=self._sort)
            self.shown.chips.append(self._chip)
            self._sort, self._depth = None, 1
        elif "tally" in classes:
            self._tally = None
        elif self._chip is None and len(classes) == 1 and classes[0] in SHOWN["en"] and "title" in given:
            self._tally = _Tally(classes[0], given["title"])
            self.shown.tallies.append(self._tally)
            self._depth = 1
        else:
            self._depth += 1

    def handle_data(self, data: str) -> None:
        if self._chip is not None:
            self._chip.text += data
        elif self._tally is not None:
            self._tally.count += data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "span" and self._depth:
            self._depth -= 1
            if not self._depth:
                self._chip = self._tally = None
        elif tag == "td":
            self._sort = None
