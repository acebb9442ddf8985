"""The listing of "from autoencoder to VAE" on digits: as printed, with sums, in phases, and without noise."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from latent_audit.tasks.settings.layers import load_settings
from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.vae import VariationalAutoencoder
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.evaluation import evaluate
from latent_audit.vae_models.model import Batch
from latent_audit.vae_models.presets.settings_by_kind import read_settings
from latent_audit.vae_models.training.starting_weights import start_from

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "articles"
SHAPE = (1, 28, 28)
STEPS = 300


@pytest.fixture(scope="module")
def digits(real_data: Path) -> NDArray[np.uint8]:
    """Returns 2,000 digits uint8 (n, 1, 28, 28)."""
    with gzip.open(real_data / "mnist" / "train-images-idx3-ubyte.gz") as stream:
        stream.read(16)
        return np.frombuffer(stream.read(2000 * 784), np.uint8).reshape(2000, *SHAPE).copy()


def settings_of(config: str, model: str) -> Any:
    return load_settings(CONFIGS / f"{config}.yaml").models[model]


def learnt(
    settings: Any, images: NDArray[np.uint8], start: VariationalAutoencoder | None = None
) -> VariationalAutoencoder:
    """Returns the model after a fifth of its steps, without a warm-up."""
    model = build(settings.model_copy(update={"warm_up_steps": 0}), SHAPE, (), seed=0)
    if start is not None:
        start_from(model, start)
    stream, pixels = torch.Generator().manual_seed(0), torch.from_numpy(images).float() / 255
    for step in range(STEPS):
        some = torch.randint(len(pixels), (64,), generator=stream)
        model.update(Batch(pixels[some], None), step, stream)
    return model.eval()


def figures(model: VariationalAutoencoder, images: NDArray[np.uint8]) -> tuple[float, float]:
    """Returns the sum of squares and the KL in nats, means over images."""
    pixels = torch.from_numpy(images).float() / 255
    with torch.no_grad():
        rebuilt = model.decode(model.encode(pixels).mean)
    kl = evaluate(model, images).whole_kl_nats
    return float((rebuilt - pixels).square().flatten(1).sum(1).mean()), 0.0 if kl is None else float(
        kl.mean()
    )


def test_the_listing_as_printed_collapses_and_with_sums_it_does_not(digits: NDArray[np.uint8]) -> None:
    seen, new = digits[:1500], digits[1500:]
    mean_image = float(np.square(new / 255 - seen.mean(0) / 255).reshape(len(new), -1).sum(1).mean())
    squares, kl = figures(learnt(settings_of("vae_as_printed", "as_printed"), seen), new)
    assert kl < 0.05
    assert squares > 0.9 * mean_image  # every digit is rebuilt as nearly the same picture
    squares, kl = figures(learnt(settings_of("vae_with_sums", "with_sums"), seen), new)
    assert kl > 5
    assert squares < 0.7 * mean_image


def test_the_second_phase_starts_from_the_autoencoder(digits: NDArray[np.uint8]) -> None:
    seen, new = digits[:1500], digits[1500:]
    first = learnt(settings_of("vae_in_phases", "autoencoder"), seen)
    second = build(settings_of("vae_in_phases", "then_kl"), SHAPE, (), seed=1)
    start_from(second, first)
    pixels = torch.from_numpy(new).float() / 255
    posterior = second.encode(pixels)
    torch.testing.assert_close(posterior.mean, first.encode(pixels).mean)
    torch.testing.assert_close(posterior.log_variance, torch.full_like(posterior.mean, -4.0))
    torch.testing.assert_close(second.decode(posterior.mean), first.decode(posterior.mean))
    other = build(read_settings("autoencoder", {"latent_dim": 20, "network": "mlp"}), SHAPE, (), seed=0)
    with pytest.raises(BadSettings, match=r"another network: encoder\.1\.weight is"):
        start_from(second, other)
    fewer = build(read_settings("autoencoder", {"latent_dim": 10, "network": "mlp"}), SHAPE, (), seed=0)
    with pytest.raises(BadSettings, match="as many dimensions"):
        start_from(second, fewer)


def test_without_sampling_noise_the_means_are_what_the_decoder_learns_from() -> None:
    settings = settings_of("vae_without_noise", "without_noise")
    images = torch.rand(4, *SHAPE, generator=torch.Generator().manual_seed(0))
    with_noise = build(settings.model_copy(update={"sampling_noise": True}), SHAPE, (), seed=0)
    without = build(settings, SHAPE, (), seed=0)
    losses = [
        [
            model.losses(Batch(images, None), torch.Generator().manual_seed(seed))["reconstruction"].item()
            for seed in (1, 2)
        ]
        for model in (with_noise, without)
    ]
    assert losses[0][0] != losses[0][1]
    assert losses[1][0] == losses[1][1]
    with torch.no_grad():
        exact = without.reconstruction_nats(images, without.encode(images).mean).mean()
    assert losses[1][0] == pytest.approx(float(exact), rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start_from": "absent"}, "must be one of the other models"),
        ({"start_from": "then_kl"}, "must be one of the other models"),
        ({"start_from": "autoencoder", "latent_dim": 9}, "with the same network, hidden_units, latent_dim"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(changes: dict[str, Any], said: str) -> None:
    words = [word for name, value in changes.items() for word in (f"--models.then_kl.{name}", str(value))]
    with pytest.raises(Exception, match=said):
        load_settings(CONFIGS / "vae_in_phases.yaml", words)
