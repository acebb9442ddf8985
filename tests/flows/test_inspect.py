"""latent-audit inspect: says what models and data are, prints settings that work, and ends without a traceback."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from latent_audit.flows.cli import main as command
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.vae_models.building import build
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from tests.audits.brought.hostile_models import MARK as HARM
from tests.audits.brought.hostile_models import hostile_models
from tests.vae_models.test_hostile_programs import MARK as PROGRAM_HARM


def inspected(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = command.main(["inspect", str(path)])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    return code, printed.out + printed.err


def settings_in(text: str) -> dict[str, Any]:
    lines = text.partition("settings to copy:\n")[2].splitlines()
    return yaml.safe_load("\n".join(line.removeprefix("  ") for line in lines))


def our_weights(network: str = "mlp", side: int = 28) -> dict[str, torch.Tensor]:
    model = build(VaeSettings(network=network, latent_dim=3), (1, side, side), (), seed=1)
    assert isinstance(model, nn.Module)
    return dict(model.state_dict())


@pytest.mark.parametrize("form", ["state_dict", "entry", "safetensors", "foreign names"])
def test_weights_are_recognised_and_the_settings_are_valid(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.pt"
    named = our_weights("burgess", 64)
    if form == "entry":
        torch.save({"epoch": 3, "model_state_dict": named}, path)
    elif form == "safetensors":
        path = tmp_path / "model.safetensors"
        save_file(named, path)
    elif form == "foreign names":
        torch.save({f"net_{name.replace('.', '_', 1)}": tensor for name, tensor in named.items()}, path)
    else:
        torch.save(named, path)
    code, said = inspected(path, capsys)
    assert code == 0
    # effect of inspect PATH
    assert "fits our network burgess with 3 dimensions" in said
    assert "images: 1x64x64" in said
    settings = settings_in(said)
    assert settings["data"] == {"image_size": 64}
    assert settings["models"]["mine"].get("entry") == ("model_state_dict" if form == "entry" else None)
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(settings))
    assert load_settings(tmp_path / "s.yaml").models["mine"].path == path


def test_weights_of_other_networks_are_said_to_need_their_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3)).state_dict(), tmp_path / "model.pt")
    code, said = inspected(tmp_path / "model.pt", capsys)
    assert code == 0
    assert "0.weight: 4x5" in said
    assert "missing for an audit: the shapes fit none of our networks" in said
    assert "settings to copy" not in said


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer(images.flatten(1))


def test_an_exported_half_is_told_from_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shapes = ({0: torch.export.Dim("batch", min=2)},)
    program = torch.export.export(Encoder(), (torch.zeros(2, 1, 8, 8),), dynamic_shapes=shapes)
    torch.export.save(program, tmp_path / "half.pt2")
    code, said = inspected(tmp_path / "half.pt2", capsys)
    assert code == 0
    model = settings_in(said)["models"]["mine"]
    assert model["encoder"] == str(tmp_path / "half.pt2")
    assert "missing for an audit: the decoder as a file of its own" in said


def test_data_are_recognised_with_settings_that_are_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        (tmp_path / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16)).save(tmp_path / "pictures" / name)
    code, said = inspected(tmp_path / "pictures", capsys)
    assert code == 0
    assert "is a folder of images in folders of classes" in said
    assert "2 folders of classes: cat 2, dog 1" in said
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(settings_in(said)))
    assert load_settings(tmp_path / "s.yaml").data.folder == tmp_path / "pictures"


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch run",)


def odd_files(home: Path) -> dict[str, Path]:
    def written(name: str, content: bytes) -> Path:
        (home / name).write_bytes(content)
        return home / name

    torch.save({"a": Bomb()}, home / "bomb.pt")
    torch.save(nn.Linear(2, 2), home / "module.pt")
    torch.save([1, 2], home / "list.pt")
    torch.save({}, home / "empty.pt")
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), home / "script.pt")
    np.savez(home / "a.npz", a=np.zeros(3))
    np.save(home / "objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(home / "some.zip", "w") as archive:
        archive.writestr("../up.txt", "x")
    (home / "nothing").mkdir()
    (home / "diffusers").mkdir()
    (home / "diffusers" / "config.json").write_text(
        json.dumps({"_class_name": "AutoencoderKL", "_diffusers_version": "1"})
    )
    (home / "broken config").mkdir()
    (home / "broken config" / "config.json").write_text("{" * 5000)
    os.mkfifo(home / "pipe.pt")
    (home / "loop").symlink_to("loop2")
    (home / "loop2").symlink_to("loop")
    real = home / "state.pt"
    torch.save(our_weights(), real)
    made = ("bomb.pt", "module.pt", "list.pt", "empty.pt", "script.pt", "a.npz", "objects.npy", "some.zip", "nothing",
            "diffusers", "broken config", "pipe.pt", "state.pt")  # fmt: skip
    return {
        **{name: home / name for name in made},
        "no bytes": written("none", b""),
        "random": written("random.bin", np.random.default_rng(0).bytes(5000)),
        "cut": written("cut.pt", real.read_bytes()[:2000]),
        "html": written("page.pt", b"<!doctype html><p>gone"),
        "lfs": written("lfs.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        "safetensors that lies": written("x.safetensors", (2**40).to_bytes(8, "little") + b"{}"),
        "pickle": written("p.pkl", b"\x80\x04cos\nsystem\n(S'touch run'\ntR."),
        "csv of bytes": written("t.csv", b"\x00\xff\x00" * 100),
        "csv without rows": written("u.csv", b"a,b\n"),
        "parquet that is none": written("v.parquet", b"PAR1abcPAR1"),
        "onnx like": written("w.onnx", b"\x08\x08\x3a\x00"),
        "control characters": written("evil\x1b[31m.csv", b"\x1b[31ma,b\n1,2\n"),
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:.torch.jit")
def test_odd_files_end_with_words_and_nothing_of_them_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    odd = odd_files(tmp_path)
    assert len(odd) >= 20
    for name, path in odd.items():
        code, said = inspected(path, capsys)
        assert code == 0, name
        assert " is " in said, name
        assert "\x1b" not in said, name
        if name != "state.pt":
            assert "missing for an audit" in said, (name, said)
    assert not (tmp_path / "run").exists()
    for absent in (tmp_path / "absent", tmp_path / "loop"):
        code, said = inspected(absent, capsys)
        assert code == 2
        assert "give the path of a model" in said


def test_torchscript_is_refused_with_the_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "script.pt")
    _, said = inspected(tmp_path / "script.pt", capsys)
    assert "is a TorchScript file" in said
    assert "export encoder and decoder" in said


def test_hostile_models_of_every_kind_are_said_and_nothing_of_them_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of each kind, as `run` is given them."""
    monkeypatch.chdir(tmp_path)
    found = hostile_models(tmp_path / "hostile")
    assert len(found) == 18
    for name, (settings, _) in found.items():
        code, said = inspected(Path(settings.get("path") or settings["encoder"]), capsys)
        assert code == 0, name
        assert " is " in said, name
    assert not (tmp_path / HARM).exists()
    assert not (tmp_path / PROGRAM_HARM).exists()
