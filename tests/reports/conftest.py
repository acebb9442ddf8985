"""Runs to report on: a small one, made once, and the page that was rendered from it."""

from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.page.render import render
from latent_audit.reports.record.audit_json import write_audit
from tests.reports.audit_builder import ATTRIBUTES, AuditBuilder, hostile_builder
from tests.reports.explanation_parts import add_explanations


@dataclass(frozen=True)
class Rendered:
    """A run folder, its audit, and its report's text."""

    folder: Path
    audit: Any  # plain values, for tests that change them
    html: str


def make_run(builder: AuditBuilder) -> dict[str, Any]:
    audit = builder.write()
    add_explanations(builder, audit)
    write_audit(builder.folder, audit)
    return audit


@pytest.fixture(scope="session")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Three models, three seeds, five attributes, ten dimensions."""
    folder = tmp_path_factory.mktemp("full")
    audit = make_run(AuditBuilder(folder))
    return Rendered(folder, audit, render(folder).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """The same with names that try to break out of the page."""
    folder = tmp_path_factory.mktemp("hostile")
    audit = make_run(hostile_builder(folder, seeds=1, dimensions=5, image_size=16))
    return Rendered(folder, audit, render(folder).read_text(encoding="utf-8"))


@pytest.fixture
def small_builder(tmp_path: Path) -> AuditBuilder:
    """One model, one seed, two attributes: the quickest whole run."""
    return AuditBuilder(
        tmp_path / "run", models=("vae",), attributes=ATTRIBUTES[:2], dimensions=3, seeds=1, image_size=12
    )


@dataclass
class Element:
    """One start tag of a page: its name, attributes, and the text directly after it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.elements:
            self.elements[-1].text += data


def elements(html: str) -> list[Element]:
    """Returns every element of a page in order, as a browser's tokenizer sees it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.elements
