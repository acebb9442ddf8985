"""Models as Diffusers, pythae and Lightning save them: opened as they are, and nothing of a folder is run."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from safetensors.torch import save_file
from torch import Tensor, nn

from latent_audit.flows.cli.main import main
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.models_by_path import image_size_of, with_kind_of_path
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.presets.presets import AnyModelSettings
from latent_audit.vae_models.pretrained.existing_models import open_existing
from latent_audit.vae_models.storage import checkpoints, recipes

SHAPE = (1, 16, 16)
IMAGES = np.random.default_rng(0).integers(0, 256, (5, *SHAPE), dtype=np.uint8)
_settings: TypeAdapter[Any] = TypeAdapter(AnyModelSettings)
KL = {
    "in_channels": 1, "out_channels": 1, "block_out_channels": (8, 8), "norm_num_groups": 4, "latent_channels": 2,
    "down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2,
    "scaling_factor": 0.5, "shift_factor": 0.25,
}  # fmt: skip


def autoencoder_kl(folder: Path) -> Any:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    torch.manual_seed(0)
    model = AutoencoderKL(**KL).eval()
    model.save_pretrained(folder)
    return model


def opened(kind: str, folder: Path, shape: tuple[int, int, int] = SHAPE) -> Any:
    return open_existing(_settings.validate_python({"kind": kind, "path": str(folder)}), shape)


def in_range(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images).float() / 255 * 2 - 1


def test_an_autoencoder_kl_scales_its_codes_on_both_sides(tmp_path: Path) -> None:
    theirs = autoencoder_kl(tmp_path / "kl")
    ours = opened("diffusers", tmp_path / "kl")
    with torch.no_grad():
        posterior = theirs.encode(in_range(IMAGES)).latent_dist
        rebuilt = theirs.decode(posterior.mean).sample
    means, log_variances = encode_images(ours, IMAGES)
    expected = (posterior.mean - 0.25) * 0.5
    np.testing.assert_allclose(means, expected.flatten(1), atol=1e-5)
    np.testing.assert_allclose(log_variances, (posterior.logvar + 2 * np.log(0.5)).flatten(1), atol=1e-4)
    np.testing.assert_allclose(decode_latents(ours, means), ((rebuilt + 1) / 2).clamp(0, 1), atol=1e-5)
    assert ours.latent_dim == 2 * 8 * 8
    assert ours.dimension_names[9] == "z0,1,1"
    assert ours.networks.encoder.conv_in.weight.device.type == "cpu"


def test_its_attention_has_the_second_derivative_that_attributions_need(tmp_path: Path) -> None:
    autoencoder_kl(tmp_path / "kl")
    ours = opened("diffusers", tmp_path / "kl")
    pixels = torch.from_numpy(IMAGES).float().div(255).requires_grad_()
    for leaf, function in ((pixels, lambda x: ours.encode(x).mean), (torch.zeros(2, 128), ours.decode)):
        given = leaf.requires_grad_()
        (first,) = torch.autograd.grad(function(given).square().sum(), given, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), given)
        assert torch.isfinite(second).all()


def test_it_is_kept_and_rebuilt_without_its_folder(tmp_path: Path) -> None:
    autoencoder_kl(tmp_path / "kl")
    settings = _settings.validate_python({"kind": "diffusers", "path": str(tmp_path / "kl")})
    kept = tmp_path / "kept"
    (kept / "given").mkdir(parents=True)
    places = {name: Path(place) for name, place in settings.given_files().items()}
    assert set(places) == {"config", "weights"}
    inside = {name: Path("given") / f"{name}{place.suffix}" for name, place in places.items()}
    for name, place in places.items():
        (kept / inside[name]).write_bytes(place.read_bytes())
    model = open_existing(settings, SHAPE)
    recipes.save(kept, model, recipes.recipe(settings.with_files(inside), SHAPE, (), 0))
    (tmp_path / "kl").rename(tmp_path / "gone")
    again = checkpoints.load(kept, "cpu")
    np.testing.assert_allclose(encode_images(model, IMAGES)[0], encode_images(again, IMAGES)[0], atol=1e-5)


def test_a_vq_model_gives_vectors_of_its_codebook(tmp_path: Path) -> None:
    from diffusers.models.autoencoders.vq_model import VQModel

    torch.manual_seed(0)
    sizes = {name: value for name, value in KL.items() if name != "shift_factor"}
    theirs = VQModel(**sizes, num_vq_embeddings=6).eval()
    theirs.save_pretrained(tmp_path / "vq")
    ours = opened("diffusers", tmp_path / "vq")
    codes = encode_images(ours, IMAGES)[0].reshape(5, 2, 64).transpose(0, 2, 1).reshape(-1, 2)
    book = theirs.quantize.embedding.weight.detach().numpy() * 0.5
    assert np.abs(codes[:, None] - book[None]).sum(2).min(1).max() < 1e-5
    with torch.no_grad():
        rebuilt = theirs(in_range(IMAGES)).sample
    np.testing.assert_allclose(
        decode_latents(ours, encode_images(ours, IMAGES)[0]), ((rebuilt + 1) / 2).clamp(0, 1), atol=1e-5
    )


def test_a_tiny_autoencoder_is_opened(tmp_path: Path) -> None:
    from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny

    theirs = AutoencoderTiny(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8), num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1), latent_channels=3,
    ).eval()  # fmt: skip
    theirs.save_pretrained(tmp_path / "tiny")
    ours = opened("diffusers", tmp_path / "tiny", (3, 16, 16))
    images = np.repeat(IMAGES, 3, axis=1)
    with torch.no_grad():
        codes = theirs.encode(in_range(images)).latents
    np.testing.assert_allclose(encode_images(ours, images)[0], codes.flatten(1), atol=1e-5)


def test_pythae_folders_are_opened_by_their_own_networks(tmp_path: Path) -> None:
    from pythae.models import BetaTCVAE, BetaTCVAEConfig

    theirs = BetaTCVAE(BetaTCVAEConfig(input_dim=SHAPE, latent_dim=3)).eval()
    theirs.save(str(tmp_path / "pythae"))
    ours = opened("pythae", tmp_path / "pythae")
    with torch.no_grad():
        code = theirs.encoder(torch.from_numpy(IMAGES).float() / 255)
        rebuilt = theirs.decoder(code.embedding)["reconstruction"]
    means, log_variances = encode_images(ours, IMAGES)
    np.testing.assert_allclose(means, code.embedding, atol=1e-5)
    np.testing.assert_allclose(log_variances, code.log_covariance, atol=1e-5)
    np.testing.assert_allclose(decode_latents(ours, means), rebuilt, atol=1e-5)
    with pytest.raises(
        BadCheckpoint, match=r"images 1x16x16 .* the data set has 1x28x28: set data.image_size"
    ):
        opened("pythae", tmp_path / "pythae", (1, 28, 28))


def test_a_path_alone_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    autoencoder_kl(tmp_path / "kl")
    write_pythae(tmp_path / "pythae")
    for kind, name in (("diffusers", "kl"), ("pythae", "pythae")):
        given = {"path": str(tmp_path / name)}
        assert with_kind_of_path("mine", given) == {"kind": kind, **given}
        assert main(["inspect", str(tmp_path / name)]) == 0
        said = capsys.readouterr().out
        assert (
            f"is a folder of {'Diffusers (AutoencoderKL)' if kind == 'diffusers' else 'pythae (VAEConfig)'}"
            in said
        )
        assert f"kind: {kind}" in said
        assert f"latent-audit[{kind}]" in said
    assert "image_size: 16" in said
    assert image_size_of({"mine": {"kind": "pythae", "path": str(tmp_path / "pythae")}}) == 16


def write_pythae(folder: Path, **changes: Any) -> None:
    folder.mkdir()
    parts = {"encoder.layers.0.0": nn.Linear(256, 512), "encoder.embedding": nn.Linear(512, 3)}
    parts |= {"encoder.log_var": nn.Linear(512, 3)}
    parts |= {"decoder.layers.0.0": nn.Linear(3, 512), "decoder.layers.1.0": nn.Linear(512, 256)}
    state = {
        f"{name}.{key}": value for name, layer in parts.items() for key, value in layer.state_dict().items()
    }
    torch.save({"model_state_dict": state}, folder / "model.pt")
    config = {
        "name": "VAEConfig", "input_dim": list(SHAPE), "latent_dim": 3, "uses_default_encoder": True,
        "uses_default_decoder": True, **changes,
    }  # fmt: skip
    (folder / "model_config.json").write_text(json.dumps(config), encoding="utf-8")


class Harm:
    """Would make a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("run",)


def change_config(name: str, **changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


def hostile_kl(change: Callable[[Path], None]) -> Callable[[Path], Path]:
    def made(home: Path) -> Path:
        autoencoder_kl(home / "mine")
        change(home / "mine")
        return home / "mine"

    return made


def hostile_pythae(change: Callable[[Path], None], **config: Any) -> Callable[[Path], Path]:
    def made(home: Path) -> Path:
        write_pythae(home / "mine", **config)
        change(home / "mine")
        return home / "mine"

    return made


def pickled_kl_weights(folder: Path) -> None:
    (folder / "diffusion_pytorch_model.safetensors").unlink()
    torch.save({"a": Harm()}, folder / "diffusion_pytorch_model.safetensors")


def pickled_networks(folder: Path) -> None:
    torch.save(Harm(), folder / "encoder.pkl")


def endless_config(folder: Path) -> None:
    (folder / "model_config.json").write_text("[" * 100_000)


def cut_weights(folder: Path) -> None:
    path = folder / "diffusion_pytorch_model.safetensors"
    save_file({"encoder.conv_in.weight": torch.zeros(8, 1, 3, 3)}, path)


HOSTILE: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "another class": (
        "diffusers",
        hostile_kl(change_config("config.json", _class_name="os.system")),
        "kind diffusers opens AutoencoderKL, AutoencoderTiny, VQModel",
    ),
    "a layer of all memory": (
        "diffusers",
        hostile_kl(change_config("config.json", block_out_channels=[10**9, 10**9])),
        "which no autoencoder needs",
    ),
    "endless layers": (
        "diffusers",
        hostile_kl(change_config("config.json", layers_per_block=65_000)),
        r"which no autoencoder needs: .*64 for layers",
    ),
    "a pickle as weights": ("diffusers", hostile_kl(pickled_kl_weights), "a pickle of Python objects"),
    "weights that are not there": ("diffusers", hostile_kl(cut_weights), "do not fit its configuration"),
    "large but allowed": (
        "diffusers",
        hostile_kl(change_config("config.json", latent_channels=60_000)),
        "do not fit its configuration",
    ),
    "networks of one's own": (
        "pythae",
        hostile_pythae(pickled_networks, uses_default_encoder=False),
        "pythae keeps such networks as pickles, which run code when they are opened: use kind entrypoint",
    ),
    "objects among the weights": (
        "pythae",
        hostile_pythae(lambda folder: torch.save({"model_state_dict": Harm()}, folder / "model.pt")),
        "a pickle of Python objects",
    ),
    "a dimension count that is text": (
        "pythae",
        hostile_pythae(lambda _: None, latent_dim="__import__('os')"),
        "latent_dim must be a number",
    ),
    "a sphere": (
        "pythae",
        hostile_pythae(lambda _: None, name="SVAEConfig"),
        "kind pythae opens models whose code",
    ),
    "endless JSON": (
        "pythae",
        hostile_pythae(endless_config),
        "cannot be read as JSON",
    ),
}


@pytest.mark.parametrize("form", HOSTILE)
def test_hostile_folders_are_refused_and_nothing_of_them_is_run(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, make, said = HOSTILE[form]
    monkeypatch.chdir(tmp_path)
    path = make(tmp_path)
    with pytest.raises(BadCheckpoint, match=said):
        opened(kind, path)
    assert main(["inspect", str(path)]) == 0
    assert "Traceback" not in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


MODULE = """
import pathlib, torch
from torch import nn
pathlib.Path("made").touch()

class Module(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.model = nn.ModuleDict({"towards": nn.Linear(256, size), "back": nn.Linear(size, 256)})

    def encode(self, images):
        return self.model["towards"](images.flatten(1))

    def decode(self, codes):
        return self.model["back"](codes).sigmoid().view(-1, 1, 16, 16)
"""


def lightning(folder: Path, **more: Any) -> dict[str, Any]:
    (folder / "module_of_a_test.py").write_text(MODULE)
    torch.manual_seed(0)
    layers = {"towards": nn.Linear(256, 4), "back": nn.Linear(4, 256)}
    state = {
        f"model.{name}.{key}": value
        for name, layer in layers.items()
        for key, value in layer.state_dict().items()
    }
    content = {"epoch": 1, "pytorch-lightning_version": "2.5.0", "state_dict": state, **more}
    torch.save(content, folder / "last.ckpt")
    return {
        "kind": "lightning", "path": str(folder / "last.ckpt"), "entrypoint": "module_of_a_test:Module",
        "folder": str(folder), "arguments": {"size": 4},
    }  # fmt: skip


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("module_of_a_test", None)


@pytest.mark.usefixtures("fresh")
def test_a_lightning_checkpoint_fills_the_module_of_a_function(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = lightning(tmp_path, hyper_parameters={"size": 4})
    model = open_existing(_settings.validate_python(given), SHAPE)
    weights = torch.load(given["path"], weights_only=True)["state_dict"]
    expected = torch.from_numpy(IMAGES).float().flatten(1) / 255 @ weights["model.towards.weight"].T
    np.testing.assert_allclose(
        encode_images(model, IMAGES)[0], expected + weights["model.towards.bias"], atol=1e-5
    )
    with pytest.raises(BadCheckpoint, match=r"model\.back\.weight is \(256, 4\) instead of \(256, 5\)"):
        open_existing(_settings.validate_python({**given, "arguments": {"size": 5}}), SHAPE)
    assert main(["inspect", given["path"]]) == 0
    said = capsys.readouterr().out
    assert "is a checkpoint of Lightning" in said
    assert "kind: lightning" in said
    assert "the function that makes the module of these weights: entrypoint" in said
    del given["entrypoint"]
    with pytest.raises(BadCheckpoint, match="name the function that makes the module as `entrypoint`"):
        open_existing(_settings.validate_python(given), SHAPE)


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"hyper_parameters": Harm()}, "a pickle of Python objects"),
        ({"state_dict": {"model.towards.weight": Harm()}}, "a pickle of Python objects"),
        ({"state_dict": [1, 2]}, "is not a state_dict"),
    ],
)
def test_lightning_checkpoints_with_more_than_tensors_are_refused_before_code_is_run(
    more: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = lightning(tmp_path, **more)
    with pytest.raises(BadCheckpoint, match=said):
        open_existing(_settings.validate_python(given), SHAPE)
    assert main(["inspect", given["path"]]) == 0
    assert "Traceback" not in capsys.readouterr().out
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "made").exists()


def test_paths_that_are_something_else_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        BadCheckpoint, match=r"empty is a folder, and a folder of pythae is needed: .*model_config"
    ):
        opened("pythae", tmp_path / "empty")
    with pytest.raises(BadCheckpoint, match="absent is not there"):
        opened("diffusers", tmp_path / "absent")
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "model_index.json").write_text("{}")
    with pytest.raises(SettingsError, match=r"a pipeline folder of Diffusers"):
        with_kind_of_path("mine", {"path": str(tmp_path / "pipeline")})
