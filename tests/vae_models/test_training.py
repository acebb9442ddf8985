"""The training loop: losses fall, runs repeat and resume bit by bit, and every way of stopping."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadCheckpoint, BadSettings, Cancelled, Diverged
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.resident_images import ResidentImages
from latent_audit.vae_models.training.results import Progress
from latent_audit.vae_models.training.settings import TrainingSettings
from tests.vae_models.conftest import SHAPE, TARGETS

KINDS = ("vae", "interpretable_gan", "attribute_classifier")


def silent(progress: Progress) -> None:
    assert progress.step > 0


def never() -> bool:
    return False


def fresh(kind, tiny_gan, tiny_training):
    if kind == "attribute_classifier":
        settings = AttributeClassifierSettings(width=4, hidden=8)
        return build(settings, SHAPE, TARGETS, seed=1)
    if kind == "vae":
        settings = VaeSettings(network="mlp", latent_dim=3, warm_up_steps=5, training=tiny_training)
        return build(settings, SHAPE, TARGETS, seed=1)
    return build(tiny_gan, SHAPE, TARGETS, seed=1)


def run(model, bars, settings, folder=None, should_stop=never, on_interval=silent, seed=7):
    images, values = bars
    return train(
        model,
        images[:200],
        values[:200],
        images[200:],
        settings,
        seed,
        "cpu",
        folder,
        on_interval,
        should_stop,
        values[200:],
    )


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def assert_identical(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_weights_and_curves(kind, bars, tiny_gan, tiny_training):
    first, second = (fresh(kind, tiny_gan, tiny_training) for _ in range(2))
    results = [run(model, bars, tiny_training) for model in (first, second)]
    assert results[0].curves == results[1].curves
    assert_identical(weights(first), weights(second))
    assert results[0].stopped == "completed"
    assert (results[0].steps, results[0].images_seen) == (12, 192)
    assert [step for step, _ in results[0].curves["held_out"]] == [4, 8, 12]
    assert all(np.isfinite(value) for points in results[0].curves.values() for _, value in points)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_killed_run_resumes_to_bit_identical_weights(
    kind, precision, bars, tiny_gan, tiny_training, tmp_path
):
    settings = tiny_training.model_copy(update={"precision": precision})
    whole = fresh(kind, tiny_gan, tiny_training)
    expected = run(whole, bars, settings, tmp_path / "whole")
    stops = iter([False] * 6 + [True])
    killed = fresh(kind, tiny_gan, tiny_training)
    with pytest.raises(Cancelled, match="stopped at step 6; run it again to go on") as caught:
        run(killed, bars, settings, tmp_path / "killed", should_stop=lambda: next(stops))
    assert caught.value.step == 6
    assert caught.value.checkpoint is not None
    resumed = fresh(kind, tiny_gan, tiny_training)
    result = run(resumed, bars, settings, tmp_path / "killed")
    assert_identical(weights(whole), weights(resumed))
    assert result.curves == expected.curves


class Killed(BaseException):
    """Ends a training as a signal that cannot be caught does: nothing is saved on the way out."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_of_any_length_that_was_killed_goes_on_from_its_last_checkpoint(
    kind, bars, tiny_gan, tiny_training, tmp_path
):
    settings = tiny_training.model_copy(update={"checkpoint_every": TrainingSettings().checkpoint_every})
    whole = fresh(kind, tiny_gan, tiny_training)
    expected = run(whole, bars, settings, tmp_path / "whole")
    steps = iter(range(settings.steps))

    def killed_at_step_11() -> bool:
        if next(steps) == 11:
            raise Killed
        return False

    with pytest.raises(Killed):
        run(
            fresh(kind, tiny_gan, tiny_training),
            bars,
            settings,
            tmp_path / "killed",
            should_stop=killed_at_step_11,
        )
    asked = []
    resumed = fresh(kind, tiny_gan, tiny_training)
    result = run(resumed, bars, settings, tmp_path / "killed", should_stop=lambda: asked.append(0) or False)
    assert len(asked) == settings.steps - 9  # of the twelve steps nine were kept
    assert_identical(weights(whole), weights(resumed))
    assert result.curves == expected.curves


def test_another_seed_gives_other_weights(bars, tiny_gan, tiny_training):
    first, second = (fresh("vae", tiny_gan, tiny_training) for _ in range(2))
    run(first, bars, tiny_training, seed=7)
    run(second, bars, tiny_training, seed=8)
    assert not torch.equal(first.encoder[1].weight, second.encoder[1].weight)


@pytest.mark.parametrize("kind", KINDS)
def test_the_held_out_loss_falls(kind, bars, tiny_gan, tiny_training):
    settings = TrainingSettings(
        steps=60, batch_size=32, precision="fp32", evaluate_every=10, evaluation_images=60
    )
    model = fresh(kind, tiny_gan.model_copy(update={"average_decay": 0.8}), tiny_training)
    curve = run(model, bars, settings).curves["held_out"]
    assert curve[-1][1] < 0.9 * curve[0][1]


def test_a_finished_run_is_not_trained_again(bars, tiny_gan, tiny_training, tmp_path):
    first = fresh("vae", tiny_gan, tiny_training)
    result = run(first, bars, tiny_training, tmp_path)
    again = fresh("vae", tiny_gan, tiny_training)
    repeated = run(again, bars, tiny_training, tmp_path, on_interval=lambda _: pytest.fail("it trained"))
    assert_identical(weights(first), weights(again))
    assert repeated.curves == result.curves
    assert repeated.stopped == "completed"


def test_a_finished_run_may_be_trained_longer(bars, tiny_gan, tiny_training, tmp_path):
    steady = tiny_training.model_copy(update={"learning_rate_decay": 0.0})
    longer = steady.model_copy(update={"steps": 20})
    short, whole = fresh("vae", tiny_gan, tiny_training), fresh("vae", tiny_gan, tiny_training)
    run(short, bars, steady, tmp_path)
    run(short, bars, longer, tmp_path)
    run(whole, bars, longer)
    assert_identical(weights(short), weights(whole))


def test_a_finished_run_whose_steps_became_small_is_not_trained_longer(
    bars, tiny_gan, tiny_training, tmp_path
):
    """It would not be what a run of that length is: its steps were small too early."""
    run(fresh("vae", tiny_gan, tiny_training), bars, tiny_training, tmp_path)
    longer = tiny_training.model_copy(update={"steps": 20})
    with pytest.raises(BadCheckpoint, match="belongs to a run with other settings, seed or data"):
        run(fresh("vae", tiny_gan, tiny_training), bars, longer, tmp_path)


def test_a_state_of_other_settings_is_refused(bars, tiny_gan, tiny_training, tmp_path):
    run(fresh("vae", tiny_gan, tiny_training), bars, tiny_training, tmp_path)
    other = tiny_training.model_copy(update={"batch_size": 8})
    with pytest.raises(BadCheckpoint, match="belongs to a run with other settings, seed or data"):
        run(fresh("vae", tiny_gan, tiny_training), bars, other, tmp_path)


def test_a_cut_off_state_is_refused_with_what_to_do(bars, tiny_gan, tiny_training, tmp_path):
    run(fresh("vae", tiny_gan, tiny_training), bars, tiny_training, tmp_path)
    state = tmp_path / "training_state.safetensors"
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(BadCheckpoint, match="delete it and train again"):
        run(fresh("vae", tiny_gan, tiny_training), bars, tiny_training, tmp_path)


def test_divergence_says_where_and_keeps_the_last_good_checkpoint(bars, tiny_gan, tiny_training, tmp_path):
    model = fresh("vae", tiny_gan, tiny_training)
    update = model.update

    def poisoned(batch, step, generator):
        scalars = update(batch, step, generator)
        return scalars | {"total": scalars["total"] * float("nan")} if step == 5 else scalars

    model.update = poisoned
    with pytest.raises(
        Diverged, match=r"diverged at step 8: total became nan; kept .*Lower the learning rate"
    ):
        run(model, bars, tiny_training, tmp_path)
    resumed = fresh("vae", tiny_gan, tiny_training)
    stops = iter([True])
    with pytest.raises(Cancelled, match="stopped at step 4"):
        run(resumed, bars, tiny_training, tmp_path, should_stop=lambda: next(stops))


def test_a_loss_that_explodes_is_divergence_too(bars, tiny_training):
    settings = VaeSettings(network="mlp", latent_dim=3, warm_up_steps=0, learning_rate=100.0)
    with pytest.raises(Diverged, match="no checkpoint had been written yet"):
        run(build(settings, SHAPE, TARGETS, seed=1), bars, tiny_training.model_copy(update={"steps": 400}))


def test_patience_stops_and_restores_the_best_weights(bars, tiny_gan, tiny_training, tmp_path):
    settings = tiny_training.model_copy(update={"steps": 400, "evaluate_every": 2, "patience": 2})
    model = fresh("attribute_classifier", tiny_gan, tiny_training)
    images, values = bars
    random = np.random.default_rng(0)  # labels without any relation to the images: nothing held out to learn
    noise = random.permutation(values[:200])
    result = train(
        model,
        images[:200],
        noise,
        images[200:],
        settings,
        7,
        "cpu",
        tmp_path,
        silent,
        never,
        random.permutation(values[200:]),
    )
    assert result.stopped == "patience"
    assert result.steps < 400
    curve = dict(map(tuple, result.curves["held_out"]))
    best = min(curve.values())
    again = fresh("attribute_classifier", tiny_gan, tiny_training)
    repeated = train(
        again, images[:200], noise, images[200:], settings, 7, "cpu", tmp_path, silent, never, values[200:]
    )
    assert repeated.stopped == "patience"
    assert_identical(weights(model), weights(again))
    assert min(curve, key=lambda step: curve[step]) == result.steps - 2 * 2
    assert curve[result.steps] > best


def test_a_deadline_stops_and_says_so(bars, tiny_gan, tiny_training, tmp_path):
    settings = tiny_training.model_copy(update={"steps": 1_000_000, "deadline_seconds": 0.3})
    result = run(fresh("vae", tiny_gan, tiny_training), bars, settings, tmp_path)
    assert result.stopped == "deadline"
    assert 0 < result.steps < 1_000_000
    assert (tmp_path / "training_state.safetensors").exists()


@pytest.mark.parametrize("kind", [Diverged, Cancelled])
def test_what_ends_a_training_can_leave_its_process(kind, tmp_path):
    error = copy.copy(kind("it stopped", 7, tmp_path))  # as pickle does: through its arguments
    assert (type(error), str(error), error.step, error.checkpoint) == (kind, "it stopped", 7, tmp_path)


def test_cancelling_without_a_folder_still_stops(bars, tiny_gan, tiny_training):
    with pytest.raises(Cancelled, match=r"stopped at step 0$") as caught:
        run(fresh("vae", tiny_gan, tiny_training), bars, tiny_training, should_stop=lambda: True)
    assert caught.value.checkpoint is None


def test_progress_says_step_speed_and_time_left(bars, tiny_gan, tiny_training):
    seen: list[Progress] = []
    run(fresh("vae", tiny_gan, tiny_training), bars, tiny_training, on_interval=seen.append)
    assert [progress.step for progress in seen] == [4, 8, 12]
    assert all(progress.steps == 12 and progress.images_per_second > 0 for progress in seen)
    assert seen[-1].seconds_left == 0
    assert {"reconstruction", "kl", "held_out"} <= seen[-1].scalars.keys()


def test_images_of_another_shape_or_type_are_refused(bars, tiny_gan, tiny_training):
    images, values = bars
    model = fresh("vae", tiny_gan, tiny_training)
    with pytest.raises(BadSettings, match=r"training images must be uint8 of shape \(n, 1, 28, 28\)"):
        run(model, (images.astype(np.float32), values), tiny_training)
    with pytest.raises(BadSettings, match="validation images must be uint8"):
        train(model, images, None, images[:0], tiny_training, 0, "cpu", None, silent, never)


def test_a_model_that_needs_attributes_says_so(bars, tiny_gan, tiny_training):
    images, _ = bars
    for kind in ("attribute_classifier", "interpretable_gan"):
        model = fresh(kind, tiny_gan, tiny_training)
        with pytest.raises(BadSettings, match="needs attribute values of training and validation images"):
            train(model, images, None, images, tiny_training, 0, "cpu", None, silent, never)


def test_an_epoch_visits_every_image_once_and_epochs_differ():
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    resident = ResidentImages(images, None, torch.device("cpu"))

    def epoch(number: int) -> list[float]:
        batches = [resident.batch(2 * number + i, 5, seeds=(1,)).images for i in range(2)]
        return [round(value * 255) for value in torch.cat(batches).flatten().tolist()]

    assert sorted(epoch(0)) == sorted(epoch(1)) == list(range(10))
    assert epoch(0) != epoch(1)
    assert epoch(0) == epoch(0)


def test_data_may_be_a_memory_map_and_fewer_than_a_batch(bars, tiny_gan, tiny_training, tmp_path):
    images, _ = bars
    np.save(tmp_path / "images.npy", images[:10])
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    model = fresh("vae", tiny_gan, tiny_training)
    result = train(model, mapped, None, mapped, tiny_training, 0, "cpu", None, silent, never)
    assert result.images_seen == 12 * 10


def test_the_state_holds_no_pickle(bars, tiny_gan, tiny_training, tmp_path: Path):
    run(fresh("vae", tiny_gan, tiny_training), bars, tiny_training, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["training_state.safetensors"]
    raw = (tmp_path / "training_state.safetensors").read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert "optimizer.adam.0.exp_avg" in header


def test_training_leaves_torchs_settings_as_they_were(bars, tiny_gan, tiny_training):
    before = torch.are_deterministic_algorithms_enabled()
    model = fresh("vae", tiny_gan, tiny_training)
    run(model, bars, tiny_training)
    assert torch.are_deterministic_algorithms_enabled() == before
    assert not model.training
    assert isinstance(BetaVaeSettings().training, TrainingSettings)
