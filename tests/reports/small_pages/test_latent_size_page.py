"""The page of a study of sizes says what was chosen and why, in both languages, and asks for nothing outside."""

from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.page.latent_size_page import write_page
from tests.reports.conftest import elements


def record(**changes: Any) -> dict[str, Any]:
    def score(size: int) -> dict[str, Any]:
        estimate = {"low": 0.0, "high": 1.0, "n": 5, "source": "Student's t over folds"}
        values = {"elbo_nats": -40.0 + size, "active_units": min(size, 5), "probe": 0.8}
        return {"size": size, **{name: {"value": value, **estimate} for name, value in values.items()}}

    return {
        "data": "sprites",
        "model": "vae",
        "sized": "latent_dim",
        "measure": "elbo_nats",
        "folds": 5,
        "scores": [score(size) for size in (2, 5, 8)],
        "best": 8,
        "chosen": 5,
        "behind_nats": 0.12,
        "tolerance_nats": 0.2,
        "at_the_edge": None,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Chosen: 5 dimensions. The best bound has 8; 5 is behind by 0.12 nats per image"),
        ({"best": 5}, "Chosen: 5 dimensions, the size with the best bound"),
        ({"at_the_edge": "largest"}, "a larger one may do better"),
        ({"at_the_edge": "smallest"}, "a smaller one may do as well"),
    ],
)
def test_the_choice_comes_with_its_reason(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    write_page(record(**changes), tmp_path / "page.html", "en")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert sentence in html
    assert "Intervals: 95 %, Student&#39;s t over 5 folds." in html
    found = elements(html)
    assert (
        sum(element.tag == "svg" and "plot" in element.attributes.get("class", "") for element in found) == 1
    )
    assert not [element for element in found if element.tag in ("script", "link", "img", "iframe")]
    again = tmp_path / "again.html"
    write_page(record(**changes), again, "en")
    assert again.read_bytes() == (tmp_path / "page.html").read_bytes()


def test_the_page_speaks_chinese(tmp_path: Path) -> None:
    write_page(record(), tmp_path / "page.html", "zh")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "所选：5 个维度" in html
    assert "Chosen" not in html


def test_a_model_without_a_bound_is_judged_by_its_reconstruction_and_free_dimensions_are_called_so(
    tmp_path: Path,
) -> None:
    given = record(measure="reconstruction_nats", sized="free_dimensions")
    for score in given["scores"]:
        score["reconstruction_nats"] = score.pop("elbo_nats")
    write_page(given, tmp_path / "page.html", "en")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "The best reconstruction has 8" in html
    assert "this model has no evidence lower bound" in html
    assert "free dimensions, beside those with names" in html
