"""Training as a stage in a worker process: stopped, it is resumed from its step; diverged, it says so and no more."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.errors import Stopped
from latent_audit.tasks.execution.runners.work_item import Report, WorkItem
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.execution.workers import Workers
from latent_audit.tasks.settings.subject import SplitSettings
from latent_audit.tasks.stages.data.prepare import compute as prepare
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.registry import TAKE_TRAINED, TRAIN_MODEL, TRAIN_STACK
from latent_audit.tasks.stages.training import train_model, train_stack
from latent_audit.tasks.stages.training.training_report import Given
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.vae_models.errors import ModelError
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vae_models.training.images_on_disk import ImagesOnDisk
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vae_models.training.state import STATE_FILE


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("prepared")
    context = StageContext("cpu", folder, lambda *_: None, lambda: False, None)
    prepare(
        folder,
        context,
        data=SpritesSettings(images=1800),
        files=DataFiles(folder, {}),
        shares=SplitSettings().model_dump(),
        trains_models=True,
        trains_classifier=True,
        fewest_of_a_class=10,
        duplicate_images=500,
        seed=0,
    )
    assert len(PARTS) == 4
    return Artifact("prepare", "key", folder, "digest", 0.0, False, "run")


@pytest.fixture(scope="module")
def stop_when_seen() -> threading.Event:
    return threading.Event()


@pytest.fixture(scope="module")
def workers(stop_when_seen: threading.Event) -> Iterator[Workers]:
    def on_report(report: Report) -> None:
        if stop_when_seen.is_set() and report.done >= 20:
            pool.stop.set()

    with Workers(1, on_report) as pool:
        yield pool


def module_in(folder: Path) -> torch.nn.Module:
    model = load(folder, "cpu")
    assert isinstance(model, torch.nn.Module)
    return model


def vae(**training: object) -> VaeSettings:
    settings = TrainingSettings(
        steps=100_000, batch_size=16, evaluate_every=20, evaluation_images=50, **training
    )
    return VaeSettings(network="mlp", latent_dim=2, warm_up_steps=5, training=settings)


def train(
    workers: Workers, inputs: dict[str, Any], folder: Path, work: Path, deadline_seconds: float | None
) -> None:
    place = folder / "files"
    place.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    workers.run(
        WorkItem(TRAIN_MODEL, "key", "run", "training", inputs, "cpu", place, work, folder, deadline_seconds)
    )


def test_a_stopped_training_goes_on_from_its_step(
    workers: Workers, stop_when_seen: threading.Event, prepared: Artifact, tmp_path: Path
) -> None:
    inputs = {"prepared": prepared, "model": vae(), "seed": 0}
    stop_when_seen.set()
    try:
        with pytest.raises(Stopped, match=r"stopped at step \d+; run it again to go on from there") as caught:
            train(workers, inputs, tmp_path, tmp_path / "work", None)
    finally:
        stop_when_seen.clear()
        workers.stop.clear()
    step = int(str(caught.value).split("step ")[1].split(";")[0])
    assert step >= 20
    # No time at all: whatever step the result names was there before.
    train(workers, inputs, tmp_path, tmp_path / "work", 1e-6)
    facts = read_json(tmp_path / "files" / "training.json")
    assert (facts["steps"], facts["stopped"]) == (step, "deadline")


@pytest.mark.parametrize("model", ["alone", "stack"])
def test_images_read_from_disk_give_the_same_weights(prepared: Artifact, tmp_path: Path, model: str) -> None:
    weights = []
    for from_disk in (False, True):
        training = TrainingSettings(steps=12, batch_size=16, evaluate_every=6, from_disk=from_disk)
        settings = VaeSettings(network="mlp", latent_dim=2, warm_up_steps=5, training=training)
        folder, work = tmp_path / f"files-{from_disk}", tmp_path / f"work-{from_disk}"
        folder.mkdir()
        work.mkdir()
        context = StageContext("cpu", work, lambda *_: None, lambda: False, None)
        if model == "alone":
            train_model.compute(folder, context, prepared=prepared, model=settings, seed=0)
        else:
            train_stack.compute(folder, context, prepared=prepared, model=settings, seeds=(0, 1))
        weights.append([path.read_bytes() for path in sorted(folder.rglob("weights.safetensors"))])
    assert weights[0] == weights[1]
    given = Given.of(open_prepared(prepared), "model_train", training)
    assert isinstance(given.images, ImagesOnDisk)
    assert isinstance(open_prepared(prepared).data.images, np.memmap)
    whole = Given.of(open_prepared(prepared), "model_train", training.model_copy(update={"from_disk": False}))
    assert isinstance(whole.images, np.ndarray)
    assert (given.images.shape, given.images.nbytes) == (whole.images.shape, whole.images.nbytes)
    np.testing.assert_array_equal(given.images[np.array([5, 0, 7])], whole.images[[5, 0, 7]])


def test_a_training_that_diverges_says_so_and_leaves_the_worker_alive(
    workers: Workers, prepared: Artifact, tmp_path: Path
) -> None:
    inputs = {"prepared": prepared, "model": vae().model_copy(update={"learning_rate": 1e30}), "seed": 0}
    with pytest.raises(ModelError, match=r"training diverged at step \d+: .*Lower the learning rate"):
        train(workers, inputs, tmp_path, tmp_path / "work", None)
    inputs["model"] = vae()
    train(workers, inputs, tmp_path, tmp_path / "other work", 1e-6)
    assert read_json(tmp_path / "files" / "training.json")["stopped"] == "deadline"


def test_a_seed_out_of_a_stack_is_what_it_is_by_itself(prepared: Artifact, tmp_path: Path) -> None:
    settings = vae().model_copy(
        update={"training": TrainingSettings(steps=40, batch_size=16, evaluate_every=20)}
    )
    context = StageContext("cpu", tmp_path, lambda *_: None, lambda: False, None)
    stack, taken, alone = (tmp_path / name for name in ("stack", "taken", "alone"))
    for folder in (stack, taken, alone):
        folder.mkdir()
    TRAIN_STACK.compute(stack, context, prepared=prepared, model=settings, seeds=(4, 6))
    (tmp_path / STATE_FILE).unlink()
    stacked = Artifact("train_stack", "key", stack, "digest", 0.0, False, "run")
    TAKE_TRAINED.compute(taken, context, stack=stacked, seed=6)
    TRAIN_MODEL.compute(alone, context, prepared=prepared, model=settings, seed=6)
    assert {path.name for path in taken.iterdir()} == {path.name for path in alone.iterdir()}
    assert read_json(taken / "recipe.json") == read_json(alone / "recipe.json")
    found, other, wanted = (
        torch.nn.utils.parameters_to_vector(module_in(folder).parameters())
        for folder in (taken, stack / "4", alone)
    )
    # Single weights differ by rounding, by more the more steps there are; all together are those of this seed.
    assert (found - wanted).norm() < 0.1 * (other - wanted).norm()
    curves = [read_json(folder / "training.json")["curves"] for folder in (taken, alone)]
    assert curves[0].keys() == curves[1].keys()
    assert curves[0]["total"]["value"] == pytest.approx(curves[1]["total"]["value"], rel=5e-2)
