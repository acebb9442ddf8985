"""Networks: shapes at each image size, and the fast transposed convolutions against torch's own."""

import pytest
import torch
from torch import nn

from latent_audit.vae_models.attribute_classifier.pooled_trunk import PooledTrunk
from latent_audit.vae_models.components.fast_convolutions import FoldedUpsampling, Upsampling, upsampling
from latent_audit.vae_models.components.networks import (
    build_decoder,
    build_encoder,
    initialise_for_relu,
    with_rim,
    without_rim,
)
from latent_audit.vae_models.components.vae import parameter_count
from latent_audit.vae_models.errors import BadSettings


@pytest.mark.parametrize("form", [Upsampling, FoldedUpsampling])
@pytest.mark.parametrize(("channels_in", "channels_out"), [(1, 1), (5, 3), (4, 1)])
def test_both_fast_forms_equal_torchs_transposed_convolution(form, channels_in, channels_out):
    torch.manual_seed(0)
    reference = nn.ConvTranspose2d(channels_in, channels_out, 4, stride=2, padding=1)
    fast = form(channels_in, channels_out)
    fast.load_state_dict(reference.state_dict())
    inputs = torch.randn(2, channels_in, 5, 6)
    expected, actual = reference(inputs), fast(inputs)
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)
    weighting = torch.randn_like(expected)
    (expected * weighting).sum().backward()
    (actual * weighting).sum().backward()
    torch.testing.assert_close(fast.weight.grad, reference.weight.grad, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(fast.bias.grad, reference.bias.grad, rtol=1e-4, atol=1e-4)


def test_the_fast_forms_start_as_torchs_own_does():
    torch.manual_seed(3)
    reference = nn.ConvTranspose2d(4, 2, 4, stride=2, padding=1)
    torch.manual_seed(3)
    fast = Upsampling(4, 2)
    assert torch.equal(fast.weight, reference.weight)
    assert torch.equal(fast.bias, reference.bias)


def test_few_output_channels_take_the_folded_form():
    assert isinstance(upsampling(32, 1), FoldedUpsampling)
    assert not isinstance(upsampling(32, 32), FoldedUpsampling)


@pytest.mark.parametrize("kind", ["mlp", "burgess", "locatello"])
@pytest.mark.parametrize(
    "shape",
    [
        (1, 16, 16),
        (1, 28, 28),
        (3, 32, 32),
        (1, 33, 33),
        (3, 48, 48),
        (3, 64, 64),
        (1, 96, 96),
        (3, 256, 256),
    ],
)
def test_encoder_and_decoder_meet_the_images_shape(kind, shape):
    images = torch.rand(2, *shape)
    outputs = build_encoder(kind, shape, 6)(images)
    assert outputs.shape == (2, 6)
    assert build_decoder(kind, shape, 6)(outputs).shape == images.shape


@pytest.mark.parametrize(
    "shape",
    [
        *((1, 16, 16), (1, 28, 28), (1, 32, 32), (3, 47, 47), (1, 48, 48), (3, 64, 64)),
        *((1, 96, 96), (1, 128, 128), (3, 256, 256)),
    ],
)
def test_the_pooled_trunk_takes_every_image_size(shape):
    features = PooledTrunk(shape, strided=2, fine=3, coarse=[4, 5], hidden=7)(torch.rand(2, *shape))
    assert features.shape == (2, 7)
    assert features.min() >= 0


def test_weights_drawn_for_relu_keep_the_size_of_signals():
    torch.manual_seed(0)
    trunk = build_encoder("burgess", (1, 64, 64), 64)
    inputs = torch.randn(16, 1, 64, 64)
    before = trunk(inputs).std().item()
    initialise_for_relu(trunk)
    assert 0.4 < trunk(inputs).std().item() < 4
    assert before < 0.1


def test_the_burgess_network_has_the_published_number_of_parameters():
    shape = (1, 64, 64)
    encoder, decoder = build_encoder("burgess", shape, 20), build_decoder("burgess", shape, 10)
    assert parameter_count(encoder) + parameter_count(decoder) == 502_005


@pytest.mark.parametrize("side", [28, 33, 47])
def test_a_rim_is_taken_off_where_it_was_put_on(side):
    images = torch.rand(2, 1, side, side)
    padded = with_rim(images, 64)
    assert padded.shape == (2, 1, 64, 64)
    assert padded.sum() == pytest.approx(images.sum().item())
    assert torch.equal(without_rim(padded, side), images)


@pytest.mark.parametrize("shape", [(1, 257, 257), (2, 64, 64), (1, 32, 64)])
def test_other_shapes_are_refused_with_what_to_do(shape):
    with pytest.raises(
        BadSettings, match=r"square images of at most 256 pixels .* with data\.image_size, or use network mlp"
    ):
        build_encoder("burgess", shape, 4)
