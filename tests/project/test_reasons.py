"""Every reason that code gives has a sentence in both languages, and values for its gaps."""

import ast
from collections.abc import Iterator

import pytest

from latent_audit.reports.page.messages import load
from tests.project.syntax_trees import nodes_of
from tests.test_one_definition import ROOT, source_files

ROOMS = ("tasks", "vae_models", "reports", "latent_audit/vocabulary")
# Keys that are put together: their ends stand in the same file.
STEMS = {
    "check.": "ids of checks",
    "statistic.": "names of statistics",
    "unit.": "units of effects",
    "where.": "rungs",
    "intervention.": "outcomes",
    "stability.": "outcomes",
    "erasure.": "words on an attribute that was erased",
    "reader_of_code.": "names of readers",
    "delimiter.": "signs between the columns of a table",
    "left_out.": "kinds of files",
    "name.": "ways in which names of files differ",
    "numbers.": "ways in which numbers are written",
}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yields each call of `reason(...)` or of a method `reason` with its place."""
    for path in source_files(*ROOMS):
        for node in nodes_of(path):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name == "reason":
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def keys(value: ast.expr) -> list[str]:
    """Returns the keys that an argument can be; those that are put together by their stem."""
    if isinstance(value, ast.Constant):
        return [str(value.value)]
    if isinstance(value, ast.IfExp):
        return [*keys(value.body), *keys(value.orelse)]
    if isinstance(value, ast.JoinedStr) and isinstance(value.values[0], ast.Constant):
        return [str(value.values[0].value)]
    return []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_in_code_has_its_sentence_and_its_values(language: str) -> None:
    words = load(language)
    seen = 0
    for place, call in calls():
        given = {keyword.arg for keyword in call.keywords}
        for key in keys(call.args[0]):
            if key in STEMS:
                assert any(name.startswith(f"reason.{key}") for name in words.sentences), place
                continue
            seen += 1
            assert f"reason.{key}" in words.sentences, f"{place}: {key} has no sentence in {language}.yaml"
            if None not in given and not isinstance(call.func, ast.Attribute):
                gaps = words.gaps(f"reason.{key}")
                assert gaps <= given, f"{place}: {key} has no value for {sorted(gaps - given)}"
    assert seen > 60


def test_every_sentence_of_a_reason_is_given_by_some_code() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in source_files(*ROOMS))
    for name in load("en").sentences:
        if not name.startswith("reason."):
            continue
        key = name.removeprefix("reason.")
        stem, _, end = key.rpartition(".")
        assert (
            f'"{key}"' in text
            or (f"{stem}." in STEMS and f'"{end}"' in text)
            or stem in ("statistic", "unit", "check")
        ), key
