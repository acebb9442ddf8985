"""Two audits compared: known changes are found, and nothing else."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.analyses.drift import DataChange, ScoreChange, VerdictChange, compute


def estimate(value: float, spread: float | None = 0.1) -> dict[str, Any]:
    low, high = (None, None) if spread is None else (value - spread, value + spread)
    return {"value": value, "low": low, "high": high, "n": 100, "source": "bootstrap"}


def attribute(name: str, summary: dict[str, Any], kind: str = "continuous") -> dict[str, Any]:
    classes = ["a", "b"] if "counts" in summary else []
    return {"name": name, "kind": kind, "classes": classes, "unit": "", "summary": summary}


def an_audit() -> dict[str, Any]:
    return {
        "subject": {"lead_seed": 0},
        "data": {
            "digest": "d1",
            "images": 1000,
            "attributes": [
                attribute("shape", {"counts": [500, 500]}, "binary"),
                attribute("size", {"quantiles": [0.0, 1.0, 2.0, 3.0, 4.0], "std": 2.0}),
            ],
        },
        "models": [
            {
                "name": "vae",
                "seed": seed,
                "scores": {"mig": estimate(0.3), "sap": estimate(0.5, None), "irs": {"not_applicable": "no"}},
                "fitness": {"reconstruction": estimate(20.0)},
            }
            for seed in (0, 1)
        ],
        "verdicts": [
            {"model": "vae", "seed": seed, "attribute": name, "verdict": "supported"}
            for seed in (0, 1)
            for name in ("shape", "size")
        ],
    }


@pytest.fixture
def audit() -> dict[str, Any]:
    return an_audit()


def test_an_audit_does_not_differ_from_itself(audit: dict[str, Any]) -> None:
    found = compute(audit, copy.deepcopy(audit))
    assert (found.any, found.same_data) == (False, True)


def test_changed_verdicts_of_the_lead_seed(audit: dict[str, Any]) -> None:
    now = copy.deepcopy(audit)
    now["verdicts"][0]["verdict"] = "not_supported"
    now["verdicts"][2]["verdict"] = "inconclusive"  # of the second seed
    now["verdicts"][1]["attribute"] = "colour"
    assert compute(audit, now).verdicts == (
        VerdictChange("vae", "shape", "supported", "not_supported"),
        VerdictChange("vae", "size", "supported", None),
        VerdictChange("vae", "colour", None, "supported"),
    )


def test_scores_that_left_their_interval(audit: dict[str, Any]) -> None:
    now = copy.deepcopy(audit)
    now["models"][0]["scores"]["mig"]["value"] = 0.41
    now["models"][0]["scores"]["sap"]["value"] = 0.9  # had no interval to leave
    now["models"][0]["scores"]["irs"] = estimate(0.7)  # was not known before
    now["models"][1]["scores"]["mig"]["value"] = 0.4  # at its end
    now["models"][1]["fitness"]["reconstruction"]["value"] = 19.0
    found = compute(audit, now).scores
    assert [(change.seed, change.score, change.before, change.now) for change in found] == [
        (0, "mig", 0.3, 0.41),
        (1, "reconstruction", 20.0, 19.0),
    ]
    assert isinstance(found[0], ScoreChange)
    assert (found[0].low, found[0].high) == pytest.approx((0.2, 0.4))


def test_data_that_moved(audit: dict[str, Any]) -> None:
    now = copy.deepcopy(audit)
    now["data"]["digest"] = "d2"
    assert compute(audit, now).data == ()  # other images of the same kind
    shape, size = now["data"]["attributes"]
    shape["summary"]["counts"] = [560, 440]
    size["summary"]["quantiles"][2] = 2.5
    assert compute(audit, now).data == (
        DataChange("shape", "shares of its classes", pytest.approx(0.06)),
        DataChange("size", "its quantiles", 0.25),
    )


@pytest.mark.parametrize(
    ("counts", "quantile", "found"),
    [([549, 451], 2.19, []), ([551, 449], 2.0, ["shape"]), ([500, 500], 2.21, ["size"])],
)
def test_limits_of_drift(audit: dict[str, Any], counts: list[int], quantile: float, found: list[str]) -> None:
    now = copy.deepcopy(audit)
    now["data"]["digest"] = "d2"
    now["data"]["attributes"][0]["summary"]["counts"] = counts
    now["data"]["attributes"][1]["summary"]["quantiles"][2] = quantile
    assert [change.attribute for change in compute(audit, now).data] == found


def test_attributes_that_came_went_or_are_something_else(audit: dict[str, Any]) -> None:
    now = copy.deepcopy(audit)
    now["data"]["digest"], now["data"]["images"] = "d2", 900
    now["data"]["attributes"][0]["classes"] = ["a", "c"]
    now["data"]["attributes"][1]["name"] = "width"
    assert [(change.attribute, change.what) for change in compute(audit, now).data] == [
        (None, "1000 images before, 900 now"),
        ("shape", "has another kind, other classes or another unit"),
        ("size", "is gone"),
        ("width", "is new"),
    ]


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=2), st.integers(2, 9))
def test_shares_do_not_depend_on_how_many_images_there_are(counts: list[int], times: int) -> None:
    before, now = an_audit(), an_audit()
    now["data"]["digest"] = "d2"
    before["data"]["attributes"][0]["summary"]["counts"] = counts
    now["data"]["attributes"][0]["summary"]["counts"] = [count * times for count in counts]
    assert compute(before, now).data == ()
