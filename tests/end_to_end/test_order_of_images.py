"""The order in which images are stored is nothing: sorted by class or shuffled, an audit finds the same.

An encoder and a decoder that are known stand in for a trained model, so that what is found is known, too.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.audits.audits import IN_ONE_THREAD, Commands
from tests.audits.ordered_audit import ORDERS, write_ordered_audits
from tests.audits.same_figures import compare_figures, verdict_words
from tests.audits.tiny_audit import command_environment
from tests.plain_audit import read_audit

Audits = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def small(others: Commands) -> Audits:
    """Returns the audits of 1,500 images with every limit at 200."""
    first, second = (read_audit(others.run_folder(order)) for order in ORDERS)
    return first, second


def assert_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert verdict_words(one) == verdict_words(other)
    apart = compare_figures(one, other)
    assert len(apart.in_errors) > 200
    assert len(apart.in_shares) > 400
    assert apart.share_beyond_three <= 0.01
    assert max(apart.in_errors.values()) <= 5
    assert max(apart.in_shares.values()) <= 0.02, max(apart.in_shares, key=lambda name: apart.in_shares[name])


def assert_what_is_known(audit: dict[str, Any]) -> None:
    """Each quarter says its attribute; the code knows all of them, and guessing knows a third of the classes."""
    (model,) = audit["models"]
    assert {claim["attribute"]: claim["dimension"] for claim in model["specificity"]} == {
        "kind": 0,
        "tone": 1,
        "lit": 2,
    }
    for verdict in audit["verdicts"]:
        assert {name: check["verdict"] for name, check in verdict["checks"].items()} == {
            "association": "supported",
            "specificity": "supported",
            "intervention": "supported",
            "stability": "not_assessed",
        }, verdict["reason"]
    probes = next(probe for probe in model["probes"] if probe["attribute"] == "kind")
    values = {(row["probe"], row["codes"]): row["estimate"]["value"] for row in probes["results"]}
    assert values["logistic", "model"] > 0.97
    assert values["majority", "majority"] == pytest.approx(1 / 3, abs=1e-6)
    assert values["logistic", "shuffled_labels"] == pytest.approx(1 / 3, abs=0.12)


def test_images_sorted_by_class_are_audited_as_shuffled_ones(small: Audits) -> None:
    assert_the_same(*small)


@pytest.mark.parametrize("place", range(len(ORDERS)), ids=ORDERS)
def test_images_in_any_order_are_sampled_from_all_classes(small: Audits, place: int) -> None:
    assert_what_is_known(small[place])


def test_limits_are_the_numbers_of_images_that_figures_rest_on(small: Audits) -> None:
    (model,) = small[0]["models"]
    assert {row["estimate"]["n"] for probe in model["probes"] for row in probe["results"]} == {200}
    assert model["scores"]["sap_discrete"]["n"] == 200
    assert model["projections"][0]["shown"] == 200
    assert model["moves"]["frechet"]["real"]["n"] == 100
    assert {score["auroc"]["n"] for score in model["uses"]["anomaly"]["scores"]} == {40}


@pytest.mark.endurance
@pytest.mark.timeout(3600)
def test_as_many_images_as_limits_cut_are_audited_alike(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """24,000 images at default settings: every limit is below what the parts hold."""
    files = write_ordered_audits(tmp_path, 24_000, small=False)
    assert pytestconfig.cache is not None
    environment = command_environment(pytestconfig.cache.mkdir("numba"))
    asked = [{"words": ["run", name, *IN_ONE_THREAD], "largest_file": 0} for name in files.values()]
    subprocess.run(
        [sys.executable, "-m", "tests.audits.one_process", str(tmp_path / "results.json")],
        input=json.dumps(asked),
        cwd=tmp_path,
        env=environment,
        text=True,
        check=True,
        timeout=3500,
    )
    first, second = (read_audit(next((tmp_path / "runs" / order).glob("2*"))) for order in ORDERS)
    assert_the_same(first, second)
    assert_what_is_known(first)
    (model,) = first["models"]
    assert {row["estimate"]["n"] for probe in model["probes"] for row in probe["results"]} == {3000}
