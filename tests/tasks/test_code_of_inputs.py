"""What the inputs of a stage add to the code that its key covers."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.amounts import Amounts
from tasks.analyses.thresholds import Thresholds
from tasks.code import Code
from tasks.code_of_inputs import code_of
from tasks.data_files import DataFiles
from tasks.datasets.sprites import SpritesSettings
from tasks.explanation_settings import DEPTHS
from tasks.records import Artifact, ModelKey
from vae_models.beta_vae import BetaVaeSettings

TRAIN, ENCODE, JUDGE = "tasks.train_model", "tasks.encode", "tasks.judge"


def artifact(folder: Path, recipe: object = None) -> Artifact:
    folder.mkdir()
    if recipe is not None:
        (folder / "recipe.json").write_text(recipe if isinstance(recipe, str) else json.dumps(recipe))
    return Artifact("train", "k", folder, "d" * 64, 1.0, False, "run")


def code(module: str, **inputs: Any) -> set[str]:
    return set(code_of(module, inputs))


def test_settings_bring_their_class_and_those_inside_them() -> None:
    assert code("tasks.prepare", data=SpritesSettings()) == {"tasks.datasets.sprites:SpritesSettings"}
    assert code(TRAIN, model=BetaVaeSettings()) == {
        "vae_models.beta_vae:BetaVaeSettings",
        "vae_models.training_settings:TrainingSettings",
    }


def test_values_of_ours_bring_the_module_that_a_worker_needs_to_read_them() -> None:
    found = code(
        JUDGE,
        amounts=DEPTHS["quick"],
        thresholds=Thresholds(),
        models=[ModelKey("a", 0)],
        files=DataFiles(Path(), {}),
    )
    assert f"{Amounts.__module__}:Amounts" in found
    assert f"{Thresholds.__module__}:Thresholds" in found
    assert {"tasks.records:ModelKey", "tasks.data_files:DataFiles"} <= found


def test_plain_values_bring_nothing() -> None:
    assert code(TRAIN, seed=0, shares={"a": 0.5}, names=["x"], nothing=None) == set()


def test_code_that_is_given_counts_wherever_it_stands() -> None:
    assert "reports.sections.uses" in code("tasks.draw", sections={"uses": Code("reports.sections.uses")})


def test_a_trained_model_brings_its_kind_to_whoever_rebuilds_it(tmp_path: Path) -> None:
    trained = artifact(tmp_path / "a", {"kind": "factor_vae"})
    assert "vae_models.factor_vae:FactorVaeSettings" in code(ENCODE, trained=trained)
    nested = code("tasks.control", results={"vae": [{"train": trained}]})
    assert "vae_models.factor_vae:FactorVaeSettings" in nested
    for module in (JUDGE, "tasks.take_trained", "tasks.probe"):
        assert "vae_models.factor_vae:FactorVaeSettings" not in code(module, trained=trained)


@pytest.mark.parametrize("recipe", [None, "{", "[]", {"kind": 3}, {"kind": "unheard"}, {}])
def test_a_recipe_that_cannot_be_read_brings_nothing(tmp_path: Path, recipe: object) -> None:
    """Whoever rebuilds the model refuses it, with a sentence."""
    assert code(ENCODE, trained=artifact(tmp_path / "a", recipe)) == {"tasks.records:Artifact"}
