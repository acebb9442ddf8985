"""The noise of a decoder: drawn by row number, passed by whoever judges, fixed and not 0 where nobody does."""

import numpy as np
import pytest
import torch

from latent_audit.vae_models.building import build
from latent_audit.vae_models.decoder_noise import NoisyDecoder, draw_noise
from latent_audit.vae_models.evaluation import evaluate
from latent_audit.vae_models.inference import decode_latents, decoder_of
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from tests.vae_models.conftest import SHAPE, TARGETS, generator


def test_a_draw_depends_on_its_own_row_and_on_the_seed_alone():
    rows = np.array([5, 0, 5, 70_000])
    drawn = draw_noise(rows, 8)
    assert drawn.shape == (4, 8)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn[0], drawn[2])
    np.testing.assert_array_equal(draw_noise(np.array([70_000, 5]), 8), drawn[[3, 0]])
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(draw_noise(rows, 8, seed=1), drawn)
    many = draw_noise(np.arange(4000), 4)
    np.testing.assert_allclose(many.mean(axis=0), 0, atol=5 / 4000**0.5)
    np.testing.assert_allclose(np.cov(many.T), np.eye(4), atol=0.1)
    assert draw_noise(rows, 0).shape == (4, 0)
    assert draw_noise(np.zeros(0, np.int64), 3).shape == (0, 3)


def test_images_of_one_row_have_one_noise_and_batches_change_nothing(gan):
    assert isinstance(gan, NoisyDecoder)
    code = gan.sample_latents(1, generator()).numpy()
    images = decode_latents(gan, code.repeat(3, axis=0), rows=np.array([4, 9, 4]))
    np.testing.assert_allclose(images[0], images[2], atol=1e-6)
    assert np.abs(images[0] - images[1]).max() > 1e-4
    one_by_one = decode_latents(gan, code.repeat(3, axis=0), 1, rows=np.array([4, 9, 4]))
    np.testing.assert_allclose(one_by_one, images, atol=1e-6)
    np.testing.assert_allclose(decoder_of(gan)(code, np.array([9])), images[1:2], atol=1e-6)
    given = gan.decode(torch.from_numpy(code), torch.from_numpy(draw_noise(np.array([9]), 2)))
    np.testing.assert_allclose(given.detach().numpy(), images[1:2], atol=1e-6)
    other = decode_latents(gan, code, rows=np.array([9]), noise_seed=1)
    assert np.abs(other - images[1:2]).max() > 1e-4


def test_without_noise_the_decoder_takes_one_fixed_draw_that_is_not_zero_and_no_weights_hold_it(gan):
    code = gan.sample_latents(2, generator())
    fixed = gan.decode(code)
    assert torch.equal(fixed, gan.decode(code))
    none = gan.decode(code, torch.zeros(2, gan.noise_dimensions))
    assert (fixed - none).abs().max() > 1e-4
    assert "fixed_noise" not in gan.state_dict()
    row = torch.from_numpy(draw_noise(np.zeros(2, np.int64), gan.noise_dimensions))
    torch.testing.assert_close(fixed, gan.decode(code, row))


def test_fitness_rebuilds_each_image_with_noise_of_its_own(gan, bars):
    images = np.repeat(bars[0][:1], 4, axis=0)
    nats = evaluate(gan, images, batch_size=3).reconstruction_nats
    assert len(np.unique(nats.round(4))) == 4
    assert evaluate(gan, images, batch_size=2).reconstruction_nats == pytest.approx(nats, abs=1e-4)


def test_a_model_without_noise_ignores_row_numbers(tiny_gan):
    vae = build(VaeSettings(latent_dim=2), SHAPE, (), seed=0)
    codes = np.zeros((2, 2), np.float32)
    assert not isinstance(vae, NoisyDecoder)
    np.testing.assert_array_equal(decode_latents(vae, codes, rows=np.arange(2)), decode_latents(vae, codes))
    silent = build(tiny_gan.model_copy(update={"noise_dimensions": 0}), SHAPE, TARGETS, seed=1)
    codes = np.zeros((2, silent.latent_dim), np.float32)
    np.testing.assert_array_equal(
        decode_latents(silent, codes, rows=np.arange(2)), decode_latents(silent, codes)
    )
