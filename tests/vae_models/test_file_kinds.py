"""Files and folders of trained models are named for what they are, and for which setting takes them."""

import io
import json
import os
import pickle
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.exported_programs import build_from_programs
from latent_audit.vae_models.pretrained.exported_settings import ExportedProgramsSettings
from latent_audit.vae_models.pretrained.file_kinds import EXPORTED, LIGHTNING, SAFETENSORS, TENSORS, kind_of
from latent_audit.vae_models.pretrained.state_dict_files import read_state_dict

WEIGHTS = {"layer.weight": torch.ones(2, 3)}


def torchscript(path: Path) -> None:
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), path)


def field(number: int, content: bytes | int) -> bytes:
    """Returns one field of a protocol buffer: a small number, or bytes."""
    if isinstance(content, int):
        return bytes([number * 8, content])
    length = b""
    left = len(content)
    while True:
        left, low = divmod(left, 128)
        length += bytes([low | (0x80 if left else 0)])
        if not left:
            return bytes([number * 8 + 2]) + length + content


def onnx(path: Path) -> None:
    """Writes the outer message of an ONNX model: version, producer, a graph of 300 bytes, an operator set."""
    operators = field(2, 17)
    path.write_bytes(field(1, 8) + field(2, b"pytorch") + field(7, b"\x0a" * 300) + field(8, operators))


def exported(path: Path) -> None:
    torch.export.save(torch.export.export(nn.Linear(2, 2), (torch.zeros(1, 2),)), path)


def lightning(path: Path) -> None:
    torch.save({"epoch": 3, "pytorch-lightning_version": "2.5.0", "state_dict": WEIGHTS}, path)


def keras(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", b"")


def saved(save: Callable[..., None]) -> bytes:
    content = io.BytesIO()
    save(content, np.ones(2))
    return content.getvalue()


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "TorchScript": (torchscript, "is a TorchScript file, .*torch.export .pt2., or kind entrypoint takes it"),
    "ONNX": (onnx, "is an ONNX model, .*kind onnx takes it"),
    "pickle": (lambda path: path.write_bytes(pickle.dumps(nn.Tanh())), r"asks for torch\.nn\..*Tanh"),
    "whole module": (lambda path: torch.save(nn.Linear(2, 2), path), r"asks for torch\.nn\.modules\.linear"),
    "arrays": (lambda path: path.write_bytes(saved(np.savez)), "is a file of NumPy arrays"),
    "array": (lambda path: path.write_bytes(saved(np.save)), "is a file of NumPy arrays"),
    "Keras": (keras, "is a Keras model"),
    "HDF5": (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100)), "is an HDF5 file"),
    "page": (lambda path: path.write_text("<!DOCTYPE html><p>Quota exceeded"), "is an HTML page and no model"),
    "LFS": (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.torch.jit")
@pytest.mark.parametrize("name", FILES)
def test_other_files_are_named_by_every_kind_of_setting(name: str, tmp_path: Path) -> None:
    write, said = FILES[name]
    path = tmp_path / "model.pt"
    write(path)
    with pytest.raises(BadCheckpoint, match=f"{path} {said}" if said.startswith("is") else said):
        read_state_dict(path)
    with pytest.raises(BadCheckpoint, match="an exported program \\(pt2\\) of the encoder is needed"):
        build_from_programs(ExportedProgramsSettings(encoder=str(path), decoder="d.pt2"), (1, 8, 8))


def test_what_each_setting_takes_is_known(tmp_path: Path) -> None:
    for name, write, kind in (
        ("a", lambda path: torch.save(WEIGHTS, path), TENSORS),
        ("b", lambda path: torch.save(WEIGHTS, path, _use_new_zipfile_serialization=False), TENSORS),
        ("c", lambda path: save_file(WEIGHTS, path), SAFETENSORS),
        ("d", lightning, LIGHTNING),
        ("e", exported, EXPORTED),
        ("f", lambda path: path.write_bytes(b"unknown"), None),
    ):
        write(tmp_path / name)
        assert kind_of(tmp_path / name) == kind, name
    # By content, not by name.
    for name in "abc":
        assert torch.equal(read_state_dict(tmp_path / name)["layer.weight"], WEIGHTS["layer.weight"])
    assert list(read_state_dict(tmp_path / "d", "state_dict")) == ["layer.weight"]
    with pytest.raises(BadCheckpoint, match=r"is an exported program .*kind exported_programs takes it"):
        read_state_dict(tmp_path / "e")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"model_config.json": {"name": "BetaVAEConfig"}, "model.pt": {}},
            "a folder of pythae (BetaVAEConfig)",
        ),
        ({"config.json": {"_class_name": "AutoencoderKL"}}, "a folder of Diffusers (AutoencoderKL)"),
        ({"model_index.json": {}}, "a pipeline folder of Diffusers"),
        ({"config.json": {"model_type": "vit_mae"}}, "a folder of Transformers"),
        ({"MLmodel": {}}, "a model folder of MLflow"),
        ({"saved_model.pb": {}}, "a SavedModel folder of TensorFlow"),
        ({"readme": {}}, "a folder"),
    ],
)
def test_folders_are_named(files: dict[str, object], said: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    found = kind_of(tmp_path)
    assert found is not None
    assert found.name == said


@pytest.mark.parametrize("name", ["config.json", "model_config.json", "model_index.json"])
@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"model_type": ' * 100_000, "{", "PIPE", "FOLDER", "LARGE"]
)
def test_a_description_that_cannot_be_read_says_nothing_of_its_folder(
    name: str, content: str, tmp_path: Path
) -> None:
    """A pipe is not waited for: nobody may ever write into it."""
    (tmp_path / "model.pt").write_bytes(b"")
    place = tmp_path / name
    if content == "PIPE":
        os.mkfifo(place)
    elif content == "FOLDER":
        place.mkdir()
    elif content == "LARGE":
        with place.open("w") as file:
            file.write('{"model_type": "vit", "more": "')
            file.truncate(1 << 40)
    else:
        place.write_text(content)
    found = kind_of(tmp_path)
    assert found is not None
    plain = {
        "model_config.json": "a folder of pythae (model)",
        "model_index.json": "a pipeline folder of Diffusers",
    }
    is_file = content not in ("PIPE", "FOLDER")
    assert found.name == (plain.get(name, "a folder") if is_file else "a folder")


@pytest.mark.parametrize(
    "content",
    [b"\x0a\x00" * 8_000_000, b"\x80\x04" + b"N" * 40_000_000, b"\x0a" + b"\xff" * 9 + b"\x7f"],
    ids=["fields", "instructions", "a field of 2 to the 70 bytes"],
)
def test_a_file_is_named_within_seconds(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(content)
    began = time.process_time()
    kind_of(path)
    assert time.process_time() - began < 10


@given(
    st.sampled_from(
        [b"", b"PK\x03\x04", b"\x80\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", b"\x08\x08\x3a"]
    ),
    st.binary(max_size=200),
)
def test_no_content_ends_in_an_error(beginning: bytes, rest: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        path.write_bytes(beginning + rest)
        kind_of(path)


def test_nothing_of_a_pickle_is_carried_out(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(
        b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R."
    )
    with pytest.raises(BadCheckpoint, match=r"a pickle of Python objects that asks for os\.system"):
        read_state_dict(path)
    path.write_bytes(b"\x80\x04\x95damaged")
    with pytest.raises(BadCheckpoint, match="a pickle of Python objects"):
        read_state_dict(path)
