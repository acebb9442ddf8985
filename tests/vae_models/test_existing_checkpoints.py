"""Weights trained elsewhere: the published ones give the published figures, and what does not fit is named."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from latent_audit.tasks.datasets import sprites
from latent_audit.tasks.datasets.celeba import CelebaSettings
from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.evaluation import evaluate
from latent_audit.vae_models.inference import encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.pretrained.checkpoint_settings import CheckpointSettings
from latent_audit.vae_models.pretrained.existing_models import open_existing
from latent_audit.vae_models.storage import checkpoints, recipes

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "existing_model.yaml"
SHAPE = (1, 28, 28)


def published(data: Path, name: str, size: int, channels: int) -> Model:
    """Returns a checkpoint of disentangling-vae, whose names configs/existing_model.yaml maps to ours."""
    given = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["models"]["beta_vae"]
    if size == 32:  # one convolution fewer at each end
        given["names"] = {
            **{name: ours for name, ours in given["names"].items() if "_64" not in name},
            **{f"decoder.convT{index + 1}": f"decoder.6.layers.{2 * index}" for index in range(3)},
        }
    file = data / "checkpoints" / name / "model.pt"
    return open_existing(CheckpointSettings(**{**given, "path": file}), (channels, size, size))


def mnist_digits(data: Path, count: int) -> NDArray[np.uint8]:
    with gzip.open(data / "mnist" / "train-images-idx3-ubyte.gz") as stream:
        stream.read(16)
        digits = np.frombuffer(stream.read(count * 784), np.uint8).reshape(count, 28, 28)
    scaled = [Image.fromarray(digit).resize((32, 32), Image.Resampling.BILINEAR) for digit in digits]
    return np.stack([np.asarray(image) for image in scaled])[:, None]


@pytest.mark.parametrize(
    ("name", "reconstruction", "kl"), [("VAE_mnist", 111.9094, 19.1159), ("betaH_mnist", 122.0432, 10.5221)]
)
def test_published_mnist_models_give_their_figures(
    name: str, reconstruction: float, kl: float, real_data: Path
) -> None:
    found = evaluate(published(real_data, name, 32, 1), mnist_digits(real_data, 1000))
    assert found.kl_nats is not None
    assert found.reconstruction_nats.mean() == pytest.approx(reconstruction, abs=1e-3)
    assert found.kl_nats.sum(1).mean() == pytest.approx(kl, abs=1e-3)


def test_the_published_dsprites_model_knows_our_sprites(real_data: Path) -> None:
    """Its own training log ends at 35.61 nats with sampled codes; our sprites follow a fit of the same rule."""
    model = published(real_data, "betaH_dsprites", 64, 1)
    images = sprites.render(sprites.choose_classes(1000, seed=1), 64)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        pixels = torch.from_numpy(images).float() / 255
        mean, log_variance = model.encode(pixels)
        drawn = mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=generator)
        nats = model.reconstruction_nats(pixels, drawn)
    assert float(nats.mean()) == pytest.approx(35.61, rel=0.1)


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.endurance)])
def test_the_published_celeba_model_knows_faces(count: int, real_data: Path, tmp_path: Path) -> None:
    """Its own training log stays between 6,550 and 6,610 nats; faces there were squeezed, here they are cropped."""
    images = CelebaSettings(images=count).load(real_data, tmp_path, 0).images
    found = evaluate(published(real_data, "betaH_celeba", 64, 3), images)
    assert found.reconstruction_nats.mean() == pytest.approx(6580, rel=0.1)


# ---- files -------------------------------------------------------------------------------------


def settings(**given: object) -> CheckpointSettings:
    return CheckpointSettings.model_validate({"path": "x", "network": "mlp", "latent_dim": 3, **given})


def weights(**changed: Tensor) -> dict[str, Tensor]:
    """Returns the weights of a small VAE of ours, with some changed."""
    model = build(VaeSettings(network="mlp", latent_dim=3), SHAPE, (), seed=1)
    assert isinstance(model, nn.Module)
    return {**model.state_dict(), **changed}


def written(folder: Path, content: object, name: str = "model.pt") -> Path:
    path = folder / name
    torch.save(content, path)
    return path


def same_codes(model: Model, expected: Mapping[str, Tensor]) -> bool:
    ours = build(VaeSettings(network="mlp", latent_dim=3), SHAPE, (), seed=2)
    assert isinstance(ours, nn.Module)
    ours.load_state_dict(dict(expected))
    images = np.random.default_rng(0).integers(0, 256, (4, *SHAPE), dtype=np.uint8)
    pairs = zip(encode_images(model, images), encode_images(ours, images), strict=True)
    return all(np.array_equal(first, second) for first, second in pairs)


def test_weights_of_our_own_names_need_no_map(tmp_path: Path) -> None:
    path = written(tmp_path, weights())
    assert same_codes(open_existing(settings().with_files({"path": path}), SHAPE), weights())
    safe = tmp_path / "model.safetensors"
    save_file(weights(), safe)
    assert same_codes(open_existing(settings().with_files({"path": safe}), SHAPE), weights())


def test_an_entry_a_prefix_and_what_is_left_out(tmp_path: Path) -> None:
    theirs = {f"module.{name}": tensor.double() for name, tensor in weights().items()}
    theirs["discriminator.weight"] = torch.zeros(2)
    path = written(tmp_path, {"epoch": 3, "state_dict": theirs})
    asked = settings(
        entry="state_dict",
        names={"module.encoder": "encoder", "module.decoder": "decoder"},
        left_out=["discriminator"],
    )
    assert same_codes(open_existing(asked.with_files({"path": path}), SHAPE), weights())


def test_every_layout_of_mean_and_log_variance_is_the_same_model(tmp_path: Path) -> None:
    plain = weights()
    last = next(name for name in reversed(plain) if name.startswith("encoder.")).rpartition(".")[0]
    order = [0, 3, 1, 4, 2, 5]  # mean and log variance of each of three dimensions, side by side
    interleaved = {
        name: tensor[order] if name.startswith(f"{last}.") else tensor for name, tensor in plain.items()
    }
    path = written(tmp_path, interleaved)
    asked = settings(posterior_layout="interleaved")
    assert same_codes(open_existing(asked.with_files({"path": path}), SHAPE), plain)
    separate = {name: tensor for name, tensor in plain.items() if not name.startswith(f"{last}.")}
    for part in ("weight", "bias"):
        separate[f"fc_mu.{part}"], separate[f"fc_var.{part}"] = plain[f"{last}.{part}"].chunk(2)
    path = written(tmp_path, separate)
    asked = settings(
        posterior_layout="separate", names={"fc_mu": "encoder.mean", "fc_var": "encoder.log_variance"}
    )
    assert same_codes(open_existing(asked.with_files({"path": path}), SHAPE), plain)


def test_all_that_does_not_fit_is_said_at_once(tmp_path: Path) -> None:
    wrong = weights(**{"encoder.1.weight": torch.zeros(512, 1024), "extra.bias": torch.zeros(7)})
    del wrong["encoder.1.bias"]
    wrong["encoder.3.bias"] = torch.full_like(wrong["encoder.3.bias"], torch.nan)
    with pytest.raises(BadCheckpoint) as caught:
        open_existing(settings().with_files({"path": written(tmp_path, wrong)}), SHAPE)
    said = str(caught.value)
    assert "missing: encoder.1.bias 512\n" in said
    assert "unexpected: extra.bias 7\n" in said
    assert "encoder.1.weight has the shape 512x1024, and 512x784 is needed" in said
    assert "not finite numbers: encoder.3.bias" in said
    assert "with `names`" in said


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("encoder.down_blocks.0.conv.weight", "Diffusers' AutoencoderKL"),
        ("encoder.log_var.weight", "pythae"),
        ("net.0.weight", None),
    ],
)
def test_another_architecture_is_said_where_no_map_can_fit(
    name: str, family: str | None, tmp_path: Path
) -> None:
    path = written(tmp_path, {name: torch.zeros(8, 3, 3, 3), "net.bias": torch.zeros(512)})
    with pytest.raises(BadCheckpoint) as caught:
        open_existing(settings().with_files({"path": path}), SHAPE)
    said, expected = str(caught.value), weights()
    lacking = len(expected) - 1  # one bias of 512 numbers is there
    assert "The architecture differs, and no `names` can make it fit" in said
    assert (
        f"of the {len(expected)} tensors that the network needs, {lacking} have a shape that no tensor"
        in said
    )
    assert ("Its names are those of" in said) == (family is not None)
    assert family is None or f"Its names are those of {family}." in said
    assert "Use kind entrypoint" in said
    # Where every shape is there, a map of names may fit.
    path = written(tmp_path, {f"x.{place}": tensor for place, tensor in enumerate(expected.values())})
    with pytest.raises(BadCheckpoint, match="Name its tensors after ours with `names`") as caught:
        open_existing(settings().with_files({"path": path}), SHAPE)
    assert "architecture" not in str(caught.value)


class Harm:
    """Would write a file when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return open, ("harm was done", "w")  # type: ignore[return-value]  # what a hostile pickle returns


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"epoch": 3, "model": {"w": torch.zeros(1)}}, "it holds epoch, model. Name the entry"),
        ([torch.zeros(1)], "it holds a list"),
        ({}, "it holds nothing"),
        (Harm(), r"a pickle of Python objects that asks for \w*io\.open, and a file of tensors is needed"),
        (
            nn.Linear(2, 2),
            r"asks for torch\.nn\.modules\.linear\.Linear, .* or save model\.state_dict\(\) alone",
        ),
    ],
)
def test_what_is_no_state_dict_is_refused_and_not_run(
    content: object, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadCheckpoint, match=said):
        open_existing(settings().with_files({"path": written(tmp_path, content)}), SHAPE)
    assert not (tmp_path / "harm was done").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"model\.pt is an empty file, and a file of tensors is needed"),
        (b"no weights", r"model\.pt cannot be read as tensors alone"),
        (b"PK\x03\x04 half a zip", r"model\.pt is the beginning of a zip archive, cut off"),
    ],
)
def test_a_file_of_something_else_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(BadCheckpoint, match=said):
        open_existing(settings().with_files({"path": path}), SHAPE)
    with pytest.raises(BadCheckpoint, match="no entry 'ema'; it holds encoder"):
        open_existing(settings(entry="ema").with_files({"path": written(tmp_path, weights())}), SHAPE)
    with pytest.raises(BadCheckpoint, match="there is no file of weights at"):
        open_existing(settings().with_files({"path": tmp_path / "other.pt"}), SHAPE)


def test_maps_that_cannot_be_right_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {**weights(), "copy.1.bias": torch.zeros(512)})
    with pytest.raises(
        BadCheckpoint, match=r"both named encoder\.1\.bias after `names`; one is copy\.1\.bias"
    ):
        open_existing(settings(names={"copy": "encoder"}).with_files({"path": path}), SHAPE)
    with pytest.raises(
        BadCheckpoint, match=r"must name the layers .* encoder\.mean and encoder\.log_variance"
    ):
        open_existing(settings(posterior_layout="separate").with_files({"path": path}), SHAPE)


def test_what_was_opened_is_saved_and_comes_back_without_the_file(tmp_path: Path) -> None:
    asked = settings()
    model = open_existing(asked.with_files({"path": written(tmp_path, weights())}), SHAPE)
    recipe = recipes.recipe(asked.with_files({"path": Path("theirs.pt")}), SHAPE, (), seed=5)
    assert recipe["settings"]["path"] == "theirs.pt"
    recipes.save(tmp_path / "saved", model, recipe)
    assert same_codes(checkpoints.load(tmp_path / "saved", "cpu"), weights())
