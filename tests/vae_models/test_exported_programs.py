"""Exported programs as models; and archives that would run code when torch opens them, which are not opened."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.pretrained.existing_models import open_existing
from latent_audit.vae_models.pretrained.exported_archive import refuse_code
from latent_audit.vae_models.pretrained.exported_settings import ExportedProgramsSettings
from latent_audit.vae_models.storage import checkpoints, recipes

SHAPE = (1, 8, 8)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 2, 4, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(8, 6))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.layers(images).chunk(2, 1)
        return mean, log_variance


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 64)

    def forward(self, codes: Tensor) -> Tensor:
        return self.layer(codes).sigmoid().view(-1, 1, 8, 8)


def export(path: Path, module: nn.Module, example: Tensor) -> Path:
    batch = torch.export.Dim("batch", min=2)
    program = torch.export.export(module.eval(), (example,), dynamic_shapes=({0: batch},))
    torch.export.save(program, path)
    return path


@pytest.fixture(scope="module")
def modules() -> tuple[Encoder, Decoder]:
    torch.manual_seed(3)
    return Encoder(), Decoder()


@pytest.fixture(scope="module")
def programs(modules: tuple[Encoder, Decoder], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("programs")
    return {
        "encoder": export(folder / "encoder.pt2", modules[0], torch.zeros(2, *SHAPE)),
        "decoder": export(folder / "decoder.pt2", modules[1], torch.zeros(2, 3)),
    }


def settings(programs: dict[str, Path]) -> ExportedProgramsSettings:
    return ExportedProgramsSettings(**{part: str(path) for part, path in programs.items()})


def test_programs_give_what_their_modules_give(
    programs: dict[str, Path], modules: tuple[Encoder, Decoder], tmp_path: Path
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, *SHAPE), dtype=np.uint8)
    model = open_existing(settings(programs), SHAPE)
    means, log_variances = encode_images(model, images)
    with torch.no_grad():
        expected = modules[0](torch.from_numpy(images).float() / 255)
        pixels = modules[1](expected[0])
    np.testing.assert_allclose(means, expected[0], atol=1e-6)
    np.testing.assert_allclose(log_variances, expected[1], atol=1e-6)
    np.testing.assert_allclose(decode_latents(model, means), pixels, atol=1e-6)
    np.testing.assert_allclose(
        decode_latents(model, means, precision="bf16"), pixels, atol=1e-6
    )  # not theirs
    for part, path in programs.items():
        (tmp_path / f"{part}.pt2").write_bytes(path.read_bytes())
    kept = settings({part: Path(f"{part}.pt2") for part in programs})
    recipes.save(tmp_path, model, recipes.recipe(kept, SHAPE, (), seed=0))
    np.testing.assert_array_equal(encode_images(checkpoints.load(tmp_path, "cpu"), images)[0], means)
    control = encode_images(checkpoints.load_untrained(tmp_path, "cpu"), images)[0]
    assert np.abs(control - means).max() > 0.01


def test_programs_for_other_images_are_named(programs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"encoder of the programs encoder\.pt2 and decoder\.pt2 failed"):
        open_existing(settings(programs), (1, 16, 16))
    with pytest.raises(
        BadCheckpoint, match=r"there is no exported program at .*none\.pt2: .* of the decoder"
    ):
        open_existing(settings({**programs, "decoder": tmp_path / "none.pt2"}), SHAPE)


# ---- archives that would run code ----------------------------------------------------------------


def rewritten(source: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Writes the archive anew with its members changed, named below its own folder."""
    with zipfile.ZipFile(source) as archive:
        top = archive.namelist()[0].partition("/")[0]
        members = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{top}/{name}", content)
    return target


def in_graph(change: Callable[[Any], None]) -> Callable[[dict[str, bytes]], None]:
    def apply(members: dict[str, bytes]) -> None:
        graph = json.loads(members["models/model.json"])
        change(graph)
        members["models/model.json"] = json.dumps(graph).encode()

    return apply


def target(words: str) -> Callable[[dict[str, bytes]], None]:
    def change(graph: Any) -> None:
        graph["graph_module"]["graph"]["nodes"][0]["target"] = words

    return in_graph(change)


def size(words: str) -> Callable[[dict[str, bytes]], None]:
    def change(graph: Any) -> None:
        values = graph["graph_module"]["graph"]["tensor_values"]
        sizes = next(value["sizes"] for value in values.values() if "as_expr" in value["sizes"][0])
        sizes[0]["as_expr"]["expr_str"] = words

    return in_graph(change)


def constraint(graph: Any) -> None:
    graph["range_constraints"] = {"__import__('os').getpid()": {"min_val": 2, "max_val": None}}


def structure(graph: Any) -> None:
    call = graph["graph_module"]["module_call_graph"][0]["signature"]
    call["out_spec"] = call["out_spec"].replace("builtins.tuple", "os.system", 1)


def pickled(members: dict[str, bytes]) -> None:
    name = "data/weights/model_weights_config.json"
    config = json.loads(members[name])
    next(iter(config["config"].values()))["use_pickle"] = True
    members[name] = json.dumps(config).encode()


def inputs(members: dict[str, bytes]) -> None:
    members["data/sample_inputs/model.pt"] = b"cos\nsystem\n(S'true'\ntR."


def compiled(members: dict[str, bytes]) -> None:
    members["data/aotinductor/model/x.so"] = b"\x7fELF"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            target("torch.os.system"),
            "holds target 'torch.os.system', which is more than an operation on tensors",
        ),
        (target("torch.ops.aten.linear.default.__class__"), "holds target"),
        (target("_operator.attrgetter"), "holds target"),
        (target("#mine.op"), "holds target"),
        (target("torch.ops.mylib.op.default"), "holds target"),
        (size("__import__('os').system('true')"), "holds expr_str"),
        (size("Symbol('s1').__class__"), "holds expr_str"),
        (size("open('a', 'w')"), "holds expr_str"),
        (size("9**9**9"), "holds expr_str"),
        (in_graph(constraint), "holds range_constraints"),
        (in_graph(structure), "holds out_spec"),
        (pickled, "asks for 'weight_0' to be unpickled"),
        (inputs, "example inputs are not tensors alone"),
        (compiled, "holds 'data/aotinductor/model/x.so', which is no tensor and no part of a plain graph"),
    ],
)
def test_archives_that_would_run_code_are_not_opened(
    change: Callable[[dict[str, bytes]], None], said: str, programs: dict[str, Path], tmp_path: Path
) -> None:
    refuse_code(programs["encoder"])
    crafted = rewritten(programs["encoder"], tmp_path / "crafted.pt2", change)
    with pytest.raises(BadCheckpoint) as caught:
        open_existing(settings({**programs, "encoder": crafted}), SHAPE)
    assert said in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"something else"])
def test_what_is_no_archive_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.pt2"
    path.write_bytes(content)
    with pytest.raises(BadCheckpoint, match="not an exported program that can be looked through"):
        refuse_code(path)
