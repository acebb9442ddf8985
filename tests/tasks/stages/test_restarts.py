"""A training that failed begins again, decided by losses alone, and the starts that were given up are counted."""

from pathlib import Path
from typing import Any

import pytest
import torch

from latent_audit.reports.page.render import open_page
from latent_audit.reports.page.sections.overview import fitness
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.subject import SplitSettings
from latent_audit.tasks.stages.data.prepare import compute as prepare
from latent_audit.tasks.stages.training.restarts import FailedStart, train_until_sound
from latent_audit.tasks.stages.training.train_model import compute as train_model
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.vae_models.errors import Diverged
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.presets.presets import can_be_stacked
from latent_audit.vae_models.training.results import TrainingResult
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vae_models.training.state import STATE_FILE
from latent_audit.vocabulary.reasons import NO_REASON, Reason, reason
from tests.reports.audit_builder import AuditBuilder
from tests.reports.conftest import make_run

COLLAPSED = reason("gan.same_image", diversity="10%", least="30%")
RESULT = TrainingResult(7, 70, "completed", {}, 1.0, 70.0)


class Watching(torch.nn.Module):
    def __init__(self, why: Reason) -> None:
        super().__init__()
        self.collapse_reason = why


def starts(*outcomes: Any) -> Any:
    seeds: list[int] = []

    def attempt(number: int, seed: int) -> tuple[torch.nn.Module, TrainingResult]:
        seeds.append(seed)
        if outcomes[number] == "diverged":
            raise Diverged("training diverged", 3, None)
        return Watching(outcomes[number]), RESULT

    return attempt, seeds


def test_a_failed_start_is_followed_by_another_until_one_is_sound() -> None:
    attempt, seeds = starts("diverged", COLLAPSED, NO_REASON)
    found = train_until_sound(attempt, 4, restarts=5)
    assert len(seeds) == len(set(seeds)) == 3
    assert (seeds[0], found.seed) == (4, seeds[2])
    assert found.failed == (
        FailedStart(seeds[0], 3, reason("training.diverged")),
        FailedStart(seeds[1], 7, COLLAPSED),
    )


def test_the_last_start_allowed_is_kept_though_it_failed_and_divergence_is_an_error() -> None:
    attempt, _ = starts(COLLAPSED, COLLAPSED)
    found = train_until_sound(attempt, 0, restarts=1)
    assert isinstance(found.model, Watching)
    assert (found.model.collapse_reason, len(found.failed)) == (COLLAPSED, 1)
    with pytest.raises(Diverged):
        train_until_sound(starts("diverged", "diverged")[0], 0, restarts=1)
    with pytest.raises(Diverged):
        train_until_sound(starts("diverged")[0], 0, restarts=0)


def test_a_model_that_knows_of_no_failure_is_taken_as_it_is() -> None:
    model = torch.nn.Linear(1, 1)
    found = train_until_sound(lambda number, seed: (model, RESULT), 0, restarts=3)
    assert (found.model, found.failed) == (model, ())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(
        folder, StageContext("cpu", folder, lambda *_: None, lambda: False, None),
        data=SpritesSettings(images=1800), files=DataFiles(folder, {}), shares=SplitSettings().model_dump(),
        trains_models=True,
        trains_classifier=True,
        fewest_of_a_class=10, duplicate_images=500, seed=0,
    )  # fmt: skip
    return Artifact("prepare", "key", folder, "digest", 0.0, False, "run")


@pytest.mark.parametrize("restarts", [0, 1])
def test_the_stage_counts_restarts_where_they_are_allowed(
    prepared: Artifact, tmp_path: Path, restarts: int
) -> None:
    training = TrainingSettings(steps=20, batch_size=16, evaluate_every=10, restarts=restarts)
    model = VaeSettings(network="mlp", latent_dim=2, training=training)
    assert can_be_stacked(model) == (restarts == 0)
    folders = {name: tmp_path / name for name in ("sound", "work", "failed", "failed_work")}
    for folder in folders.values():
        folder.mkdir()

    def context(work: str) -> StageContext:
        return StageContext("cpu", folders[work], lambda *_: None, lambda: False, None)

    train_model(folders["sound"], context("work"), prepared=prepared, model=model, seed=0)
    facts = read_json(folders["sound"] / "training.json")
    assert facts.get("failed_starts") == ([] if restarts else None)
    assert read_json(folders["sound"] / "recipe.json")["seed"] == 0
    # Divergence is found by the first evaluation; each start has a state of its own.
    hot = model.model_copy(
        update={"learning_rate": 1e30, "training": training.model_copy(update={"checkpoint_every": 1})}
    )
    with pytest.raises(Diverged):
        train_model(folders["failed"], context("failed_work"), prepared=prepared, model=hot, seed=0)
    again = [path for path in folders["failed_work"].rglob(STATE_FILE) if "restart-1" in path.parts]
    assert len(again) <= restarts


@pytest.mark.parametrize(
    ("language", "none", "some"),
    [("en", "none began again", "began again 1 times"), ("zh", "无一重新开始", "共重新开始 1 次")],
)
def test_the_report_counts_restarts_over_seeds(tmp_path: Path, language: str, none: str, some: str) -> None:
    make_run(AuditBuilder(tmp_path, image_size=12))
    page = open_page(tmp_path, language)
    models = page.audit["models"]
    name = models[0]["name"]
    assert fitness._restarts(page, name) == ""
    training: list[Any] = [model["training"] for model in models]
    for one in training:
        one["failed_starts"] = []
    assert none in fitness._restarts(page, name)
    training[0]["failed_starts"] = [{"seed": 0, "step": 300, "reason": "the loss was infinite"}]
    said = fitness._restarts(page, name)
    assert some in said
    assert "300" in said
    assert "the loss was infinite" in said
