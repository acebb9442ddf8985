"""Networks: shapes at each image size, and the fast transposed convolutions against torch's own."""

from itertools import pairwise

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from latent_audit.vae_models.attribute_classifier.pooled_trunk import PooledTrunk
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.choices import ResidualSize
from latent_audit.vae_models.components.layers.fast_convolutions import (
    FoldedUpsampling,
    Upsampling,
    upsampling,
)
from latent_audit.vae_models.components.layers.residual import ResidualBlock
from latent_audit.vae_models.components.networks import (
    build_decoder,
    build_encoder,
    initialise_for_relu,
    with_rim,
    without_rim,
)
from latent_audit.vae_models.components.vae import parameter_count
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.presets.settings_by_kind import read_settings


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


@pytest.mark.parametrize("kind", ["mlp", "burgess", "locatello", "residual"])
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


@pytest.mark.parametrize("widths", [(128,), (40, 30, 20), ()])
def test_a_network_of_dense_layers_has_the_widths_asked_for(widths):
    encoder = build_encoder("mlp", (1, 28, 28), 40, widths)
    decoder = build_decoder("mlp", (1, 28, 28), 20, widths)
    sizes = (784, *widths)
    expected = sum(a * b + b for a, b in pairwise((*sizes, 40)))
    assert parameter_count(encoder) == expected
    expected = sum(a * b + b for a, b in pairwise((20, *reversed(widths), 784)))
    assert parameter_count(decoder) == expected
    assert decoder(encoder(torch.rand(2, 1, 28, 28))[:, :20]).shape == (2, 1, 28, 28)


@pytest.mark.parametrize("kind", ["vae", "semi_supervised_vae"])
def test_widths_are_a_setting_of_the_network_of_dense_layers_alone(kind):
    settings = read_settings(kind, {"network": "mlp", "hidden_units": [128]})
    labels = (Target("digit", "categorical", 3, classes=("0", "1", "2")),)
    model = build(settings, (1, 28, 28), labels, seed=0)
    found = {layer.out_features for layer in model.modules() if isinstance(layer, nn.Linear)}
    assert 128 in found
    assert 512 not in found
    with pytest.raises(
        ValueError, match=r"hidden_units are the widths of network mlp, and network is burgess"
    ):
        read_settings(kind, {"hidden_units": [128]})


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


@pytest.mark.parametrize("norm", ["none", "group"])
def test_every_weight_of_a_residual_network_learns_and_blocks_start_as_the_identity(norm):
    torch.manual_seed(0)
    size, plain = ResidualSize(width=8, blocks=2, norm=norm), ResidualSize(width=8, blocks=0)
    image = torch.rand(2, 3, 32, 32)
    networks = [
        build_encoder("residual", (3, 32, 32), 6, size=size),
        build_decoder("residual", (3, 32, 32), 6, size=size),
    ]
    for network in networks:
        initialise_for_relu(network)
        blocks = [layer for layer in network.modules() if isinstance(layer, ResidualBlock)]
        assert len(blocks) == 2 * 3  # two at maps of 16x16, 8x8 and 4x4
        maps = torch.rand(2, blocks[0].branch[0].in_channels, 4, 4)
        assert torch.equal(blocks[0](maps), maps)
        for block in blocks:
            torch.nn.init.constant_(block.strength, 0.5)
    networks[1](networks[0](image)).square().sum().backward()
    for network in networks:
        for name, weight in network.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.isfinite().all(), name
            assert weight.grad.abs().max() > 0 or (norm == "group" and name.endswith("bias")), name
    shallow = build_decoder("residual", (3, 32, 32), 6, size=plain)
    assert not [layer for layer in shallow.modules() if isinstance(layer, ResidualBlock)]
    assert parameter_count(networks[1]) > parameter_count(shallow)


def test_a_residual_networks_size_is_refused_for_another_network():
    with pytest.raises(ValidationError, match="network is burgess: set network to residual"):
        VaeSettings(residual=ResidualSize(width=16))
    with pytest.raises(ValidationError, match="multiple of 8"):
        VaeSettings(network="residual", residual={"width": 12})
    assert VaeSettings(network="residual").residual is None


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
