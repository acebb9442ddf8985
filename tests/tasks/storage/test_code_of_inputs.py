"""What the inputs of a stage add to the code that its key covers."""

import json
from pathlib import Path
from typing import Any

import pytest

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.settings.explanation_sizes import ExplanationSizes
from latent_audit.tasks.settings.explanations import SIZES_BY_DEPTH
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.code import Code
from latent_audit.tasks.storage.code_of_inputs import code_of
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings

TRAIN, ENCODE, VERDICTS = (
    "latent_audit.tasks.stages.training.train_model",
    "latent_audit.tasks.stages.evidence.encode",
    "latent_audit.tasks.stages.evidence.verdicts",
)


def artifact(folder: Path, recipe: object = None) -> Artifact:
    folder.mkdir()
    if recipe is not None:
        (folder / "recipe.json").write_text(recipe if isinstance(recipe, str) else json.dumps(recipe))
    return Artifact("train", "k", folder, "d" * 64, 1.0, False, "run")


def code(module: str, **inputs: Any) -> set[str]:
    return set(code_of(module, inputs))


def test_settings_bring_their_class_and_those_inside_them() -> None:
    assert code("latent_audit.tasks.stages.data.prepare", data=SpritesSettings()) == {
        "latent_audit.tasks.datasets.sprites:SpritesSettings"
    }
    assert code(TRAIN, model=BetaVaeSettings()) == {
        "latent_audit.vae_models.presets.beta_vae:BetaVaeSettings",
        "latent_audit.vae_models.training.settings:TrainingSettings",
    }


def test_values_of_ours_bring_the_module_that_a_worker_needs_to_read_them() -> None:
    found = code(
        VERDICTS,
        sizes=SIZES_BY_DEPTH["quick"],
        thresholds=Thresholds(),
        models=[ModelKey("a", 0)],
        files=DataFiles(Path(), {}),
    )
    assert f"{ExplanationSizes.__module__}:ExplanationSizes" in found
    assert f"{Thresholds.__module__}:Thresholds" in found
    assert {
        "latent_audit.tasks.storage.artifacts:ModelKey",
        "latent_audit.tasks.storage.data_files:DataFiles",
    } <= found


def test_plain_values_bring_nothing() -> None:
    assert code(TRAIN, seed=0, shares={"a": 0.5}, names=["x"], nothing=None) == set()


def test_code_that_is_given_counts_wherever_it_stands() -> None:
    assert "latent_audit.reports.page.sections.explanations.applications" in code(
        "latent_audit.tasks.stages.report.draw",
        sections={"uses": Code("latent_audit.reports.page.sections.explanations.applications")},
    )


def test_a_trained_model_brings_its_kind_to_whoever_rebuilds_it(tmp_path: Path) -> None:
    trained = artifact(tmp_path / "a", {"kind": "factor_vae"})
    assert "latent_audit.vae_models.presets.factor_vae:FactorVaeSettings" in code(ENCODE, trained=trained)
    nested = code(
        "latent_audit.tasks.stages.evidence.negative_controls", results={"vae": [{"train": trained}]}
    )
    assert "latent_audit.vae_models.presets.factor_vae:FactorVaeSettings" in nested
    for module in (
        VERDICTS,
        "latent_audit.tasks.stages.training.take_trained",
        "latent_audit.tasks.stages.evidence.probe",
    ):
        assert "latent_audit.vae_models.presets.factor_vae:FactorVaeSettings" not in code(
            module, trained=trained
        )


@pytest.mark.parametrize("recipe", [None, "{", "[]", {"kind": 3}, {"kind": "unheard"}, {}])
def test_a_recipe_that_cannot_be_read_brings_nothing(tmp_path: Path, recipe: object) -> None:
    """Whoever rebuilds the model refuses it, with a sentence."""
    assert code(ENCODE, trained=artifact(tmp_path / "a", recipe)) == {
        "latent_audit.tasks.storage.artifacts:Artifact"
    }
