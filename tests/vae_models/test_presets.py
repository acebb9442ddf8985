"""Every preset, by one contract: shapes, ranges, a loss that falls, and runs that repeat, come back and go on."""

from importlib import import_module
from typing import Any, get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import Target, fit_targets
from latent_audit.vae_models.brought_classifier.settings import (
    BroughtClassifierSettings,
    GivenClassifierSettings,
)
from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadSettings, Cancelled
from latent_audit.vae_models.inference import encode_images
from latent_audit.vae_models.model import Batch, Model
from latent_audit.vae_models.presets import registry as kinds
from latent_audit.vae_models.presets.presets import AnyModelSettings, ModelSettings
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings
from latent_audit.vae_models.pretrained.functions.functions_settings import FunctionsSettings
from latent_audit.vae_models.storage import checkpoints, recipes
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.results import TrainingResult
from latent_audit.vae_models.training.settings import TrainingSettings

TINY: dict[str, dict[str, Any]] = {
    "annealed_vae": {"capacity_nats": 5.0, "capacity_steps": 6, "gamma": 5.0},
    "factor_vae": {"discriminator_layers": 2, "discriminator_units": 16},
    "vamp_vae": {"components": 4},
    "gm_vae": {"components": 3},
    "interpretable_gan": {"hidden": 16, "encoder_width": 4, "free_dimensions": 2, "average_decay": 0.5},
    "attribute_vae": {"free_dimensions": 3},
    "bayesian_vae": {"network": "mlp"},
}
KINDS = tuple(
    settings.model_fields["kind"].default
    for settings in get_args(AnyModelSettings)
    if not issubclass(settings, ExistingModelSettings)
)
STEPS = 8
Data = tuple[NDArray[np.uint8], NDArray[np.float64], tuple[Target, ...]]


@pytest.fixture(scope="module")
def sprites(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("sprites")
    data = SpritesSettings(images=120).load(folder, folder, 0, lambda *_: None)
    return np.asarray(data.images), data.values, fit_targets(data.attributes, data.values)


def settings_of(kind: str, steps: int = STEPS) -> AnyModelSettings:
    given: dict[str, Any] = {"kind": kind, **TINY.get(kind, {})}
    if kind not in ("interpretable_gan", "attribute_vae"):
        given["latent_dim"] = 4
    if kind not in ("autoencoder", "annealed_vae"):
        given["warm_up_steps"] = 2
    training = TrainingSettings(
        steps=steps,
        batch_size=16,
        precision="fp32",
        evaluate_every=4,
        checkpoint_every=4,
        evaluation_images=40,
    )
    return TypeAdapter(ModelSettings).validate_python(given | {"training": training})


def fresh(kind: str, data: Data) -> Any:
    return build(settings_of(kind), data[0].shape[1:], data[2], seed=1)


def run(model: Any, data: Data, kind: str, folder=None, stop_at=None, steps: int = STEPS) -> TrainingResult:
    images, values, _ = data
    seen = iter(range(10_000))
    return train(
        model,
        images[:80],
        values[:80],
        images[80:],
        settings_of(kind, steps).training,
        7,
        "cpu",
        folder,
        lambda _: None,
        lambda: next(seen) == stop_at,
        values[80:],
    )


def weights(model: Any) -> dict[str, NDArray]:
    return {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}


def assert_same(first: dict[str, NDArray], second: dict[str, NDArray]) -> None:
    assert first.keys() == second.keys()
    assert [name for name in first if not np.array_equal(first[name], second[name])] == []


@pytest.fixture(scope="module")
def trained(sprites: Data) -> dict[str, tuple[Model, TrainingResult]]:
    """Every preset trained once; what tests read of them they must not change."""
    models = {kind: fresh(kind, sprites) for kind in KINDS}
    return {kind: (model, run(model, sprites, kind)) for kind, model in models.items()}


def test_all_presets_are_there() -> None:
    assert set(KINDS) == {
        "autoencoder", "vae", "beta_vae", "annealed_vae", "factor_vae", "beta_tc_vae", "dip_vae_i", "dip_vae_ii",
        "gm_vae", "vamp_vae", "laplace_vae", "attribute_vae", "semi_supervised_vae", "attention_vae", "bayesian_vae",
        "linear_vae", "full_covariance_vae", "flow_vae", "interpretable_gan",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_names_and_ranges(kind: str, trained, sprites: Data) -> None:
    model, _ = trained[kind]
    assert isinstance(model, Model)
    images = torch.from_numpy(sprites[0][:5]).float() / 255
    size = model.latent_dim
    assert (
        len(model.dimension_names) == len(set(model.dimension_names)) == len(model.dimension_groups) == size
    )
    posterior = model.encode(images)
    assert posterior.mean.shape == posterior.log_variance.shape == (5, size)
    assert torch.isfinite(posterior.mean).all()
    assert torch.isfinite(posterior.log_variance).all()
    codes = model.sample_latents(7, torch.Generator().manual_seed(0))
    assert codes.shape == (7, size)
    assert not codes.requires_grad
    decoded = model.decode(codes)
    assert decoded.shape == (7, 1, 32, 32)
    assert 0 <= decoded.min() <= decoded.max() <= 1
    nats = model.reconstruction_nats(images, posterior.mean)
    assert nats.shape == (5,)
    assert torch.isfinite(nats).all()
    assert kind == "linear_vae" or (nats > 0).all()  # a density of pixels may be above 1
    kl = model.kl_per_dimension(images)
    if kind in ("autoencoder", "interpretable_gan", "full_covariance_vae", "flow_vae"):
        assert kl is None
    else:
        again = model.kl_per_dimension(images)
        assert kl is not None
        assert again is not None
        assert kl.shape == (5, size)
        assert torch.isfinite(kl).all()
        assert torch.equal(kl, again)


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_finite_and_per_image_objectives_average_to_the_total(
    kind: str, trained, sprites: Data
) -> None:
    model, _ = trained[kind]
    images, values, _ = sprites
    encoded = model.encode_values(values[:9])
    batch = Batch(
        torch.from_numpy(images[:9]).float() / 255, None if encoded is None else torch.from_numpy(encoded)
    )
    losses = model.losses(batch, torch.Generator().manual_seed(0))
    assert all(value.dim() == 0 and torch.isfinite(value) for value in losses.values())
    if "total" in losses:
        objective = model.held_out_objective(batch, torch.Generator().manual_seed(0))
        assert objective.shape == (9,)
        assert objective.mean().item() == pytest.approx(losses["total"].item(), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_held_out_loss_falls(kind: str, sprites: Data) -> None:
    curve = run(fresh(kind, sprites), sprites, kind, steps=24).curves["held_out"]
    assert curve[-1][1] < curve[0][1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_weights_and_curves(kind: str, trained, sprites: Data) -> None:
    model, result = trained[kind]
    again = fresh(kind, sprites)
    assert run(again, sprites, kind).curves == result.curves
    assert_same(weights(again), weights(model))


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_goes_on_to_the_same_weights(kind: str, trained, sprites: Data, tmp_path) -> None:
    model, result = trained[kind]
    with pytest.raises(Cancelled, match="stopped at step 5"):
        run(fresh(kind, sprites), sprites, kind, tmp_path, stop_at=5)
    resumed = fresh(kind, sprites)
    assert run(resumed, sprites, kind, tmp_path).curves == result.curves
    assert_same(weights(resumed), weights(model))


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_comes_back_equal(kind: str, trained, sprites: Data, tmp_path) -> None:
    model, _ = trained[kind]
    made_by = recipes.recipe(settings_of(kind), sprites[0].shape[1:], sprites[2], seed=1)
    recipes.save(tmp_path, model, made_by)
    loaded = checkpoints.load(tmp_path, "cpu")
    assert type(loaded) is type(model)
    assert_same(weights(loaded), weights(model))
    for first, second in zip(
        encode_images(model, sprites[0][:9]), encode_images(loaded, sprites[0][:9]), strict=True
    ):
        # Training lays weights out in another order of memory, and sums come out with another rounding.
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 16, 16), (3, 97, 97)])
@pytest.mark.parametrize("kind", ["attention_vae", "semi_supervised_vae", "vamp_vae", "interpretable_gan"])
def test_presets_take_every_image_size(kind: str, shape, sprites: Data) -> None:
    model = build(settings_of(kind), shape, sprites[2], seed=0)
    means = model.encode(torch.rand(2, *shape)).mean
    assert model.decode(means).shape == (2, *shape)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"kind": "annealed_vae", "capacity_steps": 5000}, "the capacity is never reached"),
        ({"kind": "autoencoder", "warm_up_steps": 5}, "Input should be 0"),
        ({"kind": "attention_vae", "network": "mlp"}, "Input should be 'attention'"),
        ({"kind": "semi_supervised_vae", "efficiency_shares": [0.1, 0.1]}, "must be different and above 0"),
        ({"kind": "bayesian_vae", "prior_deviation": 0}, "greater than 0"),
    ],
)
def test_illegal_settings_are_refused_with_a_sentence(settings, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        TypeAdapter(ModelSettings).validate_python(settings)


@pytest.mark.parametrize(
    ("settings", "targets", "sentence"),
    [
        ({"kind": "attribute_vae", "named": ["colour"]}, (Target("x", "continuous", 1),), "the data have x"),
        ({"kind": "attribute_vae"}, (), "at least one attribute to name a dimension after"),
        ({"kind": "semi_supervised_vae"}, (Target("x", "continuous", 1),), r"the data have x \(continuous\)"),
        ({"kind": "semi_supervised_vae", "label": "x"}, (Target("x", "continuous", 1),), "got 'x'"),
    ],
)
def test_settings_that_do_not_fit_the_data_are_refused(settings, targets, sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        build(TypeAdapter(ModelSettings).validate_python(settings), (1, 32, 32), targets, seed=0)


def test_every_kind_is_found_by_its_name_and_no_other_is():
    """The union serves settings files, the list serves recipes: a kind in one alone would be trained and not loaded.

    Functions in memory are held by a Python program, and no file can name them.
    """
    union = {model.model_fields["kind"].default: model for model in get_args(AnyModelSettings)}
    listed = {}
    for kind, place in kinds.KINDS.items():
        module, name = place.split(":")
        listed[kind] = getattr(import_module(module), name)
    of_python = {"functions": FunctionsSettings, "function_classifier": GivenClassifierSettings}
    classifiers = {
        "attribute_classifier": AttributeClassifierSettings,
        "entrypoint_classifier": BroughtClassifierSettings,
    }
    assert listed == union | of_python | classifiers
