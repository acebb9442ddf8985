"""The stage that shows what only one kind of model can, on models that were hardly trained."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.subject import SplitSettings
from latent_audit.tasks.stages.data.prepare import compute as prepare
from latent_audit.tasks.stages.registry import MODEL_SPECIFIC, TRAIN_MODEL
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.code import Code
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.vae_models.presets.presets import ModelSettings

SHOWN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "vae": ({"network": "mlp"}, set()),
    "attribute_vae": ({"network": "mlp", "named": ["shape", "posX"]}, {"named"}),
    "gm_vae": ({"network": "mlp", "components": 3}, {"mixture"}),
    "attention_vae": ({}, {"attention"}),
    "bayesian_vae": ({"network": "mlp"}, {"uncertainty"}),
    "annealed_vae": ({"network": "mlp", "capacity_steps": 6}, {"information"}),
    "semi_supervised_vae": (
        {"network": "mlp", "latent_dim": 2, "efficiency_shares": [0.02, 1.0]},
        {"named", "label_efficiency"},
    ),
}


def context(folder: Path) -> StageContext:
    return StageContext("cpu", folder, lambda *_: None, lambda: False, None)


def artifact(folder: Path) -> Artifact:
    return Artifact("stage", "key", folder, "digest", 0.0, False, "run")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(
        folder,
        context(folder),
        data=SpritesSettings(images=1800),
        files=DataFiles(folder, {}),
        shares=SplitSettings().model_dump(),
        trains_models=True,
        trains_classifier=True,
        fewest_of_a_class=10,
        duplicate_images=500,
        seed=0,
    )
    return artifact(folder)


@pytest.mark.parametrize("kind", SHOWN)
def test_a_model_shows_what_only_it_can(kind: str, prepared: Artifact, tmp_path: Path) -> None:
    given, expected = SHOWN[kind]
    settings = TypeAdapter(ModelSettings).validate_python(
        {"kind": kind, **given}
        | ({} if kind == "annealed_vae" else {"warm_up_steps": 2})
        | {"training": {"steps": 8, "batch_size": 16, "evaluate_every": 8, "evaluation_images": 20}}
    )
    trained, work = tmp_path / "trained", context(tmp_path / "work")
    trained.mkdir()
    TRAIN_MODEL.compute(trained, work, prepared=prepared, model=settings, seed=0)
    MODEL_SPECIFIC.compute(
        tmp_path,
        work,
        prepared=prepared,
        trained=artifact(trained),
        bootstraps=50,
        attention_images=60,
        uncertainty_images=30,
        label_images=500,
        label_efficiency=Code("latent_audit.tasks.stages.training.label_efficiency")
        if kind == "semi_supervised_vae"
        else None,
        seed=0,
    )
    shown = read_json(tmp_path / "particulars.json")
    assert set(shown) == expected
    check = CHECKS.get(kind)
    if check is not None:
        check(shown, tmp_path)


def _mixture(shown: dict[str, Any], folder: Path) -> None:
    part = shown["mixture"]
    assert part["of"] == 3
    assert sum(row["share"] for row in part["components"]) == pytest.approx(1, abs=1e-4)
    images = np.load(folder / part["samples"]["path"], allow_pickle=False)
    assert images.shape == (8 * len(part["components"]), 1, 32, 32)


def _attention(shown: dict[str, Any], folder: Path) -> None:
    part = shown["attention"]
    maps = np.load(folder / part["maps"]["path"], allow_pickle=False)
    assert maps.shape == (8, 32, 32)
    assert maps.mean() == pytest.approx(1, abs=0.01)
    assert 0 < part["reach"]["value"] < 1
    of_decoder = part["decoder"]
    maps = np.load(folder / of_decoder["maps"]["path"], allow_pickle=False)
    assert maps.shape == (8, 32, 32)
    assert maps.mean() == pytest.approx(1, abs=0.01)
    assert np.load(folder / of_decoder["images"]["path"], allow_pickle=False).shape == (8, 1, 32, 32)


def _uncertainty(shown: dict[str, Any], folder: Path) -> None:
    part = shown["uncertainty"]
    assert part["weights"]["value"] > 0
    assert part["latents"]["value"] > 0
    assert np.load(folder / part["weight_maps"]["path"], allow_pickle=False).shape == (8, 32, 32)


def _information(shown: dict[str, Any], folder: Path) -> None:
    part = shown["information"]
    assert len(part["capacity_nats"]) == len(part["kl_nats"]) == 6
    assert np.shape(part["kl_nats"]) == (6, 10)


def _labels(shown: dict[str, Any], folder: Path) -> None:
    part = shown["label_efficiency"]
    assert part["attribute"] == "shape"
    assert [row["share"] for row in part["shares"]] == [0.02, 1.0]
    few, all_of_them = (row["labelled_images"] for row in part["shares"])
    assert all_of_them == pytest.approx(0.95 * 0.55 * 1800, abs=10)
    assert few == round(0.02 * all_of_them)
    for row in part["shares"]:
        # Of the same held-out images, so that the three can be held against each other.
        assert row["cnn"]["n"] == row["model"]["n"] == row["baseline"]["n"]
        assert row["cnn"]["low"] <= row["cnn"]["value"] <= row["cnn"]["high"]
    assert shown["named"][0]["statistic"] == "balanced accuracy"


def _named(shown: dict[str, Any], folder: Path) -> None:
    assert [row["attribute"] for row in shown["named"]] == ["shape", "posX"]


CHECKS = {
    "gm_vae": _mixture,
    "attention_vae": _attention,
    "bayesian_vae": _uncertainty,
    "annealed_vae": _information,
    "semi_supervised_vae": _labels,
    "attribute_vae": _named,
}
