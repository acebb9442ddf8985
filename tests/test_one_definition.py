"""Limits, checks and verdict words are each defined once; everything else is given them."""

import ast
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from latent_audit.tasks.analyses.checks.definitions.registry import CHECKS as DEFINED
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.vocabulary.checks import CHECKS_1_0 as CHECKS
from latent_audit.vocabulary.checks import letter
from latent_audit.vocabulary.schema import open_schema
from latent_audit.vocabulary.verdicts import OVERALL, STRENGTH
from tests.project.syntax_trees import syntax_tree
from tests.test_repository import ROOMS, ROOT, source_files

LIMITS = {value for value in asdict(Thresholds()).values() if isinstance(value, float)}
# Terms of the glossary in their order, where check names stand among many others.
NAMES_SECTIONS = {"reports/page/sections/overview/closing.py"}
# Numbers that happen to be a default limit and are something else.
OTHER_NUMBERS = {
    "tasks/analyses/places/fitted/crossed_null.py: RIDGE = 0.1": "a share of the variance of a column",
    "tasks/analyses/selftest/fold_rows.py: np.abs(rotation).max() <= 0.8": "entries of a rotation",
    "tasks/analyses/learning/uptake.py: TAKEN_UP = 0.5": "a share of the final U",
    "tasks/analyses/weight_posterior/sign_certainty.py: SAME_SIGN = 0.95": "a share of draws",
    "tasks/runs/explanation/sizes.py: disturbance: float = 0.02": "standard deviation of noise on pixels",
    "tasks/analyses/one_image/shapley.py: default of shapley_values 0.02": "standard error of Shapley values",
    "tasks/runs/explanation/sizes.py: standard_error_share: float = 0.02": "the same",
    "tasks/analyses/applications/anomaly.py: bound.auroc.high < 0.5": "AUROC of chance",
    "tasks/analyses/latent_space/conditional_generation.py: UNRELATED_BELOW = 0.1": (
        "a limit of its own, on effects of edits"
    ),
    "tasks/analyses/latent_space/attribute_classes.py: responses[:, 0] > 0.5": "the more probable of two classes",
    "tasks/analyses/latent_space/attribute_classes.py: (responses[:, 0] > 0.5) == (self.level == 1)": "the same",
    "tasks/analyses/attributions/attribution_methods.py: noise: float = 0.1": "noise of SmoothGrad",
    "tasks/analyses/attributions/attribution_methods.py: faithful_below: float = 0.5": (
        "a limit of its own, on attributions"
    ),
    "tasks/analyses/bias/subgroups.py: exact[:, 0] > 0.5": "the more probable of two classes",
    "tasks/analyses/dimension_names/naming.py: SAME_FROM = 0.8": "a limit of its own, on codes of two trainings",
    "tasks/analyses/scores/classifier_scores.py: predicted[:, 0] > 0.5": "the more probable of two classes",
    "tasks/analyses/attributions/faithfulness.py: default of random_patches 0.3": (
        "share of an image that patches cover"
    ),
    "tasks/analyses/latent_space/asked_and_read.py: responses[:, 0] > 0.5": "the more probable of two classes",
    "tasks/analyses/scores/free_dimensions.py: PIXEL_NOISE = 0.05": "what pictures are disturbed by",
    "tasks/analyses/scores/import_check.py: BETTER_BY = 0.5": "a limit of its own, on models trained elsewhere",
    "tasks/analyses/scores/import_check.py: FAR_OUTSIDE = 0.1": "the same",
    "tasks/analyses/applications/likelihood_regret.py: _LEARNING_RATE = 0.05": "a learning rate",
    "tasks/analyses/statistics/probe_scores.py: truth[order] > 0.5": "the positive class",
    "tasks/analyses/latent_space/sampling.py: distances < np.quantile(usual, 0.05)": "the definition of a statistic",
    "tasks/analyses/scores/sampling_scores.py: MIN_STANDARD_DEVIATION = 0.05": "of a code that varies at all",
    "tasks/analyses/selftest/selftest.py: DETECTABLE_UNCERTAINTY = 0.1": "what the selftest promises",
    "tasks/analyses/attributions/superpixels.py: np.random.default_rng(seed).random((samples, superpixels)) < 0.5": (
        "a coin"
    ),
    "tasks/analyses/selftest/synthetic_data.py: base[:, 0] > 0.5": "how a synthetic attribute is made",
    "tasks/analyses/one_image/smallest_move.py: damping: float = 0.5": "share of the way that a step goes",
    "tasks/runs/explanation/sizes.py: beyond: float = 0.1": "how much further a move is tested",
    "tasks/runs/samples/draw_samples.py: NEARNESS = 0.05": "share of a range in which numbers count as the same",
    "tasks/in_memory/functions.py: _HALF = 0.5": "half of the rows",
    "tasks/execution/gpu_slots.py: LOOK_AGAIN_SECONDS = 0.2": "seconds",
    "tasks/execution/runners/stopping.py: ASK_EVERY_SECONDS = 0.5": "seconds",
    "tasks/services/service.py: LOOK_AGAIN_SECONDS = 0.2": "seconds",
    "reports/record/changes.py: QUANTILE_SHIFT_MAX = 0.1": "a limit of its own, on how data drift",
    "reports/record/changes.py: SHARE_SHIFT_MAX = 0.05": "the same",
    "reports/page/sections/explanations/attribution_evidence.py: HARDLY_AGREES = 0.3": (
        "a limit of its own, on attributions"
    ),
    "reports/page/sections/attributes/subgroups.py: RELEVANT_SHARE = 0.2": "a setting, for files without it",
    "reports/page/plots/latent_map.py: MARGIN = 0.05": "a margin of a drawing",
    "reports/page/plots/null_histogram.py: MIN_RATIO = 0.5": "a scale of a drawing",
    "tasks/analyses/places/patterns.py: MEMBERS_SHARE = 0.8": "the definition of a statistic",
    "tasks/analyses/selftest/place_worlds.py: _NOISE = 0.1": "how a synthetic code is made",
    "tasks/analyses/selftest/selftest.py: explained >= 0.95 * judged": "what the selftest promises",
    "tasks/analyses/selftest/selftest.py: kept >= 0.95 * judged": "the same",
    "tasks/analyses/statistics/estimates.py: CONFIDENCE = 0.95": "of every interval",
    "tasks/analyses/attributions/attribution_methods.py: sensitivity_radius: float = 0.02": "noise on pixels",
    "tasks/analyses/scores/fitness.py: default of measure_fitness 0.02": (
        "a limit of its own, on reconstructions that are all alike"
    ),
    "tasks/analyses/selftest/place_rows.py: abs(coverage - MOSTLY) <= max(0.02, slack)": (
        "what the selftest promises"
    ),
}


def nodes(*rooms: str) -> Iterator[tuple[str, ast.AST]]:
    """Yields every node of the rooms' syntax trees with the name of its file; annotations and docstrings left out."""
    for path in source_files(*rooms):
        name = path.relative_to(ROOT).as_posix()
        for node in _typeless_nodes(path):
            yield name, node


@cache
def _typeless_nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(_without_types(syntax_tree(path)))


def _without_types(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Subscript) and getattr(child.value, "id", "") == "Literal":
            continue
        yield from _without_types(child)


def is_limit(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value in LIMITS


def limits_in(name: str, node: ast.AST) -> Iterator[str]:
    """Yields where a number that is a default limit decides: in comparisons, constants and defaults."""
    if isinstance(node, ast.Compare):
        parts = [part for side in (node.left, *node.comparators) for part in ast.walk(side)]
        if any(map(is_limit, parts)):
            yield f"{name}: {ast.unparse(node)}"
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and is_limit(node.value):
        yield f"{name}: {ast.unparse(node)}"
    elif isinstance(node, ast.FunctionDef):
        defaults = [*node.args.defaults, *node.args.kw_defaults]
        for default in defaults:
            if default is not None and is_limit(default):
                yield f"{name}: default of {node.name} {ast.unparse(default)}"


def test_no_limit_of_the_evidence_is_written_down_again() -> None:
    found = {
        place
        for name, node in nodes("flows", "tasks", "reports", "latent_audit/vocabulary")
        if not name.startswith("tasks/datasets/")
        for place in limits_in(name, node)
    }
    assert found == set(OTHER_NUMBERS), "pass the threshold, or say here what the number is instead"


def test_no_sentence_of_the_report_states_a_default_limit() -> None:
    for language in ("en", "zh"):
        catalogue = yaml.safe_load(
            (ROOT / "reports" / "page" / "messages" / f"{language}.yaml").read_text("utf-8")
        )
        stated = [
            text
            # What the selftest asks of its worlds is held against its record (tests/reports/test_report_text.py).
            for text in _texts(
                {key: texts for key, texts in catalogue.items() if not key.startswith("selftest_")}
            )
            for limit in LIMITS - {0.5}  # chance, of an AUROC
            if f"{limit:g}" in text
        ]
        assert stated == []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def keys_of(node: ast.AST) -> list[ast.expr | None]:
    """Returns what stands in a node as a key: of a mapping that is written, looked up, or asked by `get`."""
    if isinstance(node, ast.Dict):
        return list(node.keys)
    if isinstance(node, ast.Subscript):
        return [node.slice]
    is_get = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
    return [*node.args[:1]] if isinstance(node, ast.Call) and is_get else []


def test_verdict_words_are_written_in_one_file() -> None:
    found: set[str] = set()
    sections: list[ast.AST] = []
    for name, node in nodes(*ROOMS):
        # data.not_tested in audit.json is a section, not a verdict.
        sections += [
            key for key in keys_of(node) if isinstance(key, ast.Constant) and key.value == "not_tested"
        ]
        is_section = any(node is key for key in sections)
        if isinstance(node, ast.Constant) and node.value in STRENGTH and not is_section:
            found.add(f"{name}: {node.value!r}")
    # Where they are defined, and the words that pages of released schemas show, which are kept for good.
    places = ("latent_audit/vocabulary/verdicts.py", "reports/record/drawn_words.py")
    found -= {f"{place}: {word!r}" for place in places for word in STRENGTH}
    assert found == set()


def test_check_names_are_listed_in_one_file() -> None:
    found = {
        f"{name}: {ast.unparse(node)}"
        for name, node in nodes(*ROOMS)
        if isinstance(node, ast.Tuple | ast.List | ast.Set) and name not in NAMES_SECTIONS
        if sum(isinstance(item, ast.Constant) and item.value in CHECKS for item in node.elts) > 1
    }
    assert found == set()
    assert [check.id for check in DEFINED] == list(CHECKS)
    assert [letter(place) for place in range(len(CHECKS))] == ["A", "B", "C", "D"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_word_and_check_has_its_sentence(language: str) -> None:
    catalogue = yaml.safe_load(
        (ROOT / "reports" / "page" / "messages" / f"{language}.yaml").read_text("utf-8")
    )
    assert set(catalogue["verdict"]) == set(STRENGTH)
    assert set(catalogue["check"]) == set(CHECKS)


def test_the_schema_knows_the_same_words() -> None:
    lists = [words for words in _enumerations(open_schema()) if set(words) & (set(STRENGTH) - {"not_tested"})]
    assert lists
    for words in lists:
        assert set(words) in (set(STRENGTH), set(OVERALL), {"assessed", "not_assessed"}), words


def _enumerations(value: Any) -> Iterator[list[str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "enum":
                yield inner
            else:
                yield from _enumerations(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _enumerations(inner)


def test_the_documented_defaults_are_the_defaults() -> None:
    table = Path(ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    for name, value in asdict(Thresholds()).items():
        assert f"| `{name}` | {value:g} |" in table
