"""An audit of tiny models as their libraries save them, one of each row of the table in docs/existing-models.md."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from tests.audits.tiny_audit import SMALLEST
from tests.vae_models.test_exported_programs import export

SIDE = 32
PIXELS = SIDE * SIDE
CODE = """
import numpy
import torch
from sklearn.decomposition import PCA
from torch import nn
from torchvision.models import resnet18

SIDE = 32

class Module(nn.Module):  # of the checkpoint of Lightning
    def __init__(self, size):
        super().__init__()
        self.model = nn.ModuleDict({"towards": nn.Linear(SIDE ** 2, size), "back": nn.Linear(size, SIDE ** 2)})

    def encode(self, images):
        return self.model["towards"](images.flatten(1))

    def decode(self, codes):
        return self.model["back"](codes).sigmoid().view(-1, 1, SIDE, SIDE)

def squares(count):
    rng = numpy.random.default_rng(0)
    images = numpy.zeros((count, SIDE, SIDE), "float32")
    for image, x, y, side in zip(images, *rng.integers(2, 20, (2, count)), rng.integers(3, 10, count)):
        image[y:y + side, x:x + side] = 1
    return images.reshape(count, -1)

def components():
    return PCA(4, random_state=0).fit(squares(400))

class Embedding(nn.Module):  # the first blocks of a network of torchvision, which only encode
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        whole = resnet18(weights=None)
        self.blocks = nn.Sequential(whole.conv1, whole.bn1, whole.relu, whole.maxpool, whole.layer1, whole.avgpool)
        self.narrow = nn.Linear(64, 6)

    def forward(self, images):
        return self.narrow(self.blocks(images.expand(-1, 3, -1, -1)).flatten(1))

def embedding():
    return Embedding().eval()
"""


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(PIXELS, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer(images.flatten(1))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, PIXELS)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        return self.layer(codes).sigmoid().view(-1, 1, SIDE, SIDE)


def diffusers(home: Path) -> dict[str, Any]:
    """An AutoencoderKL whose codes are maps (2, 4, 4)."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    torch.manual_seed(0)
    blocks = 4
    AutoencoderKL(
        in_channels=1, out_channels=1, block_out_channels=(4,) * blocks, norm_num_groups=2, latent_channels=2,
        down_block_types=("DownEncoderBlock2D",) * blocks, up_block_types=("UpDecoderBlock2D",) * blocks,
        layers_per_block=1,
    ).save_pretrained(home / "kl")  # fmt: skip
    return {"path": str(home / "kl")}


def pythae(home: Path) -> dict[str, Any]:
    """A VAE as pythae saves it."""
    from pythae.models import VAE, VAEConfig

    torch.manual_seed(0)
    VAE(VAEConfig(input_dim=(1, SIDE, SIDE), latent_dim=3)).save(str(home / "pythae"))
    return {"path": str(home / "pythae")}


def lightning(home: Path) -> dict[str, Any]:
    """A checkpoint as Lightning writes it: weights under state_dict, and plain hyper-parameters."""
    torch.manual_seed(0)
    layers = {"towards": nn.Linear(PIXELS, 3), "back": nn.Linear(3, PIXELS)}
    state = {
        f"net.model.{name}.{key}": weight
        for name, layer in layers.items()
        for key, weight in layer.state_dict().items()
    }
    content = {"epoch": 1, "pytorch-lightning_version": "2.5.0", "hyper_parameters": {"size": 3}}
    torch.save({**content, "state_dict": state}, home / "last.ckpt")
    return {
        "kind": "lightning", "path": str(home / "last.ckpt"), "entrypoint": "of_libraries:Module",
        "folder": str(home / "code"), "arguments": {"size": 3}, "prefix": "net.",
    }  # fmt: skip


def onnx(home: Path) -> dict[str, Any]:
    """A linear encoder and decoder as ONNX files."""
    weight = np.random.default_rng(0).normal(size=(PIXELS, 3)).astype(np.float32) / SIDE

    def write(name: str, nodes: list[Any], given: list[Any], returned: list[Any]) -> str:
        weights = [
            numpy_helper.from_array(weight, "w"),
            numpy_helper.from_array(np.array([-1, 1, SIDE, SIDE]), "s"),
        ]
        ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", *d]) for n, d in (given, returned)]
        graph = helper.make_graph(nodes, name, ends[:1], ends[1:], initializer=weights)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        (home / f"{name}.onnx").write_bytes(made.SerializeToString())
        return str(home / f"{name}.onnx")

    node = helper.make_node
    towards = [node("Flatten", ["x"], ["f"]), node("MatMul", ["f", "w"], ["z"])]
    back = [
        node("Transpose", ["w"], ["b"]), node("MatMul", ["z", "b"], ["f"]), node("Sigmoid", ["f"], ["g"]),
        node("Reshape", ["g", "s"], ["y"]),
    ]  # fmt: skip
    image, code = ("x", [1, SIDE, SIDE]), ("z", [3])
    return {
        "kind": "onnx",
        "encoder": write("encoder", towards, list(image), list(code)),
        "decoder": write("decoder", back, list(code), ["y", [1, SIDE, SIDE]]),
    }


def exported(home: Path) -> dict[str, Any]:
    """Both halves as pt2 files."""
    torch.manual_seed(0)
    halves = {
        "encoder": (Encoder(), torch.zeros(2, 1, SIDE, SIDE)),
        "decoder": (Decoder(), torch.zeros(2, 3)),
    }
    places = {part: export(home / f"{part}.pt2", *half) for part, half in halves.items()}
    return {"kind": "exported_programs", **{part: str(path) for part, path in places.items()}}


def own(home: Path, function: str, **more: Any) -> dict[str, Any]:
    """What a function of the user's own file returns."""
    return {
        "kind": "entrypoint", "entrypoint": f"of_libraries:{function}", "folder": str(home / "code"), **more
    }  # fmt: skip


def write_libraries_audit(home: Path) -> str:
    """Writes the models, the user's code and libraries.yaml below `home`; returns the settings file's name."""
    (home / "code").mkdir()
    (home / "code" / "of_libraries.py").write_text(CODE, encoding="utf-8")
    settings = yaml.safe_load(SMALLEST)
    settings["run"]["name"] = "libraries"
    settings["models"] = {
        "diffusers": diffusers(home),
        "pythae": pythae(home),
        "lightning": lightning(home),
        "onnx": onnx(home),
        "exported": exported(home),
        "pca": own(home, "components"),
        "torchvision": own(home, "embedding", decodes=False),
    }
    (home / "libraries.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return "libraries.yaml"
