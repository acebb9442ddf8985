"""Where centre and area of white discs live, in codes that are known formulas of them."""

from typing import Any

import numpy as np
import pytest

from latent_audit.reports.page.messages import english
from tests.analyses.places.disc_world import places_of_discs

TURN = np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2.0)


def turned(factors: np.ndarray) -> np.ndarray:
    return np.concatenate([factors[:, :2] @ TURN, factors[:, 2:]], axis=1)


def turned_back(codes: np.ndarray) -> np.ndarray:
    return np.concatenate([codes[:, :2] @ TURN.T, codes[:, 2:]], axis=1)


def rungs(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: row["rung"] for name, row in found.items()}


def members(row: dict[str, Any]) -> set[int]:
    return {member["dimension"] for member in row["members"]}


def test_a_code_of_centre_and_area_has_a_dimension_each() -> None:
    found = places_of_discs(lambda f: f, lambda z: z)
    assert rungs(found) == {"x": "dimension", "y": "dimension", "area": "dimension"}
    assert [members(found[name]) for name in ("x", "y", "area")] == [{0}, {1}, {2}]
    for row in found.values():
        assert row["verdict"] == "partly_supported"
        assert "one set of weights" in english(row["reason"])
        cause = row["rungs"][0]["cause"]
        assert cause["value"] == pytest.approx(1.0, abs=0.03)
        assert row["rungs"][0]["least_kept"]["value"] > 0.95


def test_a_code_that_is_turned_by_45_degrees_has_directions() -> None:
    found = places_of_discs(turned, turned_back)
    assert rungs(found) == {"x": "direction", "y": "direction", "area": "dimension"}
    assert members(found["x"]) == members(found["y"]) == {0, 1}
    for name, signs in (("x", (1, 1)), ("y", (-1, 1))):
        coefficients = {m["dimension"]: m["coefficient"] for m in found[name]["members"]}
        for dimension, sign in enumerate(signs):
            assert sign * coefficients[dimension] == pytest.approx(np.sqrt(0.5), abs=0.06)
        direction = next(rung for rung in found[name]["rungs"] if rung["rung"] == "direction")
        assert direction["cause"]["value"] == pytest.approx(1.0, abs=0.03)


def test_a_copied_dimension_makes_a_direction_over_both() -> None:
    found = places_of_discs(
        lambda f: np.concatenate([f[:, :1], f], axis=1),
        lambda z: np.concatenate([(z[:, :1] + z[:, 1:2]) / 2.0, z[:, 2:]], axis=1),
    )
    assert found["x"]["rung"] in ("direction", "block")
    assert members(found["x"]) == {0, 1}
    assert rungs(found)["y"] == rungs(found)["area"] == "dimension"


def test_what_the_decoder_ignores_is_read_and_no_more() -> None:
    found = places_of_discs(lambda f: f, lambda z: np.concatenate([z[:, :2], 0.0 * z[:, 2:]], axis=1))
    assert rungs(found) == {"x": "dimension", "y": "dimension", "area": "read"}
    assert found["area"]["verdict"] == "not_tested"


def test_a_folded_coordinate_is_a_block_of_its_size_and_its_sign() -> None:
    found = places_of_discs(
        lambda f: np.stack([np.abs(f[:, 0]), np.sign(f[:, 0]), f[:, 1], f[:, 2]], axis=1),
        lambda z: np.stack([np.abs(z[:, 0]) * np.sign(z[:, 1]), z[:, 2], z[:, 3]], axis=1),
    )
    assert found["x"]["rung"] == "block"
    assert members(found["x"]) == {0, 1}
    assert rungs(found)["y"] == rungs(found)["area"] == "dimension"


@pytest.mark.parametrize("scale", [1e6, 1e-6])
def test_the_unit_of_a_code_decides_nothing(scale: float) -> None:
    found = places_of_discs(lambda f: f * scale, lambda z: z / scale)
    assert rungs(found) == {"x": "dimension", "y": "dimension", "area": "dimension"}


def test_a_decoder_of_noise_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    found = places_of_discs(lambda f: f, lambda z: rng.standard_normal((len(z), 3)))
    assert set(rungs(found).values()) <= {"read", "none"}
