"""Weights by their path alone: which network they fit is found by shapes, how to read them by trying on images."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from latent_audit.tasks.datasets import sprites
from latent_audit.tasks.datasets.celeba import CelebaSettings
from latent_audit.tasks.stages.training.choose_reading import AS_LIKELY, choose_reading
from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.pretrained.checkpoint_settings import CheckpointSettings
from latent_audit.vae_models.pretrained.existing_models import open_existing
from latent_audit.vae_models.pretrained.recognising.weights_by_shape import fits
from tests.vae_models.test_existing_checkpoints import CONFIG, mnist_digits

CONFIGURED = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["models"]["beta_vae"]


def images_for(name: str, real_data: Path, workspace: Path) -> np.ndarray:
    if name == "VAE_mnist":
        return mnist_digits(real_data, 64)
    if name == "betaH_celeba":
        return np.asarray(CelebaSettings(images=64).load(real_data, workspace, 0).images)
    return sprites.render(sprites.choose_classes(64, seed=1), 64)


@pytest.mark.parametrize("name", ["betaH_dsprites", "betaH_celeba", "VAE_mnist"])
def test_published_weights_are_read_as_their_authors_read_them(
    name: str, real_data: Path, tmp_path: Path
) -> None:
    images = images_for(name, real_data, tmp_path)
    shape = images.shape[1:]
    path = real_data / "checkpoints" / name / "model.pt"
    model, taken, tried = choose_reading(CheckpointSettings(path=path), shape, images)
    assert isinstance(taken, CheckpointSettings)
    assert (taken.network, taken.latent_dim, taken.posterior_layout) == ("burgess", 10, "interleaved")
    assert (taken.transposed, taken.pixel_range) == (False, (0.0, 1.0))
    assert len(tried) == 8
    assert [row.taken for row in tried].count(True) == 1
    errors = [row.error for row in tried if row.error is not None]
    assert errors == sorted(errors)
    rebuilt = decode_latents(model, encode_images(model, images)[0])
    chosen = next(row.error for row in tried if row.taken)
    assert chosen == pytest.approx(((rebuilt - images / 255) ** 2).mean(), rel=1e-4)
    if name == "betaH_dsprites":
        theirs = open_existing(CheckpointSettings(**{**CONFIGURED, "path": path}), shape)
        np.testing.assert_array_equal(encode_images(model, images)[0], encode_images(theirs, images)[0])
        assert taken.names == {f"{k}": v for k, v in CONFIGURED["names"].items()}


@pytest.mark.parametrize("network", ["mlp", "burgess", "locatello"])
@pytest.mark.parametrize("names", ["ours", "theirs"])
def test_every_network_is_found_by_its_shapes(network: str, names: str) -> None:
    side = 28 if network == "mlp" else 64
    model = build(VaeSettings(network=network, latent_dim=5), (3, side, side), (), seed=0)
    assert isinstance(model, nn.Module)
    tensors = dict(model.state_dict())
    if names == "theirs":
        tensors = {
            f"layer{place // 2}.{name.rpartition('.')[2]}": t
            for place, (name, t) in enumerate(tensors.items())
        }
    found = fits(tensors)
    assert {(way.network, way.latent_dim, way.image_shape) for way in found} == {
        (network, 5, (3, side, side))
    }
    assert [way.posterior_layout for way in found] == ["halves", "interleaved"]
    if names == "ours":
        assert all(theirs == ours for theirs, ours in found[0].names.items())


def test_two_last_layers_are_means_and_log_variances_in_either_order() -> None:
    model = build(VaeSettings(network="mlp", latent_dim=3), (1, 28, 28), (), seed=0)
    assert isinstance(model, nn.Module)
    tensors = dict(model.state_dict())
    last = next(name for name in reversed(tensors) if name.startswith("encoder.")).rpartition(".")[0]
    ordered = {}
    for name, tensor in tensors.items():
        if name.startswith(f"{last}."):
            part = name.rpartition(".")[2]
            ordered[f"encoder.mu.{part}"], ordered[f"encoder.var.{part}"] = tensor.chunk(2)
        else:
            ordered[name] = tensor
    ways = fits(ordered)
    assert [way.posterior_layout for way in ways] == ["separate", "separate"]
    assert [way.names["encoder.mu"] for way in ways] == ["encoder.mean", "encoder.log_variance"]


@pytest.mark.parametrize(
    "tensors",
    [
        {"a.weight": torch.zeros(3, 4)},
        {"running_mean": torch.zeros(3)},
        {"a.weight": torch.zeros(3, 4, dtype=torch.int64)},
        {"a.bias": torch.zeros(3)},
        {},
    ],
)
def test_other_tensors_fit_nothing(tensors: dict[str, torch.Tensor]) -> None:
    assert fits(tensors) == []


def test_readings_that_are_about_as_good_are_asked_about(tmp_path: Path) -> None:
    """Weights of a network that was not trained rebuild nothing, however they are read."""
    model = build(VaeSettings(network="mlp", latent_dim=3), (1, 28, 28), (), seed=0)
    assert isinstance(model, nn.Module)
    theirs = {f"net.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save(theirs, tmp_path / "model.pt")
    images = np.random.default_rng(0).integers(0, 256, (64, 1, 28, 28), dtype=np.uint8)
    settings = CheckpointSettings(path=tmp_path / "model.pt")
    with pytest.raises(
        BadCheckpoint, match=r"in several ways .*posterior_layout halves.*Choose one by its settings"
    ):
        choose_reading(settings, (1, 28, 28), images)
    told = settings.model_copy(
        update={"posterior_layout": "halves", "pixel_range": (0.0, 1.0), "transposed": False}
    )
    opened, taken, tried = choose_reading(told, (1, 28, 28), images)
    assert tried == ()
    assert isinstance(taken, CheckpointSettings)
    assert taken.network == "mlp"
    np.testing.assert_array_equal(encode_images(opened, images)[0], encode_images(model, images)[0])
    assert AS_LIKELY == 1.2


def test_height_and_width_exchanged_and_another_range_are_the_same_network_seen_otherwise() -> None:
    plain = build(CheckpointSettings(path=Path("x"), network="mlp", latent_dim=3), (1, 28, 28), (), seed=4)
    other = build(
        CheckpointSettings(path=Path("x"), network="mlp", latent_dim=3, transposed=True, pixel_range=(-1, 1)),
        (1, 28, 28), (), seed=4,
    )  # fmt: skip
    images = torch.rand(5, 1, 28, 28)
    seen = (images.transpose(2, 3) + 1) / 2
    torch.testing.assert_close(other.encode(seen).mean, plain.encode(images).mean)
    codes = torch.randn(5, 3)
    torch.testing.assert_close(other.decode(codes), plain.decode(codes).transpose(2, 3))
