"""Places in worlds whose answer is known."""

from typing import Any

import numpy as np
import pytest

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.places.rules import sharing
from latent_audit.tasks.analyses.selftest.place_audit import (
    measure_world,
    places_of_seeds,
    places_of_world,
    record_of,
)
from latent_audit.tasks.analyses.selftest.place_worlds import (
    broken_for_swaps,
    circle_world,
    correlated_signals,
    linear_world,
    nonlinear_world,
    null_world,
    read_with_noise,
    turned,
    with_decoder,
)

N = 2000


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def signals(seed: int = 1) -> np.ndarray:
    return generator(seed).standard_normal((N, 3))


def causes(row: dict[str, Any]) -> dict[str, float]:
    return {rung["rung"]: rung["cause"]["value"] for rung in row["rungs"] if rung["cause"] is not None}


def test_a_cycle_on_a_tilted_circle_is_a_direction_of_rank_two() -> None:
    found = places_of_world(circle_world(N, generator()), 0)
    assert (found["angle"]["rung"], found["angle"]["verdict"]) == ("direction", "supported")
    assert {m["dimension"] for m in found["angle"]["members"]} <= {0, 1, 2}
    assert found["size"]["rung"] == "dimension"


@pytest.mark.parametrize("kind", ["signs", "product", "radius"])
def test_what_two_dimensions_carry_together_is_a_block_of_exactly_those(kind: str) -> None:
    found = places_of_world(nonlinear_world(kind, N, generator(3)), 0)["together"]
    assert (found["rung"], found["verdict"]) == ("block", "supported")
    assert {m["dimension"] for m in found["members"]} == {0, 1}
    direction = next(rung for rung in found["rungs"] if rung["rung"] == "direction")
    assert direction["verdict"] in ("not_supported", "inconclusive", "partly_supported")


@pytest.mark.parametrize(("mixing", "rung"), [(np.eye(3), "dimension"), (turned(45, 3), "direction")])
def test_correlated_attributes_that_are_drawn_apart_are_both_supported(mixing: np.ndarray, rung: str) -> None:
    world = linear_world(mixing, correlated_signals(N, 3, 0.8, generator(2)), generator())
    found = places_of_world(world, 0)
    for name in ("a0", "a1"):
        assert (found[name]["rung"], found[name]["verdict"]) == (rung, "supported")
        assert found[name]["shares_with"] == []
    assert "a1 held" in english(found["a0"]["reason"]) or rung == "dimension"


def test_a_copy_that_nothing_draws_is_explained_away_and_its_driver_stays() -> None:
    values = correlated_signals(N, 3, 0.8, generator(2))
    drawn = linear_world(np.eye(3), values, generator())
    codes = drawn.codes.copy()
    codes[:, 1] = generator(5).standard_normal(N)

    def respond(images: np.ndarray) -> np.ndarray:
        return drawn.respond(images)[:, [0, 0, 2]]

    world = type(drawn)(drawn.attributes, drawn.values, codes, drawn.decode, respond, drawn.response_columns)
    found = places_of_world(world, 0)
    assert (found["a0"]["rung"], found["a0"]["verdict"]) == ("dimension", "supported")
    assert found["a1"]["verdict"] in ("partly_supported", "inconclusive")
    assert "explained away by a0" in english(found["a1"]["checks"]["specificity"]["reason"])


@pytest.mark.parametrize("kind", ["constant", "noise"])
def test_a_decoder_that_breaks_swapped_codes_moves_and_keeps_nothing(kind: str) -> None:
    world = broken_for_swaps(linear_world(np.eye(3), signals(), generator()), kind, generator())
    for row in places_of_world(world, 0).values():
        assert row["rung"] == "read"
        assert max(causes(row).values()) < 0.2


def test_a_decoder_that_draws_half_of_a_swap_has_half_of_its_cause() -> None:
    world = broken_for_swaps(linear_world(np.eye(3), signals(), generator()), "half", generator())
    for row in places_of_world(world, 0).values():
        assert causes(row)["dimension"] == pytest.approx(0.5, abs=0.05)
        assert row["verdict"] != "supported"


def test_errors_of_reading_change_no_figure() -> None:
    world = linear_world(turned(20, 3), signals(), generator())
    exact = places_of_world(world, 0)
    noisy = places_of_world(read_with_noise(world, 0.6, generator(4)), 0)
    for name in ("a0", "a1", "a2"):
        assert causes(noisy[name])["dimension"] == pytest.approx(causes(exact[name])["dimension"], abs=0.12)
        assert noisy[name]["rung"] == exact[name]["rung"]


def test_a_rotation_of_the_code_changes_nothing_on_the_second_rung() -> None:
    world = linear_world(np.eye(3), signals(), generator())
    basis, _ = np.linalg.qr(generator(7).standard_normal((5, 5)))
    rotated = type(world)(
        world.attributes,
        world.values,
        (world.codes @ basis).astype(np.float32),
        lambda latents: world.decode((latents @ basis.T).astype(np.float32)),
        world.respond,
        world.response_columns,
    )
    before, after = places_of_world(world, 0), places_of_world(rotated, 0)
    for name in ("a0", "a1", "a2"):
        assert causes(after[name])["direction"] == pytest.approx(causes(before[name])["direction"], abs=0.03)
        verdicts = [rung["verdict"] for rung in after[name]["rungs"] if rung["rung"] == "direction"]
        assert verdicts == ["supported"]


def test_codes_that_know_nothing_have_no_place() -> None:
    for seed in range(3):
        world = null_world(2000, 10, generator(seed), heavy_tailed=True, skewed=True)
        rows = places_of_world(world, seed)
        assert {row["rung"] for row in rows.values()} == {"none"}
        assert all(row["reason"]["key"] == "none" for row in rows.values())


def test_a_dimension_that_the_decoder_ignores_is_not_used_and_never_claimed() -> None:
    world = linear_world(np.eye(3), signals(), generator())

    def ignoring(decode: Any) -> Any:
        return lambda latents: decode(np.concatenate([0.0 * latents[:, :1], latents[:, 1:]], axis=1))

    found = measure_world(with_decoder(world, ignoring), 0)
    assert found.used.tolist() == [False, True, True, False, False]
    dimensions = [
        m.dimension for rung in found.attributes[0].rungs if rung.rung == "dimension" for m in rung.members
    ]
    assert 0 not in dimensions


def test_two_attributes_of_one_direction_share_it_and_the_set_is_tested() -> None:
    """The decoder draws both attributes from their sum: neither can be moved alone."""
    values = correlated_signals(N, 3, 0.8, generator(2))

    def entangled(decode: Any) -> Any:
        def drawn(latents: np.ndarray) -> np.ndarray:
            both = latents[:, :2].mean(axis=1, keepdims=True)
            return decode(np.concatenate([both, both, latents[:, 2:]], axis=1))

        return drawn

    world = with_decoder(linear_world(np.eye(3), values, generator()), entangled)
    found = measure_world(world, 0)
    assert sharing.sharing_sets(record_of(world, found), Thresholds()) == [("a0", "a1")]
    rows = places_of_world(world, 0)
    assert rows["a0"]["shares_with"] == ["a1"]
    assert rows["a1"]["shares_with"] == ["a0"]
    assert {rows["a0"]["verdict"], rows["a1"]["verdict"]} <= {"partly_supported"}
    assert rows["a0"]["together"]["attributes"] == ["a0", "a1"]
    assert rows["a0"]["together"]["verdict"] == "supported"
    assert rows["a2"]["shares_with"] == []


def test_three_seeds_that_agree_are_supported_and_one_that_does_not_is_refused() -> None:
    values = signals()
    good = [linear_world(turned(45, 3), values, generator(seed)) for seed in range(3)]
    rows = places_of_seeds(good, 0)
    assert {(row["attribute"], row["rung"], row["verdict"]) for row in rows} == {
        ("a0", "direction", "supported"),
        ("a1", "direction", "supported"),
        ("a2", "dimension", "supported"),
    }

    bad = [good[0], *(broken_for_swaps(world, "constant", generator()) for world in good[1:])]
    refused = places_of_seeds(bad, 0)
    lead = [row for row in refused if row["seed"] == 0]
    assert {row["verdict"] for row in lead} == {"not_supported"}
    assert all("1 of 3 seeds" in english(row["rungs"][0]["reason"]) + english(row["reason"]) for row in lead)


def test_attributes_that_share_a_place_in_one_seed_alone_have_none() -> None:
    """Two attributes that the decoder draws from their sum, and two more seeds whose decoders break every swap."""
    values = correlated_signals(N, 3, 0.8, generator(2))

    def entangled(decode: Any) -> Any:
        def drawn(latents: np.ndarray) -> np.ndarray:
            both = latents[:, :2].mean(axis=1, keepdims=True)
            return decode(np.concatenate([both, both, latents[:, 2:]], axis=1))

        return drawn

    shared = with_decoder(linear_world(np.eye(3), values, generator()), entangled)
    broken = [broken_for_swaps(shared, "constant", generator(seed)) for seed in range(2)]
    rows = {row["attribute"]: row for row in places_of_seeds([shared, *broken], 0) if row["seed"] == 0}
    for name in ("a0", "a1"):
        assert (rows[name]["rung"], rows[name]["verdict"]) == ("read", "not_supported")
        assert rows[name]["shares_with"] == []
        assert "1 of 3 seeds" in english(rows[name]["reason"])
