"""Models as ONNX files: run as they are; anything but operations on tensors is refused before it is opened."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from latent_audit.flows.cli.main import main
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.pretrained.existing_models import open_existing
from latent_audit.vae_models.pretrained.onnx_files.onnx_check import OPERATORS
from latent_audit.vae_models.pretrained.onnx_files.onnx_settings import OnnxSettings
from latent_audit.vae_models.storage import checkpoints, recipes

SHAPE = (1, 8, 8)
WEIGHT = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)


def value(name: str, shape: list[Any]) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def flag(name: str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.BOOL, [])


def model(nodes: list[Any], given: list[Any], outputs: list[Any], **more: Any) -> bytes:
    weights = [
        numpy_helper.from_array(WEIGHT, "weight"),
        numpy_helper.from_array(np.array([-1, 1, 8, 8]), "shape"),
    ]
    graph = helper.make_graph(nodes, "graph", given, outputs, initializer=more.pop("initializer", weights))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("theirs", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **more).SerializeToString()


def encoder() -> bytes:
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["z"]),
    ]
    return model(nodes, [value("x", ["n", 1, 8, 8])], [value("z", ["n", 3])])


def decoder() -> bytes:
    nodes = [
        helper.make_node("Transpose", ["weight"], ["back"]),
        helper.make_node("MatMul", ["z", "back"], ["flat"]),
        helper.make_node("Sigmoid", ["flat"], ["grey"]),
        helper.make_node("Reshape", ["grey", "shape"], ["y"]),
    ]
    return model(nodes, [value("z", ["n", 3])], [value("y", ["n", 1, 8, 8])])


@pytest.fixture
def settings(tmp_path: Path) -> OnnxSettings:
    (tmp_path / "encoder.onnx").write_bytes(encoder())
    (tmp_path / "decoder.onnx").write_bytes(decoder())
    return OnnxSettings(encoder=tmp_path / "encoder.onnx", decoder=tmp_path / "decoder.onnx")


def test_both_halves_are_run_and_kept(settings: OnnxSettings, tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (30, *SHAPE), dtype=np.uint8)
    found = open_existing(settings, SHAPE)
    codes = encode_images(found, images)[0]
    np.testing.assert_allclose(codes, images.reshape(30, 64) / np.float32(255) @ WEIGHT, rtol=1e-4, atol=1e-5)
    expected = 1 / (1 + np.exp(-codes @ WEIGHT.T)).reshape(images.shape)
    np.testing.assert_allclose(decode_latents(found, codes), expected, rtol=1e-4, atol=1e-5)
    recipes.save(tmp_path / "saved", found, recipes.recipe(settings, SHAPE, (), seed=0))
    again = checkpoints.load(tmp_path / "saved", "cpu")
    np.testing.assert_array_equal(encode_images(again, images)[0], codes)


def test_a_copy_of_the_model_encodes_alike(settings: OnnxSettings) -> None:
    """Attributions work on copies of a model."""
    images = np.random.default_rng(0).integers(0, 256, (4, *SHAPE), np.uint8)
    opened = open_existing(settings, SHAPE)
    found, copied = (encode_images(model, images)[0] for model in (opened, copy.deepcopy(opened)))
    np.testing.assert_array_equal(found, copied)


def of_another_library() -> bytes:
    return model(
        [helper.make_node("Run", ["x"], ["z"], domain="theirs")],
        [value("x", ["n", 3])],
        [value("z", ["n", 3])],
    )


def loop() -> bytes:
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"])],
        "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), flag("c")],
        [flag("d")],
    )
    node = helper.make_node("Loop", ["", "go"], [], body=body)
    return model([node], [value("x", ["n", 3])], [value("x", ["n", 3])])


def weights_elsewhere() -> bytes:
    tensor = TensorProto(
        name="weight", data_type=TensorProto.FLOAT, dims=[64, 3], data_location=TensorProto.EXTERNAL
    )
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    node = helper.make_node("MatMul", ["x", "weight"], ["z"])
    return model([node], [value("x", ["n", 64])], [value("z", ["n", 3])], initializer=[tensor])


def numbers_elsewhere() -> bytes:
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[3], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="secret")
    node = helper.make_node("Constant", [], ["z"], value=tensor)
    return model([node], [value("x", ["n", 64])], [value("z", [3])])


def own_function() -> bytes:
    function = helper.make_function(
        "theirs",
        "Twice",
        ["a"],
        ["b"],
        [helper.make_node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 17)],
    )
    node = helper.make_node("Identity", ["x"], ["z"])
    return model([node], [value("x", ["n", 3])], [value("z", ["n", 3])], functions=[function])


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "an operator of another library": (of_another_library, r"an operator of another library \(theirs.Run\)"),
    "a loop": (loop, "the operator Loop"),
    "weights in another file": (weights_elsewhere, r"weights in another file \(weight\): save it in one piece"),
    "a constant in another file": (numbers_elsewhere, "numbers in another file"),
    "a function of its own": (own_function, r"a function of its own \(Twice\)"),
    "an operator on words": (
        lambda: model([helper.make_node("StringConcat", ["x", "x"], ["z"])], [value("x", [1])], [value("z", [1])]),
        "the operator StringConcat",
    ),
    "two inputs": (
        lambda: model(
            [helper.make_node("Add", ["x", "c"], ["z"])], [value("x", ["n", 3]), value("c", ["n", 3])],
            [value("z", ["n", 3])],
        ),
        "must have one input",
    ),
    "damaged": (lambda: encoder()[:-40], "no ONNX model that can be read|cannot be opened by onnxruntime"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_and_named_by_run_and_inspect(
    name: str, settings: OnnxSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    make, said = HOSTILE[name]
    settings.encoder.write_bytes(make())
    with pytest.raises(BadCheckpoint, match=said):
        open_existing(settings, SHAPE)
    assert main(["inspect", str(settings.encoder)]) == 0
    printed = capsys.readouterr().out
    assert "missing for an audit" in printed
    assert "settings to copy" not in printed


def test_inspect_tells_the_halves(settings: OnnxSettings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(settings.encoder)]) == 0
    assert f"encoder: {settings.encoder}" in capsys.readouterr().out
    assert main(["inspect", str(settings.decoder)]) == 0
    assert f"decoder: {settings.decoder}" in capsys.readouterr().out


def test_no_operator_runs_a_graph_or_works_on_words() -> None:
    assert not OPERATORS & {
        "If",
        "Loop",
        "Scan",
        "SequenceMap",
        "StringConcat",
        "RegexFullMatch",
        "TfIdfVectorizer",
    }
