"""The InterpretableGAN: its code's layout, decisions that are sums, samples on request, and its alarms."""

import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from vae_models.additive_discriminator import AdditiveDiscriminator
from vae_models.errors import BadSettings
from vae_models.gan_losses import (
    forward_pass,
    gradient_penalty,
    loss_terms,
    player_gradients,
    player_losses,
)
from vae_models.gan_stability import StabilityRecord
from vae_models.interpretable_gan import FREE_NOISE, NAMED_NOISE
from vae_models.interpretable_gan_settings import InterpretableGanSettings
from vae_models.model import Batch, Model
from vae_models.presets import build
from vae_models.semantic_layout import CERTAIN_LOGIT, SemanticLayout
from vae_models.targets import Target
from vae_models.training_settings import TrainingSettings

SHAPE = (1, 28, 28)
TARGETS = (
    Target("tall", "categorical", 2, classes=("wide", "tall")),
    Target("x", "continuous", 1, mean=10.0, std=5.0),
)
MANY = (
    Target("lit", "binary", 1),
    Target("shape", "categorical", 3, classes=("square", "ellipse", "heart")),
    Target("turn", "cyclic", 2, period=360.0),
    Target("x", "continuous", 1),
)
LAYOUT = SemanticLayout(MANY, free_dimensions=2)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model(tiny_gan, bars):
    built = build(tiny_gan, SHAPE, TARGETS, seed=1)
    built.training_values(bars[1], seed=0)
    return built


def pixels(bars, count: int = 8) -> torch.Tensor:
    return torch.from_numpy(bars[0][:count]).float() / 255


@pytest.mark.parametrize("side", ["encoder", "generator"])
def test_each_player_gets_the_slope_of_its_own_loss(tiny_gan, bars, side):
    """Against differences of the loss itself, a little way up and down the gradient."""
    # Reconstruction is no part of what S's named dimensions learn, though it moves with them.
    settings = tiny_gan.model_copy(update={} if side == "generator" else {"reconstruction_weight": 0.0})
    gan = build(settings, SHAPE, TARGETS, seed=1)
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
    gan = build(settings, SHAPE, TARGETS, seed=1)
    batch = Batch(pixels(bars), torch.from_numpy(gan.training_values(bars[1], seed=0)[:8]))
    forward = forward_pass(gan, batch, generator())
    assert forward.sample_logit.shape == (8,)
    torch.testing.assert_close(forward.learnt_logit, forward.sample_logit[:count])
    told = player_losses(gan, loss_terms(gan, batch, forward), forward)
    (learnt,) = torch.autograd.grad(told.encoder, forward.seen_samples, retain_graph=True)
    assert learnt.abs().sum((1, 2, 3)).nonzero().flatten().tolist() == list(range(count))
    (pull,) = torch.autograd.grad(told.of_samples, forward.seen_samples)
    assert (pull.abs().sum((1, 2, 3)) > 0).all()
    whole = build(settings.model_copy(update={"penalised_share": 1.0}), SHAPE, TARGETS, seed=1)
    expected = gradient_penalty(whole, batch.images[:count])
    torch.testing.assert_close(gradient_penalty(gan, batch.images), expected)


def test_a_code_names_the_datas_attributes_first():
    assert LAYOUT.names == (
        "lit",
        "shape=square",
        "shape=ellipse",
        "shape=heart",
        "turn.cos",
        "turn.sin",
        "x",
        "free0",
        "free1",
    )
    assert LAYOUT.groups == (0, 1, 1, 1, 2, 2, 3, 4, 5)
    assert LAYOUT.size == 9


def test_asking_for_values_gives_centred_logits_values_cos_and_sin():
    code = LAYOUT.named_code(torch.tensor([[1.0, 2.0, math.pi / 2, -1.5]]))[0]
    third = CERTAIN_LOGIT / 3
    expected = [CERTAIN_LOGIT / 2, -third, -third, CERTAIN_LOGIT - third, 0, 1, -1.5]
    np.testing.assert_allclose(code.numpy(), expected, atol=1e-6)


def test_asking_for_a_binary_attribute_leaves_all_else():
    code = torch.randn(4, 9, generator=generator())
    for yes, logit in ((True, CERTAIN_LOGIT / 2), (False, -CERTAIN_LOGIT / 2)):
        edited = LAYOUT.asked(code, "lit", yes)
        assert torch.equal(edited[:, 0], torch.full((4,), logit))
        assert torch.equal(edited[:, 1:], code[:, 1:])
    with pytest.raises(BadSettings, match="no binary attribute of this code is called 'shape'"):
        LAYOUT.asked(code, "shape", True)


def test_generator_and_discriminator_see_bounded_classes():
    code = torch.zeros(1, 9)
    code[0, :4] = torch.tensor([100.0, -4.0, -4.0, 8.0])
    seen = LAYOUT.presented(code)[0]
    np.testing.assert_allclose(seen[:4].numpy(), [1.0, -1.0, -1.0, 1.0], atol=1e-4)
    assert torch.equal(seen[4:], code[0, 4:])


def test_the_protocols_shapes_names_and_ranges(model, bars):
    assert isinstance(model, Model)
    assert model.dimension_names == ("tall=wide", "tall=tall", "x", "free0", "free1")
    assert model.dimension_groups == (0, 0, 1, 2, 3)
    posterior = model.encode(pixels(bars))
    assert posterior.mean.shape == posterior.log_variance.shape == (8, 5)
    np.testing.assert_allclose(
        posterior.log_variance[0].exp().sqrt().detach().numpy(),
        [NAMED_NOISE] * 3 + [FREE_NOISE] * 2,
        rtol=1e-5,
    )
    np.testing.assert_allclose(posterior.mean[:, :2].sum(1).detach().numpy(), 0, atol=1e-5)
    decoded = model.decode(model.sample_latents(3, generator()))
    assert decoded.shape == (3, *SHAPE)
    assert 0 <= decoded.min() <= decoded.max() <= 1
    assert model.kl_per_dimension(pixels(bars)) is None
    assert model.reconstruction_nats(pixels(bars), posterior.mean).shape == (8,)


def test_contributions_add_up_to_the_discriminators_logit(model, bars):
    for step in range(3):
        model.update(
            Batch(pixels(bars, 16), torch.from_numpy(model.encode_values(bars[1][:16]))), step, generator()
        )
    explained = model.contributions(pixels(bars))
    assert len(explained.names) == explained.values.shape[1] == 5 + 6
    assert explained.names[:5] == model.dimension_names
    logit = model.discriminator(model.layout.presented(model.encode(pixels(bars)).mean))
    total = explained.bias + explained.values.sum(1)
    torch.testing.assert_close(total, explained.logit, atol=1e-4, rtol=0)
    torch.testing.assert_close(explained.logit, logit, atol=1e-4, rtol=0)


def test_a_term_reads_only_the_dimensions_in_its_name():
    torch.manual_seed(0)
    judge = AdditiveDiscriminator(LAYOUT, pairwise_terms=4)
    torch.nn.init.ones_(judge.pair_weight)
    torch.nn.init.ones_(judge.slope)
    before = torch.randn(1, 9)
    for dimension, name in enumerate(LAYOUT.names):
        after = before.clone()
        after[0, dimension] += 1
        changed = (judge.terms(after) != judge.terms(before))[0]
        expected = [name in label.split(" × ") for label in judge.names]
        assert changed.tolist() == expected


def test_pairs_are_of_different_attributes():
    judge = AdditiveDiscriminator(LAYOUT, pairwise_terms=1000)
    assert all(LAYOUT.groups[i] != LAYOUT.groups[j] for i, j in judge.pairs)
    assert AdditiveDiscriminator(LAYOUT, pairwise_terms=3).names[-3:] == judge.names[9:12]


def test_samples_are_of_the_datas_combinations_or_of_what_was_asked(model, bars):
    images, asked = model.sample(50, generator())
    assert images.shape == (50, *SHAPE)
    known = {tuple(row) for row in bars[1]}
    assert all(tuple(np.round(row, 3)) in known for row in asked)
    wanted = np.array([[1.0, 4.0], [0.0, 12.0]])
    images, asked = model.sample(2, generator(), wanted)
    np.testing.assert_allclose(asked, wanted, atol=1e-4)
    with pytest.raises(BadSettings, match="asked for 3 samples with 2 rows of values"):
        model.sample(3, generator(), wanted)


def test_the_same_generator_draws_the_same_samples(model):
    assert torch.equal(model.sample(4, generator(3))[0], model.sample(4, generator(3))[0])
    assert not torch.equal(model.sample(4, generator(3))[0], model.sample(4, generator(4))[0])


def test_warm_up_moves_the_encoder_alone(model, bars):
    batch = Batch(pixels(bars, 16), torch.from_numpy(model.encode_values(bars[1][:16])))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert model.update(batch, 0, generator()).keys() == {"supervised"}
    moved = {
        name.split(".")[0] for name, tensor in model.state_dict().items() if not tensor.equal(before[name])
    }
    assert moved == {"encoder"}
    terms = model.update(batch, 2, generator())
    assert {"discriminator", "generator", "follow", "recovery", "reconstruction"} <= terms.keys()
    moved = {
        name.split(".")[0] for name, tensor in model.state_dict().items() if not tensor.equal(before[name])
    }
    assert moved == {"encoder", "discriminator", "generator", "average_generator", "stability"}


def test_only_the_labelled_share_is_seen(tiny_gan, bars):
    model = build(tiny_gan.model_copy(update={"labelled_share": 0.25}), SHAPE, TARGETS, seed=1)
    seen = model.training_values(bars[1], seed=0)
    labelled = ~np.isnan(seen).any(1)
    assert labelled.sum() == 75
    np.testing.assert_array_equal(seen[labelled], model.encode_values(bars[1])[labelled])
    assert not np.array_equal(labelled, ~np.isnan(model.training_values(bars[1], seed=1)).any(1))
    terms = model.update(Batch(pixels(bars, 16), torch.from_numpy(seen[:16])), 5, generator())
    assert all(torch.isfinite(value) for value in terms.values())


def test_named_attributes_are_chosen_by_name(tiny_gan):
    model = build(tiny_gan.model_copy(update={"named": ("x",)}), SHAPE, TARGETS, seed=1)
    assert model.dimension_names == ("x", "free0", "free1")
    assert model.encode_values(np.array([[1.0, 15.0]])).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("named", "targets", "sentence"),
    [
        (("colour",), TARGETS, "named asks for colour, and the data have tall, x"),
        (None, (), "at least one attribute to name a dimension after"),
    ],
)
def test_names_that_the_data_lack_are_refused(tiny_gan, named, targets, sentence):
    with pytest.raises(BadSettings, match=sentence):
        build(tiny_gan.model_copy(update={"named": named}), SHAPE, targets, seed=1)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"training": TrainingSettings(steps=3000, patience=3)}, "leave training.patience out"),
        (
            {"warm_up_steps": 3000, "training": TrainingSettings(steps=3000)},
            "leaves no steps for the generator",
        ),
        ({"labelled_share": 0}, "greater than 0"),
        ({"reconstruction": "gaussian"}, "needs pixel_variance"),
    ],
)
def test_illegal_settings_are_refused_with_a_sentence(settings, sentence):
    with pytest.raises(ValidationError, match=sentence):
        InterpretableGanSettings(**settings)


def observed(samples: torch.Tensor, real_logit: float, sample_logit: float) -> str:
    record = StabilityRecord()
    images = torch.rand(32, 1, 4, 4, generator=generator())
    for _ in range(300):
        record.observe(images, samples, torch.full((32,), real_logit), torch.full((32,), sample_logit))
    return record.reason()


def test_collapse_is_said_in_a_sentence():
    varied = torch.rand(32, 1, 4, 4, generator=generator(1))
    assert StabilityRecord().reason() == "the model has not been trained"
    assert observed(varied, 1.0, 1.0) == ""
    assert "draws nearly the same image again and again" in observed(torch.full((32, 1, 4, 4), 0.5), 1.0, 1.0)
    assert "the generator has fallen behind" in observed(varied, 9.0, -9.0)


def test_losses_are_finite_and_named(model, bars):
    losses = model.losses(
        Batch(pixels(bars, 16), torch.from_numpy(model.encode_values(bars[1][:16]))), generator()
    )
    assert losses.keys() == {
        "supervised", "follow", "recovery", "reconstruction", "free_prior", "discriminator", "generator",
    }  # fmt: skip
    assert all(torch.isfinite(value) for value in losses.values())
    # An untrained discriminator cannot tell: each player pays about log 2 a decision.
    assert losses["discriminator"].item() == pytest.approx(2 * math.log(2), abs=0.7)


def test_every_setting_says_what_it_is():
    fields = InterpretableGanSettings.model_fields.items()
    assert all(field.description for name, field in fields if name != "kind")
