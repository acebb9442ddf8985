"""What the page says of an InterpretableGAN: every field of its record is read, in words and drawings."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.page.render import BUILDERS, open_page
from latent_audit.reports.page.sections.explanations import discriminator, generator
from tests.reports.audit_builder import AuditBuilder
from tests.reports.conftest import make_run

# Read by `verify` alone: that a stored array is the one that was written.
OF_FILES = {"sha256"}


class Watched(dict[str, Any]):
    """A part of a record that notes which of its fields were read."""

    def __init__(self, values: dict[str, Any], place: str, read: set[str]) -> None:
        super().__init__({name: watched(value, f"{place}.{name}", read) for name, value in values.items()})
        self.place, self.read = place, read

    def __getitem__(self, name: str) -> Any:
        self.read.add(f"{self.place}.{name}")
        return super().__getitem__(name)

    def get(self, name: str, otherwise: Any = None) -> Any:
        self.read.add(f"{self.place}.{name}")
        return super().get(name, otherwise)


def watched(value: Any, place: str, read: set[str]) -> Any:
    if isinstance(value, dict):
        return Watched(value, place, read)
    if isinstance(value, list):
        return [watched(inner, f"{place}[]", read) for inner in value]
    return value


def fields(value: Any, place: str) -> Iterator[str]:
    """Yields the path of every field, lists as one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in OF_FILES:
                yield f"{place}.{name}"
                yield from fields(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, f"{place}[]")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gan")
    make_run(AuditBuilder(folder, image_size=12))
    return folder


def lead(page: Any) -> Any:
    return next(model for model in page.leads if model["name"] == "interpretable_gan")


def test_every_field_of_the_gan_is_read_by_the_page(run: Path) -> None:
    page = open_page(run, "en")
    model = lead(page)
    read: set[str] = set()
    plain = {name: copy.deepcopy(model[name]) for name in ("gan", "discriminator")}
    plain["free_dimensions"] = copy.deepcopy(model["fitness"]["free_dimensions"])
    for name in ("gan", "discriminator"):
        model[name] = watched(plain[name], name, read)
    model["fitness"]["free_dimensions"] = watched(plain["free_dimensions"], "free_dimensions", read)
    for name in ("fitness", "attributions"):
        BUILDERS[name](page)
    wanted = {place for name, part in plain.items() for place in fields(part, name)}
    # Numbers of an interval are read where one is shown; the rest of them is said once, in the note of a table.
    assert {place for place in wanted - read if not place.endswith((".n", ".source"))} == {
        "free_dimensions[].index"
    }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_samples_stand_beside_what_was_asked_and_failures_are_marked(run: Path, language: str) -> None:
    page = open_page(run, language)
    (asked,) = [p for p in generator.build(page, lead(page)) if p["title"] == page.t("generator.asked_title")]
    table = asked["table"]
    assert len(table.rows) == 16
    cells = [cell.text for cell in table.rows[15][1:]]  # of a sample that fails
    assert cells[0] == "heart ≠ square"
    assert "≠" in cells[3]
    fine = [cell.text for cell in table.rows[1][1:]]
    assert fine[0] == "heart"
    assert "→" in fine[3]
    assert "67" in asked["text"] or "0.67" in asked["text"]


def test_what_does_not_live_is_called_unused(run: Path) -> None:
    page = open_page(run, "en")
    free = generator.build(page, lead(page))[0]
    assert free["title"] == "Dimensions without a name"
    assert free["text"].startswith("1 of 3 live.")
    words = [row[-1].text for row in free["table"].rows]
    assert words == ["lives", "unused: not read in pictures", "unused: the decoder does not use it"]


def test_convergence_and_quality_are_said_in_words(run: Path) -> None:
    page = open_page(run, "en")
    model = lead(page)
    said = generator.build(page, model)[-1]["text"]
    assert "went from 1.64 to 0.93 and was still moving at the end" in said
    assert "had levelled off" in said
    others: Any = page.leads
    for other in others:
        if other["name"] != model["name"]:
            other["moves"]["frechet"]["samples"]["value"] = 54.5
    model["moves"]["frechet"]["samples"]["value"] = 122.7
    said = generator.build(page, model)[-1]["text"]
    assert "further from real images than those of" in said
    assert "by a factor of 2.25" in said
    assert "which has not been tested" in said
    model["gan"]["collapse_reason"] = "the generator draws nearly the same image again and again"
    assert "Training failed: the generator draws" in generator.build(page, model)[-1]["text"]


def test_importance_has_a_dot_for_each_seed_and_decisions_start_at_the_mean(run: Path) -> None:
    page = open_page(run, "en")
    importance, functions, decisions, pairs = discriminator.build(page, lead(page))
    assert "The discriminator of the last step (1 200)" in importance["text"]
    rows = importance["figures"][0].table.rows
    assert rows[0][0].text == "shape"
    assert rows[0][2].text == "0.50 · 0.52 · 0.54"
    assert "fewer than 20 real" in functions["text"]
    assert "5 of 39 places have few images" in functions["figures"][0].alt
    assert "From the mean logit of held-out real images, 0.40" in decisions["text"]
    assert [row[0].text for row in decisions["figures"][1].table.rows] == [
        "most real",
        "median",
        "least real",
    ]
    assert "2 of 10 pairs were chosen once in training" in pairs["text"]
    assert pairs["figures"][0].table.rows[0][0].text == "shape × scale"
    model = lead(page)
    model["discriminator"]["pairs"] = []
    assert "None of 10 pairs" in discriminator.build(page, model)[3]["text"]


def test_models_of_other_kinds_have_no_such_parts(run: Path) -> None:
    page = open_page(run, "en")
    other = next(model for model in page.leads if model["name"] == "vae")
    assert generator.build(page, other) == []
    assert discriminator.build(page, other) == []
