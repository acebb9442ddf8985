"""Classes as textbooks have them, with networks called encoder and decoder and no methods for either."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latent_audit.vae_models.components.reconstruction import build_reconstruction
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.foreign_model import ForeignModel
from latent_audit.vae_models.pretrained.functions.halves import halves_of, networks_of

SHAPE = (1, 8, 8)
PIXELS, SIZE = 64, 3


class VAE(nn.Module):
    """The listing of "encoding and decoding"."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, latent_dim: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.latent_dim = latent_dim

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mu, logvar = self.encoder(x).chunk(2, dim=-1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.decoder(z), mu, logvar


class TwoHeads(nn.Module):
    """An encoder that gives a pair, or with a draw a triple."""

    def __init__(self, draws: bool = False) -> None:
        super().__init__()
        self.mean, self.spread = nn.Linear(PIXELS, SIZE), nn.Linear(PIXELS, SIZE)
        self.draws = draws

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        mean, spread = self.mean(x.flatten(1)), self.spread(x.flatten(1))
        return (mean, spread, mean + torch.randn_like(mean)) if self.draws else (mean, spread)


def decoder(rows: bool = True) -> nn.Sequential:
    layers = [nn.Linear(SIZE, PIXELS), nn.Sigmoid()]
    return nn.Sequential(*layers) if rows else nn.Sequential(*layers, nn.Unflatten(1, SHAPE))


def joined() -> VAE:
    return VAE(nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, 2 * SIZE)), decoder(False), SIZE)


def of_rows() -> VAE:
    return VAE(nn.Sequential(nn.Linear(PIXELS, 16), nn.ReLU(), nn.Linear(16, 2 * SIZE)), decoder(), SIZE)


def with_layers() -> VAE:
    model = VAE(nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, 16)), decoder(), SIZE)
    model.fc_mu, model.fc_logvar = nn.Linear(16, SIZE), nn.Linear(16, SIZE)
    return model


def opened(model: Any) -> ForeignModel:
    encode, decode = halves_of(model, SHAPE, "a listing")
    pixels = build_reconstruction("bernoulli", None)
    return ForeignModel(SHAPE, networks_of(model), encode, decode, pixels, (0.0, 1.0), "a listing")


@pytest.mark.parametrize(
    "made",
    [
        joined,
        of_rows,
        with_layers,
        lambda: VAE(TwoHeads(), decoder(), SIZE),
        lambda: VAE(TwoHeads(draws=True), decoder(), SIZE),
    ],
)
def test_a_textbook_class_encodes_and_decodes_as_its_forward_does(made: Any) -> None:
    torch.manual_seed(0)
    theirs = made().eval()
    images = torch.rand(5, *SHAPE)
    model = opened(theirs)
    with torch.no_grad():
        mean, log_variance = model.encode(images)
        if isinstance(theirs.encoder, TwoHeads):
            given = theirs.encoder(images)[:2]
        elif hasattr(theirs, "fc_mu"):
            features = theirs.encoder(images)
            given = theirs.fc_mu(features), theirs.fc_logvar(features)
        else:
            given = theirs.encoder(images.flatten(1)).chunk(2, dim=-1)
        rebuilt = theirs.decoder(mean).view(-1, *SHAPE)
    torch.testing.assert_close((mean, log_variance), tuple(given))
    torch.testing.assert_close(model.decode(mean), rebuilt)
    assert model.has_variance
    assert model.latent_dim == SIZE


def test_a_plain_autoencoder_of_this_form_has_no_variances() -> None:
    model = opened(VAE(nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, SIZE)), decoder(), SIZE))
    assert model.kl_per_dimension(torch.rand(4, *SHAPE)) is None


def test_a_method_comes_before_a_network() -> None:
    class Both(VAE):
        def encode(self, x: Tensor) -> Tensor:
            return torch.zeros(len(x), SIZE)

    encode, _ = halves_of(Both(TwoHeads(), decoder(), SIZE), SHAPE, "a listing")
    np.testing.assert_array_equal(encode(torch.rand(2, *SHAPE)), np.zeros((2, SIZE)))


def test_an_encoder_alone_may_be_a_network_too() -> None:
    encode, decode = halves_of(joined(), SHAPE, "a listing", decodes=False)
    assert decode is None
    assert encode(torch.rand(2, *SHAPE))[0].shape == (2, SIZE)


def test_the_error_is_that_of_the_images_as_they_are() -> None:
    with pytest.raises(BadCheckpoint, match=r"encoder of a listing failed for images \(2, 1, 8, 8\)"):
        opened(VAE(nn.Linear(100, 2 * SIZE), decoder(), SIZE))


def test_a_network_that_is_missing_is_named() -> None:
    without = VAE(TwoHeads(), decoder(), SIZE)
    del without.decoder
    with pytest.raises(BadCheckpoint, match=r"the networks encoder and decoder; the VAE .* has no decode\."):
        halves_of(without, SHAPE, "a listing")
