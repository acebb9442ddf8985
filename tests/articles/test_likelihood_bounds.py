"""Bounds on log p(x) where the answer is known: probabilistic PCA, turned, and a posterior that bends."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.linalg import qr
from torch import Tensor, nn

from latent_audit.tasks.analyses.scores.likelihood import importance_bound
from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.reconstruction import (
    PlainGaussianReconstruction,
    exact_log_likelihood,
)
from latent_audit.vae_models.components.vae import VariationalAutoencoder
from latent_audit.vae_models.densities import densities_of
from latent_audit.vae_models.importance_weights import importance_weights, known_log_likelihood
from latent_audit.vae_models.model import Batch
from latent_audit.vae_models.presets.settings_by_kind import read_settings

SIDE, SIZE, VARIANCE = 4, 3, 0.02
SHAPE = (1, SIDE, SIDE)
# Standard deviations of the images along each direction of the code.
WIDTHS = (0.6, 0.3, 0.1)


def pca_weight() -> Tensor:
    """Returns the decoder (pixels, d) of probabilistic PCA for images of these widths along three directions."""
    directions = qr(np.random.default_rng(0).standard_normal((SIDE**2, SIZE)), mode="economic")[0]
    return torch.from_numpy(directions * np.array(WIDTHS)).float()


def turned() -> Tensor:
    """Returns the same decoder after a turn of the code, so that posteriors have relations."""
    turn = qr(np.random.default_rng(1).standard_normal((SIZE, SIZE)))[0]
    return pca_weight() @ torch.from_numpy(turn).float()


def precision(weight: Tensor) -> Tensor:
    """Returns the precision (d, d) of the exact posterior, which is that of every image."""
    return torch.eye(weight.shape[1]).double() + weight.double().T @ weight.double() / VARIANCE


def images(weight: Tensor, count: int, seed: int) -> Tensor:
    """Returns draws of the model itself, float (count, 1, side, side); they may leave [0, 1]."""
    stream = torch.Generator().manual_seed(seed)
    codes = torch.randn(count, SIZE, generator=stream)
    noise = math.sqrt(VARIANCE) * torch.randn(count, SIDE**2, generator=stream)
    return (0.5 + codes @ weight.T + noise).view(-1, *SHAPE)


def linear(kind: str, weight: Tensor, **settings: Any) -> VariationalAutoencoder:
    """Returns a model of a kind with one linear layer each way, whose decoder is this one and is not learnt."""
    asked = {"latent_dim": SIZE, "network": "mlp", "hidden_units": [], **settings}
    model = build(read_settings(kind, asked), SHAPE, (), seed=0)
    model.reconstruction = PlainGaussianReconstruction(VARIANCE)
    fix(model, weight)
    nn.init.zeros_(model.encoder[-1].weight)
    return model


def fix(model: VariationalAutoencoder, weight: Tensor) -> None:
    layer = model.decoder[0]
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.fill_(0.5)
    model.decoder.requires_grad_(False)


def trained(
    model: VariationalAutoencoder, given: Tensor, steps: int, rate: float, batch: int = 1024
) -> VariationalAutoencoder:
    """Trains the encoder alone, with a falling step size; the images are drawn in turn."""
    learnt = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(learnt, lr=rate)
    stream = torch.Generator().manual_seed(2)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 - step / steps) + rate / 100
        some = given[torch.randint(len(given), (batch,), generator=stream)]
        loss = model.losses(Batch(some, None), stream)["total"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def log_weights(model: VariationalAutoencoder, given: Tensor, draws: int) -> Tensor:
    """Returns (n, draws) log p(x, z) - log q(z | x)."""
    densities = densities_of(model)
    assert densities is not None
    stream, found = torch.Generator().manual_seed(3), []
    with torch.no_grad():
        posterior = densities.infer(given)
        for _ in range(draws):
            latents, log_q = densities.draw(posterior, stream)
            nats = model.reconstruction_nats(given, latents)
            found.append(densities.prior(latents) - nats - log_q)
    return torch.stack(found, 1).double()


def gap(model: VariationalAutoencoder, given: Tensor, log_p: Tensor, draws: int = 100) -> float:
    """Returns log p(x) - ELBO in the mean over these images; the standard error over draws is at most 0.01 nats."""
    behind = log_p[:, None] - log_weights(model, given, draws)
    assert behind.var(1).mean().sqrt() / math.sqrt(behind.numel()) <= 0.01
    return float(behind.mean())


def test_a_linear_vae_of_pca_has_the_exact_likelihood() -> None:
    weight = pca_weight()
    model = linear("linear_vae", weight, pixel_variance=VARIANCE)
    spread = 1 / precision(weight).diagonal()
    towards = (spread[:, None] * weight.double().T / VARIANCE).float()
    with torch.no_grad():
        model.encoder[-1].weight.copy_(torch.cat([towards, torch.zeros_like(towards)]))
        offset = -towards @ torch.full((SIDE**2,), 0.5)
        model.encoder[-1].bias.copy_(torch.cat([offset, spread.log().float()]))
    shown = np.random.default_rng(0).integers(0, 256, (20, *SHAPE), dtype=np.uint8)
    weights, exact = importance_weights(model, shown, 500, seed=0), known_log_likelihood(model, shown)
    assert weights is not None
    assert exact is not None
    np.testing.assert_allclose(weights.mean(1), exact, atol=1e-3)
    for draws in (50, 500):
        bound, effective = importance_bound(weights[:, :draws])
        np.testing.assert_allclose(bound, exact, atol=1e-3)
        np.testing.assert_allclose(effective, [draws] * 20, rtol=1e-3)
    covariance = weight.double() @ weight.double().T + VARIANCE * torch.eye(SIDE**2).double()
    normal = torch.distributions.MultivariateNormal(torch.full((SIDE**2,), 0.5).double(), covariance)
    expected = normal.log_prob(torch.from_numpy(shown).double().flatten(1) / 255)
    np.testing.assert_allclose(exact, expected, rtol=1e-6)


def test_the_gap_of_a_diagonal_posterior_is_that_of_its_precision_and_a_full_covariance_closes_it() -> None:
    weight = turned()
    given, new = images(weight, 4000, 4), images(weight, 500, 5)
    lambdas = precision(weight)
    expected = 0.5 * float(lambdas.diagonal().log().sum() - torch.logdet(lambdas))
    assert expected > 0.2  # else there is nothing to find
    diagonal = trained(linear("vae", weight), given, 600, 0.05)
    log_p = exact_log_likelihood(diagonal.decoder[0], VARIANCE, new)
    assert gap(diagonal, new, log_p) == pytest.approx(expected, abs=0.05)
    full = trained(linear("full_covariance_vae", weight), given, 600, 0.05)
    assert abs(gap(full, new, log_p)) <= 0.02


class Bent(nn.Module):
    """A fixed decoder of two codes onto which many codes fit an image alike: along a bow."""

    def forward(self, latents: Tensor) -> Tensor:
        """Returns (n, 1, 1, 2): the second code and the square of the first, weakly told apart."""
        first, second = latents.unbind(1)
        return torch.stack([second + 0.7 * first.square(), 0.3 * first], 1)[:, None, None, :]


def bent(kind: str, **settings: Any) -> VariationalAutoencoder:
    asked = {"latent_dim": 2, "network": "mlp", "hidden_units": [32, 32], "learning_rate": 1e-3, **settings}
    model = build(read_settings(kind, asked), (1, 1, 2), (), seed=0)
    model.reconstruction = PlainGaussianReconstruction(0.05)
    model.decoder = Bent()
    return model


def by_grid(given: Tensor) -> Tensor:
    """Returns (n,) log p(x) of the bent decoder, by a sum over a grid of codes."""
    line = torch.linspace(-5, 5, 401).double()
    first, second = (plane.reshape(-1, 1) for plane in torch.meshgrid(line, line, indexing="ij"))
    codes = torch.cat([first, second], 1)
    prior = -0.5 * (codes.square() + math.log(2 * math.pi)).sum(1) + 2 * math.log(float(line[1] - line[0]))
    means = Bent()(codes).flatten(1)
    found = []
    for image in given.flatten(1).double():
        squared = (means - image).square().sum(1) / 0.05
        found.append((prior - 0.5 * (squared + 2 * math.log(2 * math.pi * 0.05))).logsumexp(0))
    return torch.stack(found)


def test_a_flow_closes_half_of_what_a_full_covariance_leaves_where_the_posterior_bends() -> None:
    stream = torch.Generator().manual_seed(6)
    codes = torch.randn(4300, 2, generator=stream)
    given = Bent()(codes)
    given = given + math.sqrt(0.05) * torch.randn(given.shape, generator=stream)
    seen, new = given[:4000], given[4000:]
    log_p = by_grid(new)
    left = gap(trained(bent("full_covariance_vae"), seen, 400, 5e-3, 512), new, log_p)
    assert left > 0.1
    flow = gap(trained(bent("flow_vae"), seen, 400, 5e-3, 512), new, log_p)
    assert -0.02 <= flow <= left / 2


def test_the_flows_density_is_that_of_its_draws() -> None:
    model = build(
        read_settings("flow_vae", {"latent_dim": 3, "network": "mlp", "hidden_units": [8]}), SHAPE, (), 0
    )
    family = model.posterior
    posterior = family.from_outputs(torch.randn(1, 9, generator=torch.Generator().manual_seed(0)))
    noise = torch.randn(1, 3, generator=torch.Generator().manual_seed(1))
    jacobian = torch.autograd.functional.jacobian(lambda start: family._moved(posterior, start)[0][0], noise)[
        :, 0
    ]
    density = torch.distributions.Normal(0.0, 1.0).log_prob(noise).sum() - torch.linalg.slogdet(jacobian)[1]
    torch.testing.assert_close(family._moved(posterior, noise)[1][0], density)
    for step in family.steps:  # each shift and gate follows only the elements before its own
        towards = torch.autograd.functional.jacobian(
            lambda x, step=step: step(x, posterior.context)[0][0], noise
        )
        strict = (
            towards[:, 0].flip(0, 1) if step is family.steps[1] or step is family.steps[3] else towards[:, 0]
        )
        assert torch.equal(strict.triu(), torch.zeros(3, 3))


def test_the_kl_of_a_full_covariance_is_torchs() -> None:
    model = build(read_settings("full_covariance_vae", {"latent_dim": 3, "network": "mlp"}), SHAPE, (), 0)
    posterior = model.posterior.from_outputs(torch.randn(5, 12, generator=torch.Generator().manual_seed(0)))
    theirs = torch.distributions.MultivariateNormal(posterior.mean, scale_tril=posterior.lower)
    prior = torch.distributions.MultivariateNormal(torch.zeros(3), torch.eye(3))
    latents, log_q = model.posterior.draw(posterior, torch.Generator().manual_seed(1))
    torch.testing.assert_close(log_q, theirs.log_prob(latents))
    expected = torch.distributions.kl_divergence(theirs, prior)
    torch.testing.assert_close(model.posterior.kl_nats(posterior, latents, log_q), expected)
    torch.testing.assert_close(model.posterior.summary(posterior).log_variance.exp(), theirs.variance)


@pytest.mark.parametrize("kind", ["full_covariance_vae", "flow_vae"])
def test_a_kl_by_dimension_is_not_defined_for_related_elements_and_codes_repeat(kind: str) -> None:
    model = build(read_settings(kind, {"latent_dim": 3, "network": "mlp"}), SHAPE, (), 0)
    shown = torch.rand(4, *SHAPE)
    assert model.kl_per_dimension(shown) is None
    torch.testing.assert_close(model.encode(shown).mean, model.encode(shown).mean, rtol=0, atol=0)
    torch.testing.assert_close(model.encode(shown).mean[:2], model.encode(shown[:2]).mean)


def test_a_model_without_densities_has_no_bound() -> None:
    model = build(read_settings("autoencoder", {"latent_dim": 3, "network": "mlp"}), SHAPE, (), 0)
    assert importance_weights(model, np.zeros((2, *SHAPE), np.uint8), 10, 0) is None
