"""The InterpretableGAN: decisions that are sums, samples on request, and its alarms."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from latent_audit.reports.page.messages import english
from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.interpretable_gan.model import FREE_NOISE, NAMED_NOISE
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.interpretable_gan.stability import StabilityRecord
from latent_audit.vae_models.model import Batch, Model
from latent_audit.vae_models.training.settings import TrainingSettings
from tests.vae_models.conftest import SHAPE, TARGETS, decided, generator, pixels


def test_the_protocols_shapes_names_and_ranges(gan, bars):
    assert isinstance(gan, Model)
    assert gan.dimension_names == ("tall=wide", "tall=tall", "x", "free0", "free1")
    assert gan.dimension_groups == (0, 0, 1, 2, 3)
    posterior = gan.encode(pixels(bars))
    assert posterior.mean.shape == posterior.log_variance.shape == (8, 5)
    np.testing.assert_allclose(
        posterior.log_variance[0].exp().sqrt().detach().numpy(),
        [NAMED_NOISE] * 3 + [FREE_NOISE] * 2,
        rtol=1e-5,
    )
    np.testing.assert_allclose(posterior.mean[:, :2].sum(1).detach().numpy(), 0, atol=1e-5)
    decoded = gan.decode(gan.sample_latents(3, generator()))
    assert decoded.shape == (3, *SHAPE)
    assert 0 <= decoded.min() <= decoded.max() <= 1
    assert gan.kl_per_dimension(pixels(bars)) is None
    assert gan.reconstruction_nats(pixels(bars), posterior.mean).shape == (8,)


def test_contributions_add_up_to_the_discriminators_logit(gan, bars):
    explained = decided(gan).contributions(pixels(bars))
    assert (explained.values.std(0) > 0).all()
    assert len(explained.names) == explained.values.shape[1] == 5 + 6
    assert explained.names[:5] == gan.dimension_names
    logit = gan.discriminator(gan.layout.presented(gan.encode(pixels(bars)).mean))
    total = explained.bias + explained.values.sum(1)
    torch.testing.assert_close(total, explained.logit, atol=1e-4, rtol=0)
    torch.testing.assert_close(explained.logit, logit, atol=1e-4, rtol=0)


def test_samples_are_of_the_datas_combinations_or_of_what_was_asked(gan, bars):
    images, asked = gan.sample(50, generator())
    assert images.shape == (50, *SHAPE)
    known = {tuple(row) for row in bars[1]}
    assert all(tuple(np.round(row, 3)) in known for row in asked)
    wanted = np.array([[1.0, 4.0], [0.0, 12.0]])
    images, asked = gan.sample(2, generator(), wanted)
    np.testing.assert_allclose(asked, wanted, atol=1e-4)
    with pytest.raises(BadSettings, match="asked for 3 samples with 2 rows of values"):
        gan.sample(3, generator(), wanted)


def test_the_same_generator_draws_the_same_samples(gan):
    assert torch.equal(gan.sample(4, generator(3))[0], gan.sample(4, generator(3))[0])
    assert not torch.equal(gan.sample(4, generator(3))[0], gan.sample(4, generator(4))[0])


def test_warm_up_moves_the_encoder_alone(gan, bars):
    batch = Batch(pixels(bars, 16), torch.from_numpy(gan.encode_values(bars[1][:16])))
    before = {name: tensor.clone() for name, tensor in gan.state_dict().items()}
    assert gan.update(batch, 0, generator()).keys() == {"supervised"}
    moved = {
        name.split(".")[0] for name, tensor in gan.state_dict().items() if not tensor.equal(before[name])
    }
    assert moved == {"encoder"}
    terms = gan.update(batch, 2, generator())
    assert {"discriminator", "generator", "follow", "recovery", "reconstruction"} <= terms.keys()
    moved = {
        name.split(".")[0] for name, tensor in gan.state_dict().items() if not tensor.equal(before[name])
    }
    assert moved == {"encoder", "discriminator", "generator", "average_generator", "stability"}


def test_only_the_labelled_share_is_seen(tiny_gan, bars):
    gan = build(tiny_gan.model_copy(update={"labelled_share": 0.25}), SHAPE, TARGETS, seed=1)
    seen = gan.training_values(bars[1], seed=0)
    labelled = ~np.isnan(seen).any(1)
    assert labelled.sum() == 75
    np.testing.assert_array_equal(seen[labelled], gan.encode_values(bars[1])[labelled])
    assert not np.array_equal(labelled, ~np.isnan(gan.training_values(bars[1], seed=1)).any(1))
    terms = gan.update(Batch(pixels(bars, 16), torch.from_numpy(seen[:16])), 5, generator())
    assert all(torch.isfinite(value) for value in terms.values())


def test_named_attributes_are_chosen_by_name(tiny_gan):
    gan = build(tiny_gan.model_copy(update={"named": ("x",)}), SHAPE, TARGETS, seed=1)
    assert gan.dimension_names == ("x", "free0", "free1")
    assert gan.encode_values(np.array([[1.0, 15.0]])).tolist() == [[1.0]]


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
        (
            {"training": TrainingSettings(steps=3000, evaluate_every=500, patience=3)},
            "could run out in the warm-up of 1750 steps",
        ),
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


def test_patience_is_allowed_where_it_outlasts_the_warm_up(tiny_gan, bars):
    settings = TrainingSettings(steps=3000, evaluate_every=500, patience=4)
    assert InterpretableGanSettings(training=settings).training.patience == 4
    gan = build(tiny_gan, SHAPE, TARGETS, seed=1)
    gan.training_values(bars[1], seed=0)
    batch = Batch(pixels(bars, 16), torch.from_numpy(gan.encode_values(bars[1][:16])))
    with torch.no_grad():
        followed = gan.held_out_objective(batch, generator())
        # What it is held against: samples that show what was asked make it lower.
        gan.encoder.head.weight.zero_()
        gan.encoder.head.bias.copy_(torch.tensor([9.0, -9.0, 0.0, 0.0, 0.0]))
        always_wide = gan.held_out_objective(batch, generator())
        gan.get_buffer("combinations").copy_(torch.tensor([[0.0, 0.0]]).expand(4096, 2))
        only_wide_asked = gan.held_out_objective(batch, generator())
    assert followed.shape == (16,)
    assert only_wide_asked.mean() < always_wide.mean() - 1


def observed(samples: torch.Tensor, real_logit: float, sample_logit: float) -> str:
    record = StabilityRecord()
    images = torch.rand(32, 1, 4, 4, generator=generator())
    for _ in range(300):
        record.observe(images, samples, torch.full((32,), real_logit), torch.full((32,), sample_logit))
    return english(record.failure())


def test_collapse_is_said_in_a_sentence():
    varied = torch.rand(32, 1, 4, 4, generator=generator(1))
    assert english(StabilityRecord().failure()) == "the model has not been trained"
    assert observed(varied, 1.0, 1.0) == ""
    assert "draws nearly the same image every time" in observed(torch.full((32, 1, 4, 4), 0.5), 1.0, 1.0)
    assert "the generator no longer learns from it" in observed(varied, 9.0, -9.0)


def test_every_setting_says_what_it_is():
    fields = InterpretableGanSettings.model_fields.items()
    assert all(field.description for name, field in fields if name != "kind")
