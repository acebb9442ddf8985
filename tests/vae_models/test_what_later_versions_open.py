"""Models as people have them are opened; what cannot be is refused with a sentence."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.presets.presets import AnyModelSettings
from latent_audit.vae_models.pretrained.checkpoint_settings import CheckpointSettings
from latent_audit.vae_models.pretrained.entrypoint_settings import EntrypointSettings
from latent_audit.vae_models.pretrained.existing_models import open_existing

SHAPE = (1, 28, 28)
_settings: TypeAdapter[Any] = TypeAdapter(AnyModelSettings)


class Encoder(nn.Module):
    """Codes of three dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 3))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


class Decoder(nn.Module):
    """Images of such codes."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 784)

    def forward(self, codes: Tensor) -> Tensor:
        return self.layer(codes).sigmoid().view(-1, 1, 28, 28)


@dataclass(frozen=True)
class Given:
    """What somebody has in a folder, the settings that would open it, and the encoder that is in it."""

    settings: dict[str, Any]
    encoder: Callable[[Tensor], Tensor] | None = None
    latent_dim: int = 3


def exported(path: Path, module: nn.Module, example: Tensor, *, any_number: bool) -> str:
    shapes = ({0: torch.export.Dim("batch", min=2)},) if any_number else None
    torch.export.save(torch.export.export(module, (example,), dynamic_shapes=shapes), path)
    return str(path)


def onnx(folder: Path) -> Given:
    """Two ONNX models written by hand: a matrix product and a sum each."""
    encoder = Encoder()
    layer = encoder.layers[1]
    assert isinstance(layer, nn.Linear)
    places = {}
    for part, linear, before, after in (
        ("encoder", layer, [-1, 784], [-1, 3]),
        ("decoder", Decoder().layer, [-1, 3], [-1, *SHAPE]),
    ):
        places[part] = str(folder / f"{part}.onnx")
        Path(places[part]).write_bytes(onnx_model(linear, before, after))
    return Given({"kind": "onnx", **places}, encoder)


def onnx_model(linear: nn.Linear, before: list[int], after: list[int]) -> bytes:
    """Returns the ONNX model x -> reshape(x, before) @ weight.T + bias, reshaped to `after`."""

    def number(value: int) -> bytes:
        value &= (1 << 64) - 1
        found = b""
        while value > 127:
            found += bytes([value & 127 | 128])
            value >>= 7
        return found + bytes([value])

    def field(place: int, content: bytes | str | int) -> bytes:
        if isinstance(content, int):
            return number(place << 3) + number(content)
        data = content.encode() if isinstance(content, str) else content
        return number(place << 3 | 2) + number(len(data)) + data

    def tensor(name: str, values: np.ndarray) -> bytes:
        kind = {"float32": 1, "int64": 7}[str(values.dtype)]
        sizes = b"".join(field(1, size) for size in values.shape)
        return field(5, sizes + field(2, kind) + field(8, name) + field(9, values.tobytes()))

    def node(kind: str, inputs: tuple[str, ...], output: str) -> bytes:
        return field(1, b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind))

    def value(place: int, name: str) -> bytes:
        return field(place, field(1, name) + field(2, field(1, field(1, 1))))

    graph = (
        node("Reshape", ("x", "before"), "flat")
        + node("Gemm", ("flat", "weight", "bias"), "sum")
        + node("Reshape", ("sum", "after"), "y")
        + field(2, "linear")
        + tensor("before", np.array(before, np.int64))
        + tensor("after", np.array(after, np.int64))
        + tensor("weight", linear.weight.detach().numpy().T.copy())
        + tensor("bias", linear.bias.detach().numpy())
        + value(11, "x")
        + value(12, "y")
    )
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))


def pythae(folder: Path) -> Given:
    """A folder as pythae writes it of its VAE with its own networks."""
    torch.manual_seed(0)
    first, mean, log_variance = nn.Linear(784, 512), nn.Linear(512, 3), nn.Linear(512, 3)
    back = {"layers.0.0": nn.Linear(3, 512), "layers.1.0": nn.Linear(512, 784)}
    named = {
        **{f"encoder.{name}": layer for name, layer in
           (("layers.0.0", first), ("embedding", mean), ("log_var", log_variance))},
        **{f"decoder.{name}": layer for name, layer in back.items()},
    }  # fmt: skip
    state = {
        f"{name}.{part}": value for name, layer in named.items() for part, value in layer.state_dict().items()
    }
    torch.save({"model_state_dict": state}, folder / "model.pt")
    config = {
        "name": "VAEConfig", "input_dim": list(SHAPE), "latent_dim": 3, "uses_default_encoder": True,
        "uses_default_decoder": True, "reconstruction_loss": "bce",
    }  # fmt: skip
    (folder / "model_config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "environment.json").write_text('{"name": "EnvironmentConfig", "python_version": "3.11"}')
    return Given(
        {"kind": "pythae", "path": str(folder)}, lambda images: mean(first(images.flatten(1)).relu())
    )


def encoder_alone(folder: Path) -> Given:
    encoder = Encoder()
    path = exported(folder / "encoder.pt2", encoder, torch.zeros(2, *SHAPE), any_number=True)
    return Given({"kind": "exported_programs", "encoder": path}, encoder)


def generator_alone(folder: Path) -> Given:
    path = exported(folder / "decoder.pt2", Decoder(), torch.zeros(2, 3), any_number=True)
    return Given({"kind": "exported_programs", "decoder": path})


def eight_at_once(folder: Path) -> Given:
    """Programs that were exported for batches of eight images."""
    encoder = Encoder()
    places = {
        "encoder": exported(folder / "encoder.pt2", encoder, torch.zeros(8, *SHAPE), any_number=False),
        "decoder": exported(folder / "decoder.pt2", Decoder(), torch.zeros(8, 3), any_number=False),
    }
    return Given({"kind": "exported_programs", **places}, encoder)


def own_code(folder: Path, name: str, latent_dim: int) -> Given:
    (folder / "forms_of_a_test.py").write_text(OWN_CODE, encoding="utf-8")
    settings = {"kind": "entrypoint", "entrypoint": f"forms_of_a_test:{name}", "folder": str(folder)}
    return Given(settings, None, latent_dim)


OWN_CODE = """
import torch
from torch import nn

class Conditional(nn.Module):  # codes of an image, given its class
    def __init__(self):
        super().__init__()
        self.towards, self.back = nn.Linear(784 + 10, 3), nn.Linear(3 + 10, 784)

    def encode(self, images, classes):
        return self.towards(torch.cat([images.flatten(1), classes], 1))

    def decode(self, codes, classes):
        return self.back(torch.cat([codes, classes], 1)).sigmoid().view(-1, 1, 28, 28)

class Spatial(nn.Module):  # codes are a map, as those of an autoencoder for diffusion
    def __init__(self):
        super().__init__()
        self.towards, self.back = nn.Conv2d(1, 3, 7, stride=7), nn.ConvTranspose2d(3, 1, 7, stride=7)

    def encode(self, images):
        return self.towards(images)

    def decode(self, codes):
        return self.back(codes).sigmoid()

class Hierarchical(nn.Module):  # codes of three levels
    def __init__(self):
        super().__init__()
        self.levels = nn.ModuleList(nn.Linear(784, size) for size in (2, 4, 6))
        self.back = nn.Linear(12, 784)

    def encode(self, images):
        return [level(images.flatten(1)) for level in self.levels]

    def decode(self, codes):
        return self.back(torch.cat(list(codes), 1)).sigmoid().view(-1, 1, 28, 28)

class Two(nn.Module):  # two levels of one width
    def encode(self, images):
        halves = images.flatten(2).chunk(2, 2)
        return [half.reshape(len(images), 3, -1).mean(2) for half in (halves[0][..., :390], halves[1][..., :390])]

    def decode(self, codes):
        first, second = codes
        return (first + second).mean(1)[:, None, None, None].expand(-1, 1, 28, 28)

class Indices(nn.Module):  # of a codebook of eight vectors, four an image
    def __init__(self):
        super().__init__()
        self.book = nn.Embedding(8, 196)

    def encode(self, images):
        return (images.reshape(len(images), 4, 196).mean(2) * 7).long()

    def decode(self, codes):
        return self.book(codes).sigmoid().view(-1, 1, 28, 28)

def principal_components():  # of scikit-learn: transform and inverse_transform
    import numpy
    from sklearn.decomposition import PCA
    return PCA(3).fit(numpy.random.default_rng(0).normal(size=(50, 784)))
"""
OPENED: dict[str, Callable[[Path], Given]] = {
    "ONNX": onnx,
    "programs for eight images at once": eight_at_once,
    "spatial": lambda folder: own_code(folder, "Spatial", 48),
    "hierarchical": lambda folder: own_code(folder, "Hierarchical", 12),
    "scikit-learn": lambda folder: own_code(folder, "principal_components", 3),
    "a folder of pythae": pythae,
    "an encoder alone": encoder_alone,
}
REFUSED: dict[str, tuple[Callable[[Path], Given], str]] = {
    "a generator alone": (generator_alone, "encoder"),
    "conditional": (
        lambda folder: own_code(folder, "Conditional", 3),
        "the encoder of forms_of_a_test:Conditional failed .* missing 1 required positional argument: 'classes'",
    ),
}


@pytest.mark.parametrize("form", OPENED)
def test_models_as_people_have_them_are_opened(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.modules.pop("forms_of_a_test", None)
    opens_as_given(OPENED[form](tmp_path))


@pytest.mark.parametrize("form", REFUSED)
def test_what_cannot_be_opened_is_named(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.modules.pop("forms_of_a_test", None)
    make, said = REFUSED[form]
    given = make(tmp_path)
    with pytest.raises((BadCheckpoint, ValidationError), match=said):
        open_existing(_settings.validate_python(given.settings), SHAPE)


def opens_as_given(given: Given) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, *SHAPE), dtype=np.uint8)
    model = open_existing(_settings.validate_python(given.settings), SHAPE)
    assert model.latent_dim == given.latent_dim
    codes = encode_images(model, images)[0]
    if "encoder" in given.settings and "decoder" not in given.settings:
        with pytest.raises(BadCheckpoint, match="has no decoder"):
            decode_latents(model, codes)
    else:
        assert decode_latents(model, codes).shape == images.shape
    if given.encoder is not None:
        with torch.no_grad():
            expected = given.encoder(torch.from_numpy(images).float() / 255)
        np.testing.assert_allclose(codes, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["diffusers", "lightning"])
def test_models_of_other_libraries_have_a_kind_of_their_own(kind: str) -> None:
    assert _settings.validate_python({"kind": kind, "path": "model"}).kind == kind


def test_a_checkpoint_with_another_architecture_is_said_to_need_its_code(tmp_path: Path) -> None:
    """Weights do not say how their network computes; kinds lightning and entrypoint take its code."""
    deeper = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 6)
    )
    torch.save({f"net.{name}": weight for name, weight in deeper.state_dict().items()}, tmp_path / "model.pt")
    settings = CheckpointSettings(path=tmp_path / "model.pt", network="mlp", latent_dim=3)
    with pytest.raises(
        BadCheckpoint, match=r"The architecture differs, and no `names` can make it fit[\s\S]*entrypoint"
    ):
        open_existing(settings, (1, 28, 28))


@pytest.mark.parametrize(("returns", "name", "size"), [("levels", "Two", 6), ("indices", "Indices", 4)])
def test_what_a_pair_of_tensors_or_whole_numbers_mean_can_be_said(
    returns: str, name: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two levels of equal width look like means and log variances; indices of a codebook look like 64 numbers."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.modules.pop("forms_of_a_test", None)
    given = own_code(tmp_path, name, size)
    settings = EntrypointSettings.model_validate({**given.settings, "returns": returns})
    model = open_existing(settings, SHAPE)
    assert model.latent_dim == size
    images = np.random.default_rng(0).integers(0, 256, (20, *SHAPE), dtype=np.uint8)
    assert decode_latents(model, encode_images(model, images)[0] + np.float32(0.4)).shape == images.shape


@pytest.mark.parametrize("size", [48, 128])
def test_the_default_network_takes_the_sizes_that_people_work_with(size: int) -> None:
    settings = _settings.validate_python({"kind": "vae", "latent_dim": 3})
    model = build(settings, (3, size, size), (), seed=0)
    images = torch.zeros(2, 3, size, size)
    assert model.decode(model.encode(images).mean).shape == images.shape
