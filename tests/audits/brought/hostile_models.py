"""An audit of models that an attacker made: three of each kind that is opened without running code of its own."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file
from torch import nn

from tests.audits.tiny_audit import SMALLEST
from tests.vae_models.pretrained import test_library_folders, test_onnx_files
from tests.vae_models.test_exported_programs import SHAPE, Encoder, export, rewritten
from tests.vae_models.test_hostile_programs import HOSTILE as HOSTILE_PROGRAMS

# Made in the folder of the command where code of a file is run.
MARK = "ran"
PICKLE = "pickle of Python objects"


class Harm:
    """Would make a folder when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (MARK,)


def _checkpoints(home: Path) -> dict[str, tuple[dict[str, str], str]]:
    torch.save({"encoder.weight": torch.zeros(2), "note": Harm()}, home / "bomb.pt")
    torch.save(nn.Linear(2, 2), home / "module.pt")
    (home / "plain.pkl").write_bytes(b"\x80\x04cos\nsystem\n(S'touch ran'\ntR.")
    said = dict.fromkeys(("bomb.pt", "module.pt", "plain.pkl"), PICKLE)
    return {name: ({"kind": "checkpoint", "path": str(home / name)}, words) for name, words in said.items()}


def _programs(home: Path) -> dict[str, tuple[dict[str, str], str]]:
    harmless = export(home / "harmless.pt2", Encoder(), torch.zeros(2, *SHAPE))
    found = {}
    for name in ("code in a node's name", "opaque object", "legacy weights"):
        path = rewritten(harmless, home / f"{name}.pt2", HOSTILE_PROGRAMS[name])
        found[name] = ({"kind": "exported_programs", "encoder": str(path)}, f"{name}.pt2")
    return found


def _onnx(home: Path) -> dict[str, tuple[dict[str, str], str]]:
    found = {}
    for name in ("an operator of another library", "a loop", "weights in another file"):
        make, _ = test_onnx_files.HOSTILE[name]
        (home / f"{name}.onnx").write_bytes(make())
        found[name] = (
            {"kind": "onnx", "encoder": str(home / f"{name}.onnx")},
            "only operations on tensors are run",
        )
    return found


def _folders(home: Path) -> dict[str, tuple[dict[str, str], str]]:
    def diffusers(name: str, **config: Any) -> dict[str, str]:
        folder = home / name
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"_class_name": "AutoencoderKL", **config}))
        save_file({"a": torch.zeros(1)}, folder / "diffusion_pytorch_model.safetensors")
        return {"kind": "diffusers", "path": str(folder)}

    def pythae(name: str, change: Callable[[Path], object], **config: Any) -> dict[str, str]:
        test_library_folders.write_pythae(home / name, **config)
        change(home / name)
        return {"kind": "pythae", "path": str(home / name)}

    pickled = diffusers("pickled weights")
    torch.save({"a": Harm()}, Path(pickled["path"]) / "diffusion_pytorch_model.safetensors")
    return {
        "another class": (diffusers("another class", _class_name="os.system"), "kind diffusers opens"),
        "all memory": (diffusers("all memory", block_out_channels=[10**9]), "which no autoencoder needs"),
        "pickled weights": (pickled, PICKLE),
        "own networks": (
            pythae("own networks", test_library_folders.pickled_networks, uses_default_encoder=False),
            "keeps such networks as pickles",
        ),
        "objects": (
            pythae("objects", lambda at: torch.save({"model_state_dict": Harm()}, at / "model.pt")),
            PICKLE,
        ),
        "code as a size": (
            pythae("code as a size", lambda _: None, latent_dim="__import__('os')"),
            "latent_dim must be a number",
        ),
    }


def _lightning(home: Path) -> dict[str, tuple[dict[str, Any], str]]:
    found = {}
    for name, more, said in (
        ("hyper-parameters", {"hyper_parameters": Harm()}, PICKLE),
        ("a weight", {"state_dict": {"model.towards.weight": Harm()}}, PICKLE),
        ("a list", {"state_dict": [1, 2]}, "is not a state_dict"),
    ):
        folder = home / f"lightning {name}"
        folder.mkdir()
        found[f"lightning {name}"] = (test_library_folders.lightning(folder, **more), said)
    return found


def hostile_models(home: Path) -> dict[str, tuple[dict[str, Any], str]]:
    """Writes the files below `home`; returns settings of each model, and words of the sentence that refuses it."""
    home.mkdir()
    return {**_checkpoints(home), **_programs(home), **_onnx(home), **_folders(home), **_lightning(home)}


def write_hostile_models(home: Path) -> str:
    """Writes the files and hostile_models.yaml below `home`; returns the settings file's name."""
    settings = yaml.safe_load(SMALLEST)
    settings["run"] = {"name": "hostile models", "output": "bad runs"}
    found = hostile_models(home / "hostile models")
    settings["models"] = {name: model for name, (model, _) in found.items()}
    (home / "hostile_models.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    said = {name: words for name, (_, words) in found.items()}
    (home / "hostile_models.json").write_text(json.dumps(said), encoding="utf-8")
    return "hostile_models.yaml"
