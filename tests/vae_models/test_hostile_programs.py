"""Exported programs made by an attacker: none runs code, touches a file, or takes memory that it only states."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.exported_archive import refuse_code, safe_archive
from latent_audit.vae_models.pretrained.exported_graph import is_size
from latent_audit.vae_models.pretrained.exported_programs import build_from_programs
from latent_audit.vae_models.pretrained.tensor_operators import TENSOR_OPERATORS, is_tensor_operator
from tests.vae_models.test_exported_programs import (
    SHAPE,
    Decoder,
    Encoder,
    export,
    in_graph,
    rewritten,
    settings,
)

MARK = "code_ran"
TOUCH = f"cposix\nsystem\n(S'touch {MARK}'\ntR.".encode()
CONFIGURATION = "data/weights/model_weights_config.json"
Change = Callable[[dict[str, bytes]], None]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("programs")
    torch.manual_seed(4)
    return {
        "encoder": export(folder / "encoder.pt2", Encoder(), torch.zeros(2, *SHAPE)),
        "decoder": export(folder / "decoder.pt2", Decoder(), torch.zeros(2, 3)),
    }


def unpickled(members: dict[str, bytes]) -> None:
    """Has the first weight unpickled; changes no length."""
    members[CONFIGURATION] = members[CONFIGURATION].replace(b"false", b"true ", 1)
    members["data/weights/weight_0"] = TOUCH.ljust(len(members["data/weights/weight_0"]), b" ")


def with_two_directories(harmless: bytes, hostile: bytes) -> bytes:
    """Returns an archive whose end record states the place of the hostile directory and follows the harmless one.

    Both are of one length. Python's zipfile takes the directory before the end record, torch the one at the place.
    """
    end = hostile.rindex(b"PK\x05\x06")
    assert len(harmless) == len(hostile)
    return hostile[:end] + harmless


def test_what_was_looked_through_is_what_is_opened(
    programs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    harmless = rewritten(programs["encoder"], tmp_path / "harmless.pt2", lambda members: None)
    hostile = rewritten(programs["encoder"], tmp_path / "hostile.pt2", unpickled)
    crafted = tmp_path / "crafted.pt2"
    crafted.write_bytes(with_two_directories(harmless.read_bytes(), hostile.read_bytes()))
    with zipfile.ZipFile(crafted) as archive:
        assert b'"use_pickle": true' not in archive.read(f"encoder/{CONFIGURATION}")
    with pytest.raises(Exception, match=r".*"):
        torch.export.load(crafted)
    assert Path(MARK).exists()  # the attack is real
    Path(MARK).unlink()
    images = torch.rand(2, *SHAPE)
    model = build_from_programs(settings({**programs, "encoder": crafted}), SHAPE)
    expected = torch.export.load(programs["encoder"]).module()(images)[0]
    torch.testing.assert_close(model.encode(images).mean, expected)
    assert not Path(MARK).exists()


@pytest.mark.parametrize("before", [b"#!/bin/sh\n", b"PK\x03\x04", bytes(1000)])
def test_bytes_in_front_and_comments_change_nothing(
    before: bytes, programs: dict[str, Path], tmp_path: Path
) -> None:
    crafted = tmp_path / "crafted.pt2"
    content = bytearray(programs["decoder"].read_bytes())
    end = content.rindex(b"PK\x05\x06")
    comment = zipped({"decoder/models/model.json": b"{}"})
    content[end + 20 : end + 22] = struct.pack("<H", len(comment))
    crafted.write_bytes(before + bytes(content) + comment)
    try:
        with safe_archive(crafted) as copy, zipfile.ZipFile(copy) as archive:
            graphs = [json.loads(archive.read(name)) for name in archive.namelist() if "/models/" in name]
    except BadCheckpoint:
        return
    assert [graph["guards_code"] for graph in graphs] == [[]]


def zipped(members: dict[str, bytes]) -> bytes:

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def opens_file(graph: Any) -> None:
    """Adds a call that maps a file into memory and one that writes into it."""
    plain = graph["graph_module"]["graph"]
    plain["tensor_values"]["file"] = plain["tensor_values"]["relu"]
    plain["tensor_values"]["written"] = plain["tensor_values"]["relu"]
    file = {"filename": {"as_string": "written.bin"}, "shared": {"as_bool": True}, "size": {"as_int": 16}}
    fill = {"self": {"as_tensor": {"name": "file"}}, "value": {"as_float": 1.0}}
    for index, (target, name, arguments) in enumerate(
        (("from_file.default", "file", file), ("fill_.Scalar", "written", fill))
    ):
        inputs = [{"name": word, "arg": value, "kind": 1} for word, value in arguments.items()]
        node = {"target": f"torch.ops.aten.{target}", "inputs": inputs, "metadata": {}, "name": name}
        plain["nodes"].insert(
            index, {**node, "outputs": [{"as_tensor": {"name": name}}], "is_hop_single_tensor_return": None}
        )


def test_no_program_maps_a_file(
    programs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    crafted = rewritten(programs["encoder"], tmp_path / "crafted.pt2", in_graph(opens_file))
    torch.export.load(crafted).module()(torch.zeros(2, *SHAPE))
    assert Path("written.bin").stat().st_size == 64  # the attack is real
    Path("written.bin").unlink()
    with pytest.raises(BadCheckpoint, match=r"holds target 'torch\.ops\.aten\.from_file\.default'"):
        build_from_programs(settings({**programs, "encoder": crafted}), SHAPE)
    assert not Path("written.bin").exists()


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 3)

    def forward(self, images: Tensor) -> Tensor:
        codes = self.layer(images.flatten(1))
        return torch.cond(codes.sum() > 0, torch.sin, torch.cos, (codes,))


def with_operator(name: str) -> nn.Module:
    class Calls(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(64, 3)

        def forward(self, images: Tensor) -> Tensor:
            return getattr(torch.ops.latent_audit_test, name)(self.layer(images.flatten(1)))

    return Calls()


@pytest.fixture(scope="module")
def custom_operator() -> str:
    @torch.library.custom_op("latent_audit_test::doubled", mutates_args=())
    def doubled(codes: Tensor) -> Tensor:
        return codes * 2

    doubled.register_fake(torch.empty_like)
    return "doubled"


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch's own tracing of a branch
def test_operators_beyond_tensors_are_refused(custom_operator: str, tmp_path: Path) -> None:
    """Programs as torch.export writes them."""
    made = {
        "torch.ops.higher_order.cond": Branches(),
        "torch.ops.latent_audit_test.doubled.default": with_operator(custom_operator),
    }
    for target, module in made.items():
        path = tmp_path / "program.pt2"
        torch.export.save(torch.export.export(module.eval(), (torch.zeros(2, *SHAPE),)), path)
        with pytest.raises(BadCheckpoint, match="which is more than an operation on tensors") as caught:
            refuse_code(path)
        assert target in str(caught.value) or "as_graph" in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        "torch.ops.aten.from_file", "torch.ops.aten.from_file.out", "torch.ops.aten.set_.source_Tensor",
        "torch.ops.aten.resize_.default", "torch.ops.aten.add.__class__", "torch.ops.aten.add.op",
        "torch.ops.aten.add.overloads", "torch.ops.aten.add", "torch.ops.aten.__class__.default",
        "torch.ops.aten.record_stream.default", "torch.ops.prim.Print.default", "torch.ops.load_library",
        "torch.ops.aten.data.default", "torch.ops.profiler._record_function_enter.default",
        "torch.hub.load", "torch.load", "_operator.pow", "_operator.methodcaller", "math.pow", "#mine.op", "",
    ],
)  # fmt: skip
def test_no_operator_beyond_the_list_is_called(target: str) -> None:
    assert not is_tensor_operator(target)


def test_every_operator_of_the_list_is_one_of_torch() -> None:
    assert not [name for name in TENSOR_OPERATORS if not hasattr(torch.ops.aten, name)]
    assert is_tensor_operator("torch.ops.aten.relu_.default")
    assert is_tensor_operator("torch.ops.aten.max_pool2d.default")


def replaced(old: str, new: str) -> Change:
    def change(members: dict[str, bytes]) -> None:
        before = members["models/model.json"].decode()
        assert old in before
        members["models/model.json"] = before.replace(old, new).encode()

    return change


def with_argument(argument: dict[str, Any]) -> Change:
    def change(graph: Any) -> None:
        node = graph["graph_module"]["graph"]["nodes"][0]
        node["inputs"].append({"name": "extra", "arg": argument, "kind": 2})

    return in_graph(change)


def added(name: str, content: bytes = b"x") -> Change:
    def change(members: dict[str, bytes]) -> None:
        members[name] = content

    return change


def shape(numbers: list[int]) -> Change:
    def change(members: dict[str, bytes]) -> None:
        configuration = json.loads(members[CONFIGURATION])
        entry = next(iter(configuration["config"].values()))
        entry["tensor_meta"]["sizes"] = [{"as_int": number} for number in numbers]
        members[CONFIGURATION] = json.dumps(configuration).encode()

    return change


def member_of(name: str) -> Change:
    def change(members: dict[str, bytes]) -> None:
        configuration = json.loads(members[CONFIGURATION])
        next(iter(configuration["config"].values()))["path_name"] = name
        members[CONFIGURATION] = json.dumps(configuration).encode()

    return change


def bound(value: object) -> Change:
    def change(graph: Any) -> None:
        next(iter(graph["range_constraints"].values()))["max_val"] = value

    return in_graph(change)


CODE = "__import__('os').system('touch code_ran')"
HOSTILE = {
    "operator as argument": with_argument({"as_operator": "torch.os.system"}),
    "graph as argument": with_argument({"as_graph": {"name": "g", "graph": {}}}),
    "object as argument": with_argument({"as_custom_obj": {"name": "x", "class_fqn": "os.system"}}),
    "code in a node's name": replaced('"relu"', json.dumps(f"relu\n    {CODE}\n    x")),
    "code in a parameter's name": replaced('"layers.0.weight"', json.dumps(f'layers.0")\n    {CODE}\n("')),
    "code in an argument's name": replaced('"forward_arg_names": ["images"]', f'"forward_arg_names": ["a={CODE}"]'),
    "code as a bound": bound(CODE),
    "opaque object": member_of("opaque_obj_0"),
    "custom object": member_of("custom_obj_0"),
    "leading out": member_of("../weights/weight_0"),
    "no such member": member_of("weight_99"),
    "shape of a terabyte": shape([1 << 40]),
    "shape below zero": shape([-1, 4]),
    "legacy weights": added("data/weights/model.pt", TOUCH),
    "legacy constants": added("data/constants/model.pt", TOUCH),
    "extra file": added("extra/readme.txt"),
    "compiled model": added("data/aotinductor/model/model.so"),
    "executorch": added("data/executorch/model.pte"),
    "older format": added("version", b"8.20"),
    "archive in the archive": added("data/weights/inner.pt2", zipped({"a": b"b"})),
    "name in other case": added("data/weights/WEIGHT_0"),
    "two names that differ in case": added("models/Model.json", b"{}"),
    "not JSON": added("models/model.json", b"{"),
    "nesting": added("models/model.json", b'{"a":' * 100_000),
    "infinite number": replaced('"as_int": 4', '"as_int": 1e999'),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_members_are_refused(
    name: str, programs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    crafted = rewritten(programs["encoder"], tmp_path / "crafted.pt2", HOSTILE[name])
    with pytest.raises(BadCheckpoint):
        build_from_programs(settings({**programs, "encoder": crafted}), SHAPE)
    assert not Path(MARK).exists()


def test_compressed_doubled_and_overlapping_members_are_refused(
    programs: dict[str, Path], tmp_path: Path
) -> None:
    source, crafted = programs["encoder"], tmp_path / "crafted.pt2"
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(crafted, "w", zipfile.ZIP_DEFLATED) as target:
        for name in archive.namelist():
            target.writestr(name, bytes(1 << 24) if name.endswith("weight_0") else archive.read(name))
    with pytest.raises(BadCheckpoint, match="is not compressed and has no member twice"):
        refuse_code(crafted)
    crafted.write_bytes(source.read_bytes())
    with zipfile.ZipFile(crafted, "a") as target, pytest.warns(UserWarning, match="Duplicate name"):
        target.writestr("encoder/models/model.json", "{}")
    with pytest.raises(BadCheckpoint, match="holds two members of one name"):
        refuse_code(crafted)
    content = bytearray(source.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 255  # the version that is needed to unpack
    crafted.write_bytes(content)
    with pytest.raises(BadCheckpoint, match="can be looked through"):
        refuse_code(crafted)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Symbol('s34', positive=True, integer=True)", True),
        ("Add(Integer(-1), Mul(Integer(2), Symbol('s0', integer=True)))", True),
        ("Pow(Symbol('s0', positive=True, integer=True), Integer(2))", True),
        ("FloorDiv(s0, 2) + 1", True),
        ("Max(Integer(1), Symbol('u0'))", True),
        ("Pow(Integer(9), Integer(9))", False),
        ("Pow(Symbol('s0'), Integer(99999))", False),
        ("Pow(Symbol('s0'), Pow(9, 9))", False),
        ("9**9**9", False),
        ("Symbol('s1').__class__", False),
        ("Symbol('__import__')", False),
        ("Integer('9')", False),
        ("Symbol('s1', positive=open('x'))", False),
        ("(lambda: 1)()", False),
        ("[1 for s0 in s1]", False),
        ("S.Half", True),
        ("S.__class__", False),
        ("1" * 1999, False),
        ("(" * 900 + "1" + ")" * 900, False),
    ],
)
def test_sizes_are_plain(text: str, safe: bool) -> None:
    assert is_size(text) == safe
