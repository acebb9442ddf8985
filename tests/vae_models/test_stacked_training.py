"""Several VAEs in one step learn what each learns by itself."""

from pathlib import Path

import numpy as np
import pytest
import torch

from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.choices import ResidualSize
from latent_audit.vae_models.components.layers.residual import ResidualBlock
from latent_audit.vae_models.errors import BadSettings, Cancelled
from latent_audit.vae_models.presets.beta_tc_vae import BetaTcVaeSettings
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.factor_vae import FactorVaeSettings
from latent_audit.vae_models.presets.gm_vae import GmVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vae_models.training.stacked_networks import stacked_forward, stacked_state
from latent_audit.vae_models.training.stacked_training import train_together

SEEDS = (3, 8, 5)
STEPS = 24
TRAINING = TrainingSettings(
    steps=STEPS, batch_size=16, precision="fp32", evaluate_every=8, evaluation_images=40, checkpoint_every=8
)
SMALL = {"latent_dim": 4, "warm_up_steps": 5, "learning_rate": 1e-3}


def sprites(shape: tuple[int, int, int], count: int = 200) -> np.ndarray:
    random = np.random.default_rng(0)
    images = np.zeros((count, *shape), np.uint8)
    for image in images:
        row, column = random.integers(0, shape[1] - 8, 2)
        image[:, row : row + 8, column : column + 6] = 255
    return images


def settings_of(betas: tuple[float, ...], **given: object) -> list[BetaVaeSettings]:
    return [BetaVaeSettings(beta=beta, **SMALL, **given) for beta in betas]


def together(models, images, folder: Path | None = None, training=TRAINING, should_stop=lambda: False):
    return train_together(
        models, images[40:], images[:40], training, SEEDS, "cpu", folder, lambda progress: None, should_stop
    )


@pytest.mark.parametrize("network", ["mlp", "burgess", "locatello", "residual"])
@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 28, 28)], ids=["grey", "rgb padded"])
def test_a_stacked_network_is_each_network(network: str, shape: tuple[int, int, int]) -> None:
    size = ResidualSize(width=8, norm="group") if network == "residual" else None
    settings = VaeSettings(network=network, residual=size, latent_dim=4)
    models = [build(settings, shape, (), seed) for seed in SEEDS]
    for place, model in enumerate(models):
        for layer in model.modules():
            if isinstance(layer, ResidualBlock):
                torch.nn.init.constant_(layer.strength, 0.3 + place)
    images = torch.rand(len(models), 5, *shape)
    codes = torch.randn(len(models), 5, 4)
    for part, inputs in (("encoder", images), ("decoder", codes)):
        networks = [getattr(model, part) for model in models]
        found = stacked_forward(networks[0], stacked_state(networks), len(models), inputs)
        for one, own, result in zip(networks, inputs, found, strict=True):
            torch.testing.assert_close(result, one(own), rtol=1e-4, atol=1e-5)


def alone(model, images, seed: int, training=TRAINING):
    nobody = (lambda progress: None, lambda: False)
    return train(model, images[40:], None, images[:40], training, seed, "cpu", None, *nobody)


def settings_for(kind: str, **given: object) -> list[BetaVaeSettings] | list[BetaTcVaeSettings]:
    if kind == "betas":
        return [BetaVaeSettings(beta=beta, **SMALL | given) for beta in (1.0, 4.0, 8.0)]
    return [BetaTcVaeSettings(beta=beta, **SMALL | given) for beta in (2.0, 6.0, 6.0)]


def built(settings, epsilon: float):
    """Returns models whose Adam adds `epsilon` to the size of a gradient before it divides by it.

    A gradient that is all rounding then moves nothing, where it would move its weight as far as any other.
    """
    models = [build(one, (1, 32, 32), (), seed) for one, seed in zip(settings, SEEDS, strict=True)]
    for model in models:
        model.optimizers()["adam"].param_groups[0]["eps"] = epsilon
    return models


@pytest.mark.parametrize("kind", ["betas", "beta_tc_vae"])
def test_a_step_of_a_stack_is_the_step_of_each_model(kind: str) -> None:
    """Over one step, since rounding grows with each: how sums are added up differs by processor, and in a stack."""
    images, training = sprites((1, 32, 32)), TRAINING.model_copy(update={"steps": 1})
    settings = settings_for(kind, warm_up_steps=0)
    # So large that a step is nearly in proportion to its gradient.
    stacked, single, before = (built(settings, epsilon=1.0) for _ in range(3))
    together(stacked, images, training=training)
    for place, seed in enumerate(SEEDS):
        alone(single[place], images, seed, training)
        for name, weight in single[place].named_parameters():
            torch.testing.assert_close(
                stacked[place].get_parameter(name), weight, rtol=1e-5, atol=2e-6, msg=name
            )
        moved = stacked[place].encoder[-1].weight - before[place].encoder[-1].weight
        assert moved.abs().max() > 2e-4


@pytest.mark.parametrize("kind", ["betas", "beta_tc_vae"])
def test_a_stack_learns_what_each_model_learns_by_itself(kind: str) -> None:
    """Losses over many steps: noise of 1e-5 on each weight after each step moves them by 2 %, another seed by 20 %."""
    images, settings = sprites((1, 32, 32)), settings_for(kind)
    stacked, single, before = (built(settings, epsilon=1e-4) for _ in range(3))
    results = together(stacked, images)
    for place, seed in enumerate(SEEDS):
        result = alone(single[place], images, seed)
        assert (results[place].steps, results[place].stopped) == (STEPS, "completed")
        assert results[place].images_seen == result.images_seen
        assert set(results[place].curves) == set(result.curves)
        for name in ("reconstruction", "kl", "penalty", "total"):
            np.testing.assert_allclose(
                results[place].curves[name], result.curves[name], rtol=4e-2, err_msg=name
            )
        moved = stacked[place].encoder[-1].weight - before[place].encoder[-1].weight
        assert moved.abs().max() > 0.01  # and it did learn


def test_a_stopped_stack_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    images = sprites((1, 28, 28))
    settings = settings_of((1.0, 4.0, 8.0), network="mlp")

    def fresh():
        return [build(one, (1, 28, 28), (), seed) for one, seed in zip(settings, SEEDS, strict=True)]

    whole, stopped = fresh(), fresh()
    results = together(whole, images)
    asked = iter(range(STEPS))
    with pytest.raises(Cancelled, match="step 11"):
        together(stopped, images, tmp_path, should_stop=lambda: next(asked) == 11)
    resumed = fresh()
    again = together(resumed, images, tmp_path)
    for one, other in zip(whole, resumed, strict=True):
        for weight, same in zip(one.parameters(), other.parameters(), strict=True):
            assert torch.equal(weight, same)
    assert [result.curves for result in again] == [result.curves for result in results]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ([FactorVaeSettings(network="mlp")] * 3, "learn or remember"),
        ([GmVaeSettings(network="mlp")] * 3, "learnt priors"),
        ([VaeSettings(network="mlp", latent_dim=dim) for dim in (3, 3, 4)], "one architecture"),
        ([VaeSettings(network="mlp", learning_rate=rate) for rate in (1e-3, 1e-3, 1e-4)], "learning rate"),
        ([VaeSettings(network="attention")] * 3, "SelfAttention layers"),
    ],
)
def test_what_cannot_be_stacked_has_a_sentence(settings, said: str) -> None:
    models = [build(one, (1, 28, 28), (), seed) for one, seed in zip(settings, SEEDS, strict=True)]
    with pytest.raises(BadSettings, match=said):
        together(models, sprites((1, 28, 28)))


def test_patience_and_missing_seeds_are_refused() -> None:
    models = [build(VaeSettings(network="mlp"), (1, 28, 28), (), seed) for seed in SEEDS]
    patient = TRAINING.model_copy(update={"patience": 2})
    with pytest.raises(BadSettings, match="patience"):
        together(models, sprites((1, 28, 28)), training=patient)
    with pytest.raises(BadSettings, match="2 and 3 seeds"):
        together(models[:2], sprites((1, 28, 28)))
