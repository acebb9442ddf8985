"""The parts of the VAE family against closed forms and brute force."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Laplace, Normal, kl_divergence

from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.attribute_head import AttributeHead
from latent_audit.vae_models.components.capacity import CURVE_POINTS, CapacityPenalty
from latent_audit.vae_models.components.composition import refuse_illegal
from latent_audit.vae_models.components.layers.self_attention import SelfAttention
from latent_audit.vae_models.components.mixture_priors import Components, GaussianMixture, VampPrior
from latent_audit.vae_models.components.moment_matching import MomentMatching, code_covariance
from latent_audit.vae_models.components.posteriors import GaussianPosterior, LaplacePosterior, PointPosterior
from latent_audit.vae_models.components.priors import ObservedCodes, StandardNormal
from latent_audit.vae_models.components.reconstruction import LaplaceReconstruction
from latent_audit.vae_models.components.regularisers import Encoded, Unregularised, WeightedKl
from latent_audit.vae_models.components.semi_supervised_vae import (
    BoundTerms,
    labelled_bound,
    unlabelled_bound,
)
from latent_audit.vae_models.components.total_correlation import BetaTotalCorrelation, total_correlation
from latent_audit.vae_models.components.total_correlation_discriminator import (
    DiscriminatedTotalCorrelation,
    shuffled_dimensions,
)
from latent_audit.vae_models.components.weight_uncertainty import GaussianWeights
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout
from latent_audit.vae_models.model import Batch, Posterior
from latent_audit.vae_models.presets.semi_supervised_settings import SemiSupervisedVaeSettings

SHAPE = (1, 28, 28)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=stream(seed))


def encoded(count: int = 6, dimensions: int = 3) -> Encoded:
    posterior = Posterior(normal(count, dimensions), 0.3 * normal(count, dimensions, seed=1))
    family = GaussianPosterior()
    return Encoded(posterior, family.sample(posterior, stream(2)), family.kl_per_dimension(posterior))


# ---- posteriors ---------------------------------------------------------------------------------


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_the_laplace_kl_is_its_closed_form(mean, log_variance):
    posterior = Posterior(torch.tensor([[mean]]), torch.tensor([[log_variance]]))
    scale = math.exp(log_variance / 2) / math.sqrt(2)
    expected = kl_divergence(Laplace(mean, scale), Normal(0.0, 1.0)).item()
    assert LaplacePosterior().kl_per_dimension(posterior).item() == pytest.approx(expected, abs=2e-5)


def test_laplace_samples_have_mean_variance_and_density_of_a_laplace():
    family, posterior = LaplacePosterior(), Posterior(torch.tensor([[2.0]]), torch.tensor([[math.log(0.5)]]))
    many = Posterior(*(tensor.expand(40_000, 1) for tensor in posterior))
    draws = family.sample(many, stream())
    assert draws.mean().item() == pytest.approx(2.0, abs=0.02)
    assert draws.var().item() == pytest.approx(0.5, abs=0.02)
    expected = Laplace(2.0, 0.5).log_prob(torch.tensor([[3.0]]))
    torch.testing.assert_close(family.log_density(posterior, torch.tensor([[3.0]])), expected)


def test_laplace_pixels_cost_their_absolute_error():
    outputs, images = normal(4, *SHAPE), torch.rand(4, *SHAPE, generator=stream(1))
    expected = -Laplace(outputs.sigmoid(), math.sqrt(0.05)).log_prob(images).flatten(1).sum(1)
    torch.testing.assert_close(LaplaceReconstruction(0.1).nats_per_image(outputs, images), expected)


# ---- priors -------------------------------------------------------------------------------------


def mixture() -> Components:
    return Components(normal(3).log_softmax(0), normal(3, 2, seed=1), 0.5 * normal(3, 2, seed=2))


def test_conditional_densities_add_up_to_the_mixtures_density():
    components, latents = mixture(), normal(5, 2, seed=3)
    parts = torch.stack(
        [
            Normal(mean, (0.5 * log_variance).exp()).log_prob(latents).sum(1)
            for mean, log_variance in zip(components.mean, components.log_variance, strict=True)
        ],
        1,
    )
    expected = (parts + components.log_weight).logsumexp(1)
    torch.testing.assert_close(components.log_density_per_dimension(latents).sum(1), expected)
    shares = (parts + components.log_weight).softmax(1)
    torch.testing.assert_close(components.responsibilities(latents), shares)


def test_a_mixture_of_one_standard_normal_is_the_vae_in_expectation():
    prior, family = GaussianMixture(1, 3), GaussianPosterior()
    posterior = Posterior(normal(4, 3), 0.5 * normal(4, 3, seed=1))
    repeated = Posterior(*(tensor.repeat_interleave(20_000, 0) for tensor in posterior))
    latents = family.sample(repeated, stream(2))
    estimate = prior.kl_per_dimension(family, repeated, latents, lambda _: repeated)
    mean = estimate.view(4, 20_000, 3).mean(1)
    torch.testing.assert_close(mean, family.kl_per_dimension(posterior), atol=0.06, rtol=0)


def test_the_mixtures_kl_is_that_of_a_numerical_integral():
    components = Components(
        torch.tensor([0.3, 0.7]).log(), torch.tensor([[-1.0], [2.0]]), torch.tensor([[0.0], [-1.0]])
    )
    prior = GaussianMixture(2, 1)
    prior.components = lambda encode: components
    posterior = Posterior(torch.tensor([[0.5]]), torch.tensor([[-0.5]]))
    grid = torch.linspace(-8, 9, 20_001)
    q = Normal(0.5, math.exp(-0.25)).log_prob(grid)
    p = torch.stack(
        [
            math.log(0.3) + Normal(-1.0, 1.0).log_prob(grid),
            math.log(0.7) + Normal(2.0, math.exp(-0.5)).log_prob(grid),
        ]
    ).logsumexp(0)
    expected = torch.trapezoid(q.exp() * (q - p), grid).item()
    many = Posterior(*(tensor.expand(40_000, 1) for tensor in posterior))
    latents = GaussianPosterior().sample(many, stream())
    estimate = prior.kl_per_dimension(GaussianPosterior(), many, latents, lambda _: many)
    assert estimate.mean().item() == pytest.approx(expected, abs=0.02)


def test_the_vamp_priors_components_are_posteriors_of_its_images():
    prior = VampPrior(4, SHAPE)
    seen = []

    def encode(images):
        seen.append(images)
        return Posterior(images.flatten(1)[:, :2], torch.zeros(4, 2))

    components = prior.components(encode)
    assert components.log_weight.exp().sum().item() == pytest.approx(1.0)
    assert 0 < seen[0].min() < seen[0].max() < 1
    torch.testing.assert_close(components.mean, prior.images().flatten(1)[:, :2])


def test_codes_without_a_prior_are_drawn_as_they_lie():
    prior = ObservedCodes(2)
    for step in range(800):
        prior.observe(torch.tensor([5.0, -1.0]) + torch.tensor([2.0, 0.5]) * normal(64, 2, seed=step))
    drawn = prior.sample(20_000, 2, stream(), lambda _: None)
    torch.testing.assert_close(drawn.mean(0), torch.tensor([5.0, -1.0]), atol=0.15, rtol=0)
    torch.testing.assert_close(drawn.std(0), torch.tensor([2.0, 0.5]), atol=0.15, rtol=0)


# ---- regularisers -------------------------------------------------------------------------------


def test_total_correlation_is_that_of_brute_force():
    batch = encoded()
    mean, deviation = batch.posterior.mean, (0.5 * batch.posterior.log_variance).exp()
    for i, found in enumerate(total_correlation(GaussianPosterior(), batch.posterior, batch.latents)):
        each = [Normal(mean[j], deviation[j]).log_prob(batch.latents[i]).exp() for j in range(6)]
        joint = torch.stack([p.prod() for p in each]).mean().log()
        alone = torch.stack(each).mean(0).log().sum()
        assert found.item() == pytest.approx((joint - alone).item(), abs=1e-4)


def test_total_correlation_is_nothing_for_one_dimension_and_log_n_for_copies():
    one = encoded(dimensions=1)
    found = total_correlation(GaussianPosterior(), one.posterior, one.latents)
    torch.testing.assert_close(found, torch.zeros(6), atol=1e-5, rtol=0)
    places = torch.arange(8.0)[:, None].expand(8, 2)  # two dimensions that say the same of 8 images
    posterior = Posterior(places, torch.full((8, 2), -12.0))
    found = total_correlation(GaussianPosterior(), posterior, places)
    torch.testing.assert_close(found, torch.full((8,), math.log(8)), atol=1e-4, rtol=0)


def test_beta_1_charges_the_kl_alone():
    batch = encoded()
    plain = WeightedKl(1.0, 0).penalty(batch, 0)
    torch.testing.assert_close(BetaTotalCorrelation(1.0, 0, GaussianPosterior()).penalty(batch, 0), plain)
    torch.testing.assert_close(DiscriminatedTotalCorrelation(0.0, 0, 3, 1, 4, 1e-3).penalty(batch, 0), plain)
    torch.testing.assert_close(MomentMatching("means", 0.0, 0.0, 0).penalty(batch, 0), plain)
    assert not torch.allclose(BetaTotalCorrelation(4.0, 0, GaussianPosterior()).penalty(batch, 0), plain)


def test_shuffling_permutes_each_dimension_by_itself():
    latents = torch.stack([torch.arange(50.0), torch.arange(50.0)], 1)
    shuffled = shuffled_dimensions(latents, stream())
    assert torch.equal(shuffled.sort(0).values, latents)
    assert not torch.equal(shuffled[:, 0], shuffled[:, 1])


def test_the_discriminator_learns_the_total_correlation_of_a_correlated_gaussian():
    correlation = 0.9
    expected = -0.5 * math.log(1 - correlation**2)
    torch.manual_seed(0)
    judge = DiscriminatedTotalCorrelation(1.0, 0, 2, 2, 64, 3e-3)
    mix = torch.linalg.cholesky(torch.tensor([[1.0, correlation], [correlation, 1.0]]))
    estimates = []
    for step in range(600):
        latents = normal(256, 2, seed=step) @ mix.T
        scalars = judge.after_step(Encoded(Posterior(latents, latents), latents, None), step, stream(step))
        estimates.append(scalars["total_correlation"].item())
    assert estimates[0] == pytest.approx(0, abs=0.2)
    assert np.mean(estimates[-200:]) == pytest.approx(expected, abs=0.2)


def test_the_penalty_reaches_the_codes_and_the_discriminator_forgets_its_gradient():
    judge = DiscriminatedTotalCorrelation(2.0, 0, 3, 1, 4, 1e-3)
    latents = normal(6, 3).requires_grad_(True)
    penalty = judge.penalty(Encoded(Posterior(latents, latents), latents, torch.zeros(6, 3)), 0)
    penalty.sum().backward()
    assert latents.grad.abs().sum() > 0
    before = {name: tensor.clone() for name, tensor in judge.state_dict().items()}
    kept = latents.detach()
    scalars = judge.after_step(Encoded(Posterior(kept, kept), kept, None), 0, stream())
    assert scalars.keys() == {"discriminator", "total_correlation"}
    assert any(not torch.equal(before[name], tensor) for name, tensor in judge.state_dict().items())


def test_dip_covariances_are_numpys_and_add_the_posteriors_variances():
    posterior = encoded().posterior
    expected = np.cov(posterior.mean.numpy().T, bias=True)
    np.testing.assert_allclose(code_covariance(posterior, "means").numpy(), expected, rtol=1e-4, atol=1e-6)
    extra = np.diag(posterior.log_variance.exp().mean(0).numpy())
    np.testing.assert_allclose(
        code_covariance(posterior, "samples").numpy(), expected + extra, rtol=1e-4, atol=1e-6
    )


def test_dip_costs_nothing_where_the_covariance_is_the_identity():
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    batch = Encoded(Posterior(signs, torch.full((4, 2), -20.0)), signs, torch.ones(4, 2))
    for of in ("means", "samples"):
        torch.testing.assert_close(MomentMatching(of, 10.0, 10.0, 0).penalty(batch, 0), torch.full((4,), 2.0))


def test_capacity_rises_and_is_the_distance_of_the_mean_kl():
    penalty = CapacityPenalty(gamma=10.0, capacity_nats=8.0, capacity_steps=4, dimensions=3)
    assert [penalty.capacity(step) for step in (0, 1, 3, 100)] == [2.0, 4.0, 8.0, 8.0]
    batch = encoded()
    expected = 10 * abs(batch.kl().mean().item() - 4.0)
    torch.testing.assert_close(penalty.penalty(batch, 1), torch.full((6,), expected))


def test_capacity_remembers_what_came_in_as_room_was_made():
    penalty = CapacityPenalty(1.0, 10.0, 50, 3)
    batch = encoded()
    for step in range(60):
        scalars = penalty.after_step(batch, step, stream())
    assert scalars["capacity"].item() == 10.0
    capacity, kl = penalty.information()
    assert len(capacity) == CURVE_POINTS
    assert capacity[0] == pytest.approx(0.2)
    torch.testing.assert_close(kl, batch.kl_per_dimension.mean(0).expand(CURVE_POINTS, 3))


# ---- heads and weights --------------------------------------------------------------------------


def test_an_attribute_is_read_from_its_own_dimensions():
    targets = (Target("shape", "categorical", 3), Target("x", "continuous", 1, mean=10.0, std=5.0))
    head = AttributeHead(SemanticLayout(targets, 2), targets, (0, 1), 1.0, 1.0)
    latents, values = normal(4, 6), torch.tensor([[0.0, 0.3], [1.0, -1.0], [2.0, 0.0], [1.0, float("nan")]])
    nats = head.nats(latents, values)
    logits = (3 * latents[:, :3]).log_softmax(1)
    expected = -logits[torch.arange(4), values[:, 0].long()]
    expected += torch.nan_to_num(0.5 * (latents[:, 3] - values[:, 1]).square())
    torch.testing.assert_close(nats, expected)
    moved = latents.clone()
    moved[:, 4:] += 1
    torch.testing.assert_close(head.nats(moved, values), nats)


def test_the_kl_of_uncertain_weights_is_its_closed_form():
    module = torch.nn.Linear(3, 2)
    weights = GaussianWeights(module, initial_deviation=0.2, prior_deviation=0.5)
    expected = sum(
        kl_divergence(Normal(p, torch.full_like(p, 0.2)), Normal(0.0, 0.5)).sum() for p in module.parameters()
    )
    torch.testing.assert_close(weights.kl_nats(module), expected)
    with pytest.raises(BadSettings, match="their number is not known yet"):
        weights.nats_per_image(module)
    weights.learn_from(10)
    torch.testing.assert_close(weights.nats_per_image(module), expected / 10)


def test_drawn_weights_scatter_around_their_means():
    module = torch.nn.Linear(1, 1)
    weights = GaussianWeights(module, initial_deviation=0.3, prior_deviation=1.0)
    generator, ones = stream(), torch.ones(1, 1)
    with torch.no_grad():
        outputs = torch.stack([weights.apply_to(module, ones, generator) for _ in range(6000)])
        assert outputs.mean().item() == pytest.approx(module(ones).item(), abs=0.02)
    assert outputs.std().item() == pytest.approx(0.3 * math.sqrt(2), abs=0.02)


def test_attention_rows_sum_to_1_and_a_new_block_changes_nothing():
    block, maps = SelfAttention(8), normal(2, 8, 4, 4)
    torch.testing.assert_close(block.weights(maps).sum(2), torch.ones(2, 16))
    torch.testing.assert_close(block(maps), maps)
    torch.nn.init.ones_(block.strength)
    expected = torch.einsum("nij,ncj->nci", block.weights(maps), block.value(maps).flatten(2)).view(
        maps.shape
    )
    torch.testing.assert_close(block(maps), maps + expected)


# ---- semi-supervised ----------------------------------------------------------------------------


def test_the_unlabelled_bound_sums_over_labels():
    """z plays no part: q(y | x) of the exact posterior makes the bound -log p(x), whatever it is else it is larger."""
    likelihood = torch.tensor([[0.5, 0.2, 0.1]])
    prior = 1 / 3
    exact = -math.log(float((likelihood * prior).sum()))
    posterior = likelihood / likelihood.sum()
    terms = BoundTerms(posterior.log(), -likelihood.log(), torch.zeros(1, 3))
    assert unlabelled_bound(terms).item() == pytest.approx(exact, abs=1e-6)
    other = BoundTerms(torch.tensor([[0.2, 0.5, 0.3]]).log(), -likelihood.log(), torch.zeros(1, 3))
    assert unlabelled_bound(other).item() > exact
    assert labelled_bound(terms, torch.tensor([1])).item() == pytest.approx(-math.log(0.2 * prior), abs=1e-6)


def test_bounds_agree_where_the_label_is_certain():
    certain = torch.tensor([[0.0, -200.0]])
    terms = BoundTerms(certain, torch.tensor([[3.0, 9.0]]), torch.tensor([[1.0, 2.0]]))
    expected = 3.0 + 1.0 + math.log(2)
    assert unlabelled_bound(terms).item() == pytest.approx(expected)
    assert labelled_bound(terms, torch.tensor([0])).item() == pytest.approx(expected)


@pytest.mark.parametrize("target", [Target("lit", "binary", 1), Target("shape", "categorical", 3)])
def test_labels_count_where_they_are_known_and_are_summed_over_elsewhere(target):
    settings = SemiSupervisedVaeSettings(network="mlp", latent_dim=2, classification_weight=2.0)
    model = build(settings, SHAPE, (Target("x", "continuous", 1), target), seed=0)
    images = torch.rand(3, *SHAPE, generator=stream())
    values = torch.tensor([[1.0], [float("nan")], [0.0]])
    objective = model.held_out_objective(Batch(images, values), stream(5))
    terms = model.bound_terms(images, stream(5))
    torch.testing.assert_close(objective[1], unlabelled_bound(terms)[1])
    labels = torch.tensor([1, 0, 0])
    expected = labelled_bound(terms, labels) - 2.0 * terms.log_label[torch.arange(3), labels]
    torch.testing.assert_close(objective[[0, 2]], expected[[0, 2]])
    torch.testing.assert_close(terms.log_label.exp().sum(1), torch.ones(3))


# ---- what does not go together -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("posterior", "prior", "regulariser", "sentence"),
    [
        (PointPosterior(), StandardNormal(), Unregularised(), "no distance from a prior"),
        (PointPosterior(), ObservedCodes(2), WeightedKl(1.0, 0), "neither KL nor density"),
        (
            GaussianPosterior(),
            ObservedCodes(2),
            WeightedKl(1.0, 0),
            "keeps a random posterior from shrinking",
        ),
        (LaplacePosterior(), VampPrior(2, SHAPE), WeightedKl(1.0, 0), "use a gaussian posterior"),
        (
            GaussianPosterior(),
            GaussianMixture(2, 2),
            MomentMatching("means", 1.0, 1.0, 0),
            "depend on each other",
        ),
    ],
)
def test_parts_that_contradict_each_other_are_refused(posterior, prior, regulariser, sentence):
    with pytest.raises(BadSettings, match=sentence):
        refuse_illegal(posterior, prior, regulariser)
