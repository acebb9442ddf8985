"""A second classifier that sees only colour, on data whose colour follows shape: the two differ, and it is said."""

from typing import Any

import numpy as np
import pytest

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.decoding import without_noise
from latent_audit.tasks.analyses.places import ladder
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.rules import where
from latent_audit.tasks.analyses.places.swaps import DimensionSwap
from latent_audit.tasks.analyses.selftest.place_audit import LIMITS, SIZES
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.two_classifiers.combining import (
    EVIDENCE,
    SECOND,
    seen_by_second,
    weaker_places,
)
from latent_audit.tasks.analyses.two_classifiers.differences import PartOfCode, cause_differences
from latent_audit.tasks.datasets.attributes import Attribute

ATTRIBUTES = (Attribute("shape", "continuous"), Attribute("place", "continuous"))
COLUMNS = {"shape": (0,), "place": (1,)}
N, HALF = 2400, 1200


def pictures(codes: np.ndarray) -> np.ndarray:
    """Returns images of three pixels: shape, colour and place, as the three dimensions of a code have them."""
    return np.asarray(codes, np.float32)[:, None, None, :]


def sees_shape(images: np.ndarray) -> np.ndarray:
    return images[:, 0, 0][:, [0, 2]]


def sees_colour(images: np.ndarray) -> np.ndarray:
    """Returns readings of a classifier that learnt to take shape from colour, which follows it in the data."""
    return images[:, 0, 0][:, [1, 2]]


def measured(codes: np.ndarray, values: np.ndarray, respond: Any) -> dict[str, Any]:
    fit, test = np.arange(HALF), np.arange(HALF, N)
    code = ladder.Code(
        attributes=ATTRIBUTES,
        fit_codes=codes[fit],
        fit_values=values[fit],
        test_codes=codes[test],
        test_values=values[test],
        names=["z0", "z1", "z2"],
        groups=[0, 1, 2],
        decode=without_noise(pictures),
        respond=respond,
        response_columns=COLUMNS,
        untestable=[None, None],
    )
    return to_json(ladder.measure(code, LIMITS, SIZES, 0))


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    shape, place = rng.standard_normal((2, N))
    colour = shape + 0.2 * rng.standard_normal(N)
    codes = np.stack([shape, colour, place], axis=1).astype(np.float32)
    values = np.stack([shape, place], axis=1)
    test = np.arange(HALF, N)
    differences = cause_differences(
        [
            PartOfCode("shape", "dimension", DimensionSwap((0,))),
            PartOfCode("place", "dimension", DimensionSwap((2,))),
        ],
        ["shape", "place"],
        [(0,), (1,)],
        values[test],
        codes[test],
        draw_pairs(HALF, SIZES.pairs, 0),
        without_noise(pictures),
        (sees_shape, sees_colour),
        200,
        0,
    )
    return {
        "name": "vae",
        "seed": 0,
        "dimensions": [{"name": f"z{j}"} for j in range(3)],
        "intervention": {"gates": []},
        "places": measured(codes, values, sees_shape),
        EVIDENCE: {
            "intervention": {"gates": []},
            "places": measured(codes, values, sees_colour),
            "differences": to_json(differences),
        },
    }


def test_what_the_two_say_of_a_swap_differs_where_one_sees_only_colour(model: dict[str, Any]) -> None:
    shape, place = model[EVIDENCE]["differences"]
    assert shape["first"]["value"] == pytest.approx(1.0, abs=0.02)
    assert shape["second"]["value"] == pytest.approx(0.0, abs=0.05)
    assert shape["difference"]["low"] > 0.9
    assert (place["first"]["value"], place["difference"]["value"]) == (pytest.approx(1.0), 0.0)


def test_the_weaker_word_stands_and_the_attribute_is_named(model: dict[str, Any]) -> None:
    first = to_json(where.judge_places([model], [], LIMITS))
    second = to_json(where.judge_places(seen_by_second([model]), [], LIMITS))
    assert first[0]["rung"] == "dimension"
    assert second[0]["rung"] != "dimension"
    audit = {"models": [model], SECOND: {"names": ["compact", "alexnet"]}}
    shape, place = weaker_places(audit, first, second)
    assert (shape["rung"], shape["verdict"]) == (second[0]["rung"], second[0]["verdict"])
    assert shape["differ"]
    assert [row["classifier"] for row in shape["by_classifier"]] == ["compact", "alexnet"]
    assert [row["rung"] for row in shape["by_classifier"]] == ["dimension", second[0]["rung"]]
    assert english(shape["reason"]).startswith(
        "they differ: by compact, swapping dimension z0 takes over 1.0"
    )
    assert not place["differ"]
    assert {**place, "by_classifier": 0, "differ": 0, "difference": 0} == {
        **first[1], "by_classifier": 0, "differ": 0, "difference": 0,
    }  # fmt: skip


def test_two_that_agree_change_no_word(model: dict[str, Any]) -> None:
    same = {**model, EVIDENCE: {**model[EVIDENCE], "places": model["places"], "differences": []}}
    first = to_json(where.judge_places([same], [], LIMITS))
    audit = {"models": [same], SECOND: {"names": ["compact 1", "compact 2"]}}
    for row, one in zip(weaker_places(audit, first, first), first, strict=True):
        assert {key: row[key] for key in one} == one
        assert not row["differ"]
