"""A whole audit of three hundred images, from Python: each is scored by what the other folds chose and fitted."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import latent_audit
from latent_audit.tasks.datasets.errors import DataError
from latent_audit.tasks.datasets.sprites import SpritesSettings
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
