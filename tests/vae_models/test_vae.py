"""The VAE family: closed forms, presets that agree, shapes and bounds."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from torch.distributions import Bernoulli, Normal, kl_divergence

from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.posteriors import GaussianPosterior
from latent_audit.vae_models.components.reconstruction import BernoulliReconstruction, GaussianReconstruction
from latent_audit.vae_models.components.regularisers import WeightedKl
from latent_audit.vae_models.components.vae import elbo, parameter_count
from latent_audit.vae_models.model import Batch, Model, Posterior
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.presets.presets import ModelSettings
from latent_audit.vae_models.training.settings import TrainingSettings

SHAPE = (1, 28, 28)


def images(count: int = 4) -> torch.Tensor:
    return torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(5))


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_kl_is_the_closed_form_of_two_gaussians(mean, log_variance):
    posterior = Posterior(torch.tensor([[mean]]), torch.tensor([[log_variance]]))
    expected = kl_divergence(Normal(mean, math.exp(log_variance / 2)), Normal(0.0, 1.0))
    actual = GaussianPosterior().kl_per_dimension(posterior)
    assert actual.item() == pytest.approx(expected.item(), abs=2e-5)
    assert actual.item() >= -1e-6


def test_samples_have_the_posteriors_mean_and_deviation():
    posterior = Posterior(torch.full((20_000, 1), 2.0), torch.full((20_000, 1), math.log(0.25)))
    draws = GaussianPosterior().sample(posterior, torch.Generator().manual_seed(0))
    assert draws.mean().item() == pytest.approx(2.0, abs=0.02)
    assert draws.std().item() == pytest.approx(0.5, abs=0.01)


def test_log_density_is_the_gaussians():
    posterior = Posterior(torch.tensor([[1.0]]), torch.tensor([[math.log(4.0)]]))
    expected = Normal(1.0, 2.0).log_prob(torch.tensor([[3.0]]))
    torch.testing.assert_close(GaussianPosterior().log_density(posterior, torch.tensor([[3.0]])), expected)


def test_bernoulli_nats_are_the_coins_and_log_2_a_pixel_for_a_fair_one():
    pixels = (images() > 0.5).float()
    logits = torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(0))
    expected = -Bernoulli(logits=logits).log_prob(pixels).flatten(1).sum(1)
    torch.testing.assert_close(BernoulliReconstruction().nats_per_image(logits, pixels), expected)
    fair = BernoulliReconstruction().nats_per_image(torch.zeros_like(logits), pixels)
    torch.testing.assert_close(fair, torch.full((4,), 784 * math.log(2)))


def test_gaussian_nats_are_the_gaussians_with_its_constant():
    outputs = torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(0))
    expected = -Normal(outputs.sigmoid(), math.sqrt(0.1)).log_prob(images()).flatten(1).sum(1)
    torch.testing.assert_close(GaussianReconstruction(0.1).nats_per_image(outputs, images()), expected)


def test_the_weight_of_the_kl_rises_linearly_and_stays():
    weights = [WeightedKl(4.0, 4).weight(step) for step in range(6)]
    assert weights == [1.0, 2.0, 3.0, 4.0, 4.0, 4.0]
    assert WeightedKl(4.0, 0).weight(0) == 4.0


def test_a_beta_vae_with_beta_1_is_the_vae():
    plain = build(VaeSettings(), SHAPE, (), seed=3)
    beta = build(BetaVaeSettings(beta=1.0), SHAPE, (), seed=3)
    assert type(plain) is type(beta)
    batch = Batch(images(), None)
    for step in range(3):
        first = plain.update(batch, step, torch.Generator().manual_seed(step))
        second = beta.update(batch, step, torch.Generator().manual_seed(step))
        assert {n: v.item() for n, v in first.items()} == {n: v.item() for n, v in second.items()}


def test_beta_multiplies_the_kl_and_nothing_else():
    losses = {}
    for beta in (1.0, 4.0):
        model = build(BetaVaeSettings(beta=beta), SHAPE, (), seed=3)
        losses[beta] = model.losses(Batch(images(), None), torch.Generator().manual_seed(0))
    assert losses[4.0]["kl"] == losses[1.0]["kl"]
    assert losses[4.0]["reconstruction"] == losses[1.0]["reconstruction"]
    assert losses[4.0]["penalty"].item() == pytest.approx(4 * losses[1.0]["penalty"].item())
    total = losses[4.0]["reconstruction"] + losses[4.0]["penalty"]
    assert losses[4.0]["total"].item() == pytest.approx(total.item())


def test_the_elbo_is_minus_the_plain_vaes_loss():
    model = build(VaeSettings(), SHAPE, (), seed=3)
    losses = model.losses(Batch(images(), None), torch.Generator().manual_seed(0))
    bound = elbo(model, images(), torch.Generator().manual_seed(0))
    assert bound.mean().item() == pytest.approx(-losses["total"].item(), rel=1e-5)


@pytest.mark.parametrize(
    "settings", [VaeSettings(latent_dim=3), BetaVaeSettings(network="mlp", latent_dim=3)]
)
def test_the_protocols_shapes_names_and_ranges(settings):
    model = build(settings, SHAPE, (), seed=0)
    assert isinstance(model, Model)
    assert model.latent_dim == 3
    assert model.dimension_names == ("z0", "z1", "z2")
    assert len(set(model.dimension_groups)) == 3
    posterior = model.encode(images())
    assert posterior.mean.shape == posterior.log_variance.shape == (4, 3)
    decoded = model.decode(model.sample_latents(5, torch.Generator().manual_seed(0)))
    assert decoded.shape == (5, *SHAPE)
    assert 0 <= decoded.min() <= decoded.max() <= 1
    kl = model.kl_per_dimension(images())
    assert kl is not None
    assert kl.shape == (4, 3)
    assert model.reconstruction_nats(images(), posterior.mean).shape == (4,)


def test_the_same_seed_builds_the_same_weights_and_leaves_torchs_own_stream_alone():
    torch.manual_seed(11)
    expected = torch.rand(1)
    torch.manual_seed(11)
    first = build(VaeSettings(), SHAPE, (), seed=5)
    assert torch.equal(torch.rand(1), expected)
    second, other = build(VaeSettings(), SHAPE, (), seed=5), build(VaeSettings(), SHAPE, (), seed=6)
    assert torch.equal(first.encode(images()).mean, second.encode(images()).mean)
    assert not torch.equal(first.encode(images()).mean, other.encode(images()).mean)


def test_an_objective_per_image_averages_to_the_loss():
    model = build(BetaVaeSettings(), SHAPE, (), seed=3)
    batch = Batch(images(), None)
    objective = model.held_out_objective(batch, torch.Generator().manual_seed(0))
    assert objective.shape == (4,)
    losses = model.losses(batch, torch.Generator().manual_seed(0))
    assert objective.mean().item() == pytest.approx(losses["total"].item(), rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"kind": "vae", "reconstruction": "gaussian"}, "gaussian needs pixel_variance"),
        (
            {"kind": "vae", "pixel_variance": 0.1},
            "pixel_variance belongs to reconstruction gaussian or laplace",
        ),
        ({"kind": "vae", "warm_up_steps": 10_000_000}, "the KL never has its full weight"),
        ({"kind": "vae", "beta": 2}, "Extra inputs are not permitted"),
        ({"kind": "beta_vae", "beta": -1}, "greater than or equal to 0"),
        ({"kind": "flow"}, "does not match any of the expected tags"),
        (
            {"kind": "vae", "training": {"patience": 2, "steps": 5, "evaluate_every": 9}},
            "lower evaluate_every",
        ),
    ],
)
def test_illegal_settings_are_refused_with_a_sentence(settings, sentence):
    with pytest.raises(ValidationError, match=sentence):
        TypeAdapter(ModelSettings).validate_python(settings)


def test_every_setting_says_what_it_is():
    for settings in (VaeSettings, BetaVaeSettings, TrainingSettings):
        described = {n: f.description for n, f in settings.model_fields.items() if n != "kind"}
        assert all(described.values()), described


def test_parameter_count_counts_what_is_trained():
    module = torch.nn.Linear(3, 2)
    assert parameter_count(module) == 8
    module.bias.requires_grad_(False)
    assert parameter_count(module) == 6


def test_values_are_not_used_by_the_family():
    model = build(VaeSettings(), SHAPE, (), seed=0)
    assert model.training_values(np.zeros((3, 2)), 0) is None
    assert model.encode_values(np.zeros((3, 2))) is None


@pytest.mark.parametrize("kind", ["vae", "beta_tc_vae", "laplace_vae"])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)], ids=["grey", "rgb"])
def test_a_step_is_adams_own_whatever_the_layout_of_weights(kind: str, shape: tuple[int, int, int]) -> None:
    batch = Batch(torch.rand(16, *shape, generator=torch.Generator().manual_seed(1)), None)
    moved = []
    for fused in (True, False):
        model = build(TypeAdapter(ModelSettings).validate_python({"kind": kind}), shape, (), 0)
        model.to(memory_format=torch.channels_last)
        (optimizer,) = model.optimizers().values()
        assert optimizer.defaults["fused"]
        optimizer.param_groups[0]["fused"] = fused
        for step in range(2):
            model.update(batch, step, torch.Generator().manual_seed(step))
        moved.append({name: weight.detach().clone() for name, weight in model.named_parameters()})
    for name, weight in moved[0].items():
        # A gradient of rounding's size may move a weight the other way in the second step; a wrong layout moves most.
        off = (weight - moved[1][name]).abs() > 1e-5
        assert off.float().mean() < 0.01, name
