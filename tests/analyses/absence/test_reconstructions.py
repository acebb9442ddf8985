"""Attributes that the classifier cannot read: what reconstructions show of them, and the word that follows."""

from typing import Any

import numpy as np
import pytest

from latent_audit.tasks.analyses.absence.measure import AbsenceSizes
from latent_audit.tasks.analyses.absence.reconstructions import measure_drawn
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.places.rules import where
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute

SIZES = AbsenceSizes(permutations=199, bootstraps=50, boosting_images=500, boosting_iterations=10)
NAMES = ("bright", "hidden")
ATTRIBUTES = tuple(Attribute(name, "binary", ("no", "yes")) for name in NAMES)


@pytest.fixture(scope="module")
def drawn() -> list[dict[str, Any]]:
    """Pictures that show the first attribute and nothing of the second."""
    rng = np.random.default_rng(0)
    values = rng.integers(2, size=(1200, 2)).astype(float)
    images = rng.random((1200, 1, 8, 8)).astype(np.float32)
    images += values[:, 0, None, None, None].astype(np.float32) / 4
    fit, test = np.arange(600), np.arange(600, 1200)
    found = measure_drawn(ATTRIBUTES, NAMES, images[fit], values[fit], images[test], values[test], SIZES, 0)
    rows: list[dict[str, Any]] = to_json(found)
    return rows


def test_readers_of_reconstructions_tell_what_is_drawn_and_what_is_not(drawn: list[dict[str, Any]]) -> None:
    assert drawn[0]["p_adjusted"] <= 0.05 < drawn[1]["p_adjusted"]
    assert drawn[0]["uncertainty"]["value"] > 0.2


@pytest.mark.parametrize(
    ("name", "verdict", "key"),
    [("bright", "not_tested", "read_shown_unread"), ("hidden", "not_supported", "read_not_shown")],
)
def test_a_read_attribute_whose_gate_is_closed_has_the_word_of_its_reconstructions(
    drawn: list[dict[str, Any]], name: str, verdict: str, key: str
) -> None:
    told = {
        "uncertainty": {"value": 0.5, "low": 0.45, "high": 0.55, "n": 600, "source": ""},
        "p_adjusted": 0.001,
    }
    rung: dict[str, Any] = {
        "rung": "direction",
        "members": [],
        "association": told,
        "gap": None,
        "leakage": [],
        "conditioning": [],
        "swapped": None,
        "held": None,
    }
    place: dict[str, Any] = {
        "attribute": name,
        "testable": False,
        "untestable_reason": "the gate is closed",
        "whole_code": told,
        "rungs": [rung],
    }
    model: dict[str, Any] = {
        "name": "vae",
        "seed": 0,
        "dimensions": [],
        "places": {"attributes": [place], "shared": [], "drawn": drawn},
    }
    (row,) = where.places_of_control(model, Thresholds())
    assert (row.rung, row.verdict, row.reason["key"]) == ("read", verdict, key)
    del model["places"]["drawn"]
    (row,) = where.places_of_control(model, Thresholds())
    assert (row.verdict, row.reason["key"]) == ("not_tested", "read")


def test_reconstructions_that_are_all_one_image_show_nothing() -> None:
    values = np.random.default_rng(0).integers(2, size=(600, 2)).astype(float)
    same = np.full((600, 1, 8, 8), 0.25, np.float32)
    found = measure_drawn(ATTRIBUTES, NAMES, same[:300], values[:300], same[300:], values[300:], SIZES, 0)
    assert [row.attribute for row in found] == list(NAMES)
    assert all(row.uncertainty.value < 0.05 and row.p_adjusted > 0.01 for row in found)
