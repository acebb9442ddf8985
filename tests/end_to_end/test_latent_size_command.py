"""`latent-audit latent-size`, run for real on two sizes and two folds."""

import json

import pytest

from tests.audits.audits import Commands

pytestmark = pytest.mark.timeout(1200)


def test_a_small_study_ends_with_a_curve_and_a_choice(others: Commands) -> None:
    ended = others.ended["latent size"]
    assert ended.code == 0, ended.err
    page = others.home / ended.out.splitlines()[-1].removeprefix("latent size: ")
    assert page.name == "latent_size.html"
    # effect of latent-size CONFIG.yaml
    assert "tiny-latent-size" in page.parts
    found = json.loads((page.parent / "latent_size.json").read_text())
    assert found["data"] == "sprites"
    assert found["folds"] == 2
    # effect of latent-size --section.key
    assert [score["size"] for score in found["scores"]] == [1, 2]
    assert found["chosen"] in (1, 2)
    for score in found["scores"]:
        assert score["elbo_nats"]["value"] < 0
        assert score["elbo_nats"]["n"] == 2
        assert 0 <= score["active_units"]["value"] <= score["size"]
        assert 0.4 < score["probe"]["value"] <= 1
    assert f"Chosen: {found['chosen']} dimensions" in page.read_text(encoding="utf-8")
