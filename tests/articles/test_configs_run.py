"""Each settings file of an article, run at a reduced size: its models are trained, and what it asks for is written."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.tasks.stages import registry
from latent_audit.tasks.stages.arguments import arguments, runs_for
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.data_files import DataFiles

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(600)]
CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "articles"
# What a settings file may ask for beside the analyses of every audit, and the setting of explanations that does.
ASKED = {
    "bound_images": registry.LIKELIHOOD,
    "mixture": registry.MIXTURE,
    "augmented_cnn": registry.AUGMENT_CNN,
    "leave_out": registry.LEAVE_OUT,
    "drop_unused": registry.PRUNE,
}
SMALL: dict[str, dict[str, Any]] = {
    "bound_images": {"bound_images": 4, "bound_draws": [20]},
    "mixture": {"mixture": {"components": [1, 3], "iterations": 3, "fitted_images": 200, "images": 40, "draws": 5}},
    "augmented_cnn": {"augmented_cnn": {"images": 40, "repeats": 3, "steps": 3, "held_out_images": 60}},
    "leave_out": {"leave_out": {"attribute": "shape", "value": "heart", "images": 150}},
}  # fmt: skip
STEPS = 10
# Faces need CelebA and the command; trainings that are looked at, and classifiers, have tests of their own at this size
# (tests/tasks/stages/test_evidence_stages.py, tests/analyses/two_classifiers).
NAMES = sorted(
    path.stem
    for path in CONFIGS.glob("*.yaml")
    if path.stem not in ("faces_with_a_vae", "while_it_learns", "bayesian_classifier", "cnn_with_alexnet")
)


def asked_of(name: str) -> dict[str, Any]:
    """Returns what a file sets of the explanations."""
    given = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    asked: dict[str, Any] = given.get("explanations", {})
    return asked


def reduced(name: str) -> Settings:
    """Returns the settings of a file, with fewer images and steps; all else is as the file has it."""
    given = load_settings(CONFIGS / f"{name}.yaml")
    words = ["--data.images", "1800", "--explanations.depth", "quick", "--evidence.bootstraps", "100"]
    for model in given.models:
        words += [f"--models.{model}.training.steps", str(STEPS)]
        if given.models[model].kind == "interpretable_gan":
            words += [f"--models.{model}.warm_up_steps", "5"]
    for setting in asked_of(name):
        for key, value in SMALL.get(setting, {}).items():
            words += [f"--explanations.{key}", json.dumps(value)]
    return load_settings(CONFIGS / f"{name}.yaml", words)


def perform(stage: Stage, folder: Path, **inputs: Any) -> Artifact:
    """Computes a stage for real, with a work folder of its own, and returns its folder as an artifact."""
    place, work = folder / stage.name, folder / "work" / stage.name
    place.mkdir(parents=True)
    work.mkdir(parents=True)
    stage.compute(place, StageContext("cpu", work, lambda *progress: None, lambda: False, None), **inputs)
    return Artifact(stage.name, "key", place, "digest", 0.0, False, "")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Any:
    """Returns prepared data of settings; those of several files are prepared once."""
    made: dict[str, Artifact] = {}

    def of(settings: Settings) -> Artifact:
        key = settings.data.model_dump_json()
        if key not in made:
            made[key] = perform(
                registry.PREPARE,
                tmp_path_factory.mktemp("data"),
                data=settings.data,
                files=DataFiles(real_data, {}),
                shares=settings.splits.model_dump(),
                trains_models=True,
                trains_classifier=True,
                fewest_of_a_class=settings.evidence.fewest_of_a_class,
                duplicate_images=settings.evidence.duplicate_images,
                seed=settings.run.seed,
            )
        return made[key]

    return of


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_file_trains_its_models_and_writes_what_it_asks_for(
    name: str, prepared: Any, tmp_path: Path
) -> None:
    settings, trained = reduced(name), dict[str, Artifact]()
    written = set()
    for model in sorted(settings.models, key=lambda model: settings.start_of(model) is not None):
        key, folder = ModelKey(model, settings.seeds[0]), tmp_path / model
        start = settings.start_of(model)
        inputs = {} if start is None else {"before": trained[start]}
        results: dict[str, Any] = {"prepared": prepared(settings), "outside": None}
        results["trained"] = trained[model] = perform(
            registry.TRAIN_MODEL,
            folder,
            prepared=results["prepared"],
            model=settings.models[model],
            seed=settings.seeds[0],
            **inputs,
        )
        facts = json.loads((trained[model].path / "training.json").read_text(encoding="utf-8"))
        assert facts["steps"] == STEPS
        asked = [stage for stage in ASKED.values() if runs_for(stage, settings, key)]
        needed = {name for stage in asked for name in stage.needs}
        before = [stage for stage in (registry.ENCODE, registry.FITNESS) if stage.result in needed]
        for stage in (*before, *asked):
            made = perform(stage, folder, **arguments(stage, settings, results, key))
            if stage.result:
                results[stage.result] = made
            for part in stage.record:
                record = json.loads((made.path / part.file).read_text(encoding="utf-8"))
                assert "not_applicable" not in record
                written.add(stage.name)
    named = [ASKED[setting] for setting in asked_of(name) if setting in ASKED]
    assert written == {stage.name for stage in named if stage.record}
