"""Losses of the InterpretableGAN: whose they are, and how much of a batch each is made of."""

import math

import pytest
import torch

from latent_audit.vae_models.building import build
from latent_audit.vae_models.interpretable_gan.augmentation import augmented
from latent_audit.vae_models.interpretable_gan.losses import (
    forward_pass,
    gradient_penalty,
    loss_terms,
    player_gradients,
    player_losses,
)
from latent_audit.vae_models.model import Batch
from tests.vae_models.conftest import SHAPE, TARGETS, decided, generator, pixels

VARIANTS = {
    "default": {},
    "augmented": {"augmentation": ("color", "translation", "cutout")},
    "hinge": {"adversarial_loss": "hinge"},
    "features": {"feature_matching_weight": 2.0},
    "residual": {"generator_network": "residual"},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("side", ["encoder", "generator"])
def test_each_player_gets_the_slope_of_its_own_loss(tiny_gan, bars, side, variant):
    """Against differences of the loss itself, a little way up and down the gradient."""
    # Reconstruction is no part of what S's named dimensions learn, though it moves with them.
    settings = tiny_gan.model_copy(
        update=VARIANTS[variant] | ({} if side == "generator" else {"reconstruction_weight": 0.0})
    )
    gan = decided(build(settings, SHAPE, TARGETS, seed=1))
    batch = Batch(pixels(bars), torch.from_numpy(gan.training_values(bars[1], seed=0)[:8]))
    sides = {
        "encoder": [*gan.encoder.parameters(), *gan.discriminator.parameters()],
        "generator": list(gan.generator.parameters()),
    }

    def own_loss() -> float:
        forward = forward_pass(gan, batch, generator())
        terms = loss_terms(gan, batch, forward)
        told = player_losses(gan, terms, forward)
        rebuilding = settings.reconstruction_weight * terms["reconstruction"]
        return (told.encoder if side == "encoder" else told.of_samples + rebuilding).item()

    forward = forward_pass(gan, batch, generator())
    told = player_losses(gan, loss_terms(gan, batch, forward), forward)
    gradients = dict(zip(sides, player_gradients(told, forward, *sides.values()), strict=True))[side]
    slope = torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()
    ends = []
    for step in (1e-3, -2e-3):
        with torch.no_grad():
            for part, gradient in zip(sides[side], gradients, strict=True):
                part.add_(gradient / slope, alpha=step)
        ends.append(own_loss())
    assert float(slope) == pytest.approx((ends[0] - ends[1]) / 2e-3, rel=0.01)


@pytest.mark.parametrize(("share", "count"), [(0.25, 2), (0.01, 1), (1.0, 8)])
def test_encoder_and_discriminator_learn_from_a_share_of_the_samples(tiny_gan, bars, share, count):
    settings = tiny_gan.model_copy(update={"learnt_share": share, "penalised_share": share})
    gan = decided(build(settings, SHAPE, TARGETS, seed=1))
    batch = Batch(pixels(bars), torch.from_numpy(gan.training_values(bars[1], seed=0)[:8]))
    forward = forward_pass(gan, batch, generator())
    assert forward.sample_logit.shape == (8,)
    torch.testing.assert_close(forward.learnt_logit, forward.sample_logit[:count])
    told = player_losses(gan, loss_terms(gan, batch, forward), forward)
    (learnt,) = torch.autograd.grad(told.encoder, forward.seen_samples, retain_graph=True)
    assert learnt.abs().sum((1, 2, 3)).nonzero().flatten().tolist() == list(range(count))
    (pull,) = torch.autograd.grad(told.of_samples, forward.seen_samples)
    assert (pull.abs().sum((1, 2, 3)) > 0).all()
    whole = decided(build(settings.model_copy(update={"penalised_share": 1.0}), SHAPE, TARGETS, seed=1))
    expected = gradient_penalty(whole, batch.images[:count])
    assert expected > 0
    torch.testing.assert_close(gradient_penalty(gan, batch.images), expected)


def test_losses_are_finite_and_named(gan, bars):
    losses = gan.losses(
        Batch(pixels(bars, 16), torch.from_numpy(gan.encode_values(bars[1][:16]))), generator()
    )
    assert losses.keys() == {
        "supervised", "follow", "recovery", "reconstruction", "free_prior", "discriminator", "generator",
    }  # fmt: skip
    assert all(torch.isfinite(value) for value in losses.values())
    # A new discriminator says nothing: each player pays log 2 a decision, and the encoder is taught nothing by it.
    assert losses["discriminator"].item() == pytest.approx(2 * math.log(2))
    assert losses["generator"].item() == pytest.approx(math.log(2))
    assert gradient_penalty(gan, pixels(bars)).item() == 0.0
    slopes = torch.autograd.grad(losses["discriminator"], list(gan.encoder.parameters()))
    assert all(not slope.any() for slope in slopes)


def test_the_hinge_loss_is_that_of_its_margins(tiny_gan, bars):
    gan = decided(build(tiny_gan.model_copy(update=VARIANTS["hinge"]), SHAPE, TARGETS, seed=1))
    batch = Batch(pixels(bars), torch.from_numpy(gan.training_values(bars[1], seed=0)[:8]))
    forward = forward_pass(gan, batch, generator())
    terms = loss_terms(gan, batch, forward)
    expected = (1 - forward.real_logit).clamp_min(0).mean() + (1 + forward.learnt_logit).clamp_min(0).mean()
    torch.testing.assert_close(terms["discriminator"], expected)
    torch.testing.assert_close(terms["generator"], -forward.sample_logit.mean())


def test_features_are_matched_by_the_generator_alone(tiny_gan, bars):
    gan = build(tiny_gan.model_copy(update=VARIANTS["features"]), SHAPE, TARGETS, seed=1)
    batch = Batch(pixels(bars), torch.from_numpy(gan.training_values(bars[1], seed=0)[:8]))
    forward = forward_pass(gan, batch, generator())
    terms = loss_terms(gan, batch, forward)
    of_data, of_samples = (features.mean(0) for features in forward.features)
    torch.testing.assert_close(terms["features"], (of_data - of_samples).square().sum())
    told = player_losses(gan, terms, forward)
    without = player_losses(gan, {name: nats for name, nats in terms.items() if name != "features"}, forward)
    torch.testing.assert_close(told.of_samples - without.of_samples, 2 * terms["features"])
    assert told.encoder.item() == without.encoder.item()


def test_augmentation_changes_what_is_judged_and_nothing_else(tiny_gan, bars):
    plain, changed = (
        decided(build(tiny_gan.model_copy(update=VARIANTS[name]), SHAPE, TARGETS, seed=1))
        for name in ("default", "augmented")
    )
    batch = Batch(pixels(bars), torch.from_numpy(plain.training_values(bars[1], seed=0)[:8]))
    changed.training_values(bars[1], seed=0)
    forward, other = (forward_pass(gan, batch, generator()) for gan in (plain, changed))
    torch.testing.assert_close(forward.real_code, other.real_code)
    torch.testing.assert_close(forward.samples, other.samples)
    assert not torch.allclose(forward.real_logit, other.real_logit)
    assert not torch.allclose(forward.sample_logit, other.sample_logit)


@pytest.mark.parametrize("kind", ["color", "translation", "cutout"])
def test_each_augmentation_is_what_is_published(kind):
    images = torch.rand(64, 3, 16, 16, generator=generator()).requires_grad_()
    found = augmented(images, (kind,), generator(1))
    assert found.shape == images.shape
    (slope,) = torch.autograd.grad(found.sum(), images)
    if kind == "color":
        # The mean of an image moves by its brightness alone, by at most a half.
        shift = (found - images).mean((1, 2, 3))
        assert 0.3 < shift.abs().max() <= 0.5
        assert (slope > 0).any(dim=(1, 2, 3)).all()
        return
    black = (found == 0).all(1)
    kept = slope[:, 0] != 0
    if kind == "translation":
        rows = kept.any(2).sum(1)
        assert rows.min() == 14  # two of sixteen rows, at most, are moved out
        assert rows.max() == 16
        assert (black.sum((1, 2)) == 256 - kept.sum((1, 2))).all()
    else:
        hole = black.sum((1, 2))
        assert hole.max() <= 64  # a square of half the side, less where it lies across an edge
        assert hole.min() >= 16
        torch.testing.assert_close(
            found[~black[:, None].expand_as(found)], images[~black[:, None].expand_as(found)]
        )
    assert torch.equal(augmented(images, (), generator()), images)
