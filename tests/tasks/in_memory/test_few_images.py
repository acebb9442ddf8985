"""A whole audit of three hundred images, from Python: each is scored by what the other folds chose and fitted."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import latent_audit
from latent_audit.tasks.datasets.errors import DataError
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.runs.verify import verify
from latent_audit.vae_models.errors import BadCheckpoint
from tests.audits import moments_model

SETTINGS = {
    "classifier": {"width": 8, "hidden": 32, "training": {"steps": 250, "evaluate_every": 50}},
    "evidence": {"permutations": 200, "bootstraps": 200, "null_directions_per_dimension": 20},
}


def given(images: int, folder: Path) -> tuple[np.ndarray, pd.DataFrame]:
    data = SpritesSettings(images=images).load(folder, folder, 0)
    columns = {attribute.name: data.values[:, k] for k, attribute in enumerate(data.attributes)}
    return np.asarray(data.images), pd.DataFrame(columns)[["scale", "posX", "posY"]]


def test_three_hundred_images_are_audited_in_folds(tmp_path: Path) -> None:
    images, table = given(300, tmp_path)
    result = latent_audit.audit(
        model=moments_model.Moments(), images=images, attributes=table, settings=SETTINGS, device="cpu",
        progress=False,
    )  # fmt: skip
    parts = {row["name"]: row["images"] for row in result.record["data"]["parts"]}
    assert parts["model_train"] == 0
    model: Any = result.record["models"][0]
    audited = 300 - parts["classifier_train"]
    assert 200 <= audited <= 201
    assert model["association"]["n"] == model["places"]["images"] == audited
    assert model["places"]["pairs"] >= 100
    # The moments of a picture are its place and size: every fold finds each at the same dimension.
    assert {claim["folds_agreeing"] for claim in model["specificity"]} == {5}
    by_attribute = result.where.set_index("attribute")
    assert list(by_attribute.loc[["posX", "posY"], "place"]) == ["dimension", "dimension"]
    assert set(by_attribute.loc[["posX", "posY"], "verdict"]) <= {"partly_supported", "inconclusive"}
    for control in result.record["controls"]:
        if control["control"] == "shuffled":
            assert "supported" not in {row["verdict"] for row in control["verdicts"]}
    result.report(tmp_path / "few.html")
    assert f"{audited} images in five folds" in (tmp_path / "few.html").read_text(encoding="utf-8")


def test_too_few_images_are_refused_with_how_many_are_enough(tmp_path: Path) -> None:
    images, table = given(250, tmp_path)
    with pytest.raises(DataError, match=r"250 images are too few .* about 300 images are enough"):
        latent_audit.audit(model=moments_model.Moments(), images=images, attributes=table, progress=False)


def place_of(images: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns the centre of mass (n,) across and down, in pixels."""
    mass = np.asarray(images).mean(1)
    total, pixels = mass.sum((1, 2)), np.arange(mass.shape[-1])
    return mass.sum(1) @ pixels / total, mass.sum(2) @ pixels / total


def test_two_hundred_images_are_enough_with_a_classifier_that_is_brought(tmp_path: Path) -> None:
    images, table = given(200, tmp_path)
    lines = [
        np.polyfit(at, table[name], 1) for at, name in zip(place_of(images), ("posX", "posY"), strict=True)
    ]

    def read(shown: Any) -> dict[str, np.ndarray]:
        across, down = place_of(np.maximum(np.asarray(shown), 1e-6))
        return {"posX": np.polyval(lines[0], across), "posY": np.polyval(lines[1], down)}

    result = latent_audit.audit(
        model=moments_model.Moments(), images=images, attributes=table, classifier=read, device="cpu",
        settings={"evidence": SETTINGS["evidence"]}, progress=False,
    )  # fmt: skip
    record: Any = result.record
    assert [row["images"] for row in record["data"]["parts"]] == [0, 0, 100, 100]
    assert record["classifier"]["not_read"] == ["scale"]
    assert record["classifier"]["origin"]["kind"] == "function_classifier"
    assert record["classifier"]["weights_digest"] is None
    assert "handle" not in record["settings"]["classifier"]
    by_attribute = result.where.set_index("attribute")
    assert list(by_attribute["verdict"]) == ["not_tested", "partly_supported", "partly_supported"]
    checks = {row["attribute"]: row["checks"]["intervention"] for row in record["verdicts"]}
    assert checks["scale"]["reason"] == "the classifier does not read scale"
    html = result.report(tmp_path / "brought.html").read_text(encoding="utf-8")
    assert (
        "The attribute classifier: a function of the Python program that asked for this audit was run" in html
    )
    assert "It was brought, not trained by this audit, and does not read 1 more." in html
    chinese = result.report(tmp_path / "zh.html", "zh").read_text(encoding="utf-8")
    assert "分类器由用户提供，不是本次审计训练的：某 Python 程序中的函数。" in chinese
    assert "它不读取 scale：" in chinese
    folder = result.save(tmp_path / "saved")
    assert verify(folder).problems == ()


def test_images_and_classifiers_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    images, table = given(250, tmp_path)
    model = moments_model.Moments()

    def audited(count: int, read: Any) -> None:
        latent_audit.audit(
            model=model, images=images[:count], attributes=table[:count], classifier=read, progress=False
        )

    with pytest.raises(DataError, match=r"190 images are too few .* about 200 images are enough"):
        audited(190, lambda shown: {"posX": np.zeros(len(shown))})
    with pytest.raises(BadCheckpoint, match="reads posx, and the data have the attributes scale, posX, posY"):
        audited(250, lambda shown: {"posx": np.zeros(len(shown))})
    rng = np.random.default_rng(0)
    with pytest.raises(
        BadCheckpoint, match="the classifier of this program reads the same images otherwise when it is given"
    ):
        audited(250, lambda shown: {"posX": rng.random(len(shown))})
