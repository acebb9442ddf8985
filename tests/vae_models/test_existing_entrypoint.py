"""Models that a user's own function makes: used as they are, and refused with a sentence where they cannot be."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from latent_audit.reports.page.messages import english
from latent_audit.tasks.execution.failed_parts import as_failed_part
from latent_audit.tasks.stages.registry import IMPORT_MODEL
from latent_audit.tasks.storage.artifacts import ModelKey
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.evaluation import evaluate
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.model import Model, Trainable
from latent_audit.vae_models.pretrained.entrypoint import module_files
from latent_audit.vae_models.pretrained.entrypoint_settings import EntrypointSettings
from latent_audit.vae_models.pretrained.existing_models import open_existing
from latent_audit.vae_models.storage import checkpoints, recipes

SHAPE = (1, 8, 8)
CODE = """
import errno
import torch
from torch import nn

class Own(nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        self.towards = nn.Linear(64, 6)
        self.back = nn.Linear(3, 64)
        self.scale = scale

    def encode(self, images):
        mean, log_variance = self.towards(images.flatten(1)).chunk(2, 1)
        return mean * self.scale, log_variance

    def decode(self, codes):
        return self.back(codes).sigmoid().view(-1, 1, 8, 8)

class Holder:  # no module itself, and no variances
    def __init__(self, own):
        self.own, self.name = own, "holder"

    def encode(self, images):
        return self.own.encode(images)[0]

    def decode(self, codes):
        return self.own.decode(codes)

def make(scale=1.0):
    torch.manual_seed(7)
    return Own(scale)

def held():
    return Holder(make())

def read(weights):
    model = make()
    model.load_state_dict(torch.load(weights, weights_only=True))
    return model

class Signed(Own):
    def decode(self, codes):
        return 2 * super().decode(codes) - 1

def signed():
    torch.manual_seed(7)
    return Signed()

def nothing():
    return 3

def fails():
    raise KeyError("weights")

class Flat(Own):
    def decode(self, codes):
        return self.back(codes)

class Three(Own):
    def encode(self, images):
        return 3

class Wide(Own):
    def encode(self, images):
        return self.towards(torch.zeros(len(images), 100))

class Empty:
    def encode(self, images):
        return images.flatten(1)

    def decode(self, codes):
        return codes.view(-1, 1, 8, 8)

class Indices(Own):
    def encode(self, images):
        return (images.flatten(1) * 512).long()

class Asks(Own):
    def encode(self, images, labels):
        return self.towards(images.flatten(1))

class Fails(Own):
    def encode(self, images):
        raise KeyError("no such layer")

class Eight(Own):
    def encode(self, images):
        return self.towards(images.reshape(8, 64)).chunk(2, 1)

class EightBack(Own):
    def decode(self, codes):
        return self.back(codes.reshape(8, 3)).sigmoid().view(-1, 1, 8, 8)

class Sixteen(Own):
    def __init__(self):
        super().__init__()
        self.towards = nn.Linear(256, 6)

class Colour(Own):
    def __init__(self):
        super().__init__()
        self.towards = nn.Linear(192, 6)

class Loses(Own):  # memory, the disk, or the patience of whoever runs it
    def __init__(self, error, part):
        super().__init__()
        self.error, self.part = error, part
        self.met("make")

    def met(self, part):
        if part == self.part:
            raise {
                "memory": MemoryError(),
                "memory of the GPU": torch.OutOfMemoryError("CUDA out of memory"),
                "disk": OSError(errno.ENOSPC, "No space left on device"),
                "interrupt": KeyboardInterrupt(),
            }[self.error]

    def encode(self, images):
        self.met("encode")
        if len(images) > 8:
            self.met("trial")
        return super().encode(images) if self.part != "trial" else self.towards(images)

    def decode(self, codes):
        try:
            self.met("decode")
        except Exception:
            raise ValueError("decode failed")
        return super().decode(codes)

value = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "theirs"
    place.mkdir()
    (place / "own_models_of_a_test.py").write_text(CODE)
    before = list(sys.path)
    yield place
    sys.path[:] = before
    sys.modules.pop("own_models_of_a_test", None)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, *SHAPE), dtype=np.uint8)


def named(folder: Path, function: str, **given: Any) -> EntrypointSettings:
    return EntrypointSettings(entrypoint=f"own_models_of_a_test:{function}", folder=folder, **given)


def test_a_module_is_used_as_it_is(folder: Path, images: np.ndarray) -> None:
    model = open_existing(named(folder, "make"), SHAPE)
    assert isinstance(model, Model)
    assert not isinstance(model, Trainable)
    assert model.dimension_names == ("z0", "z1", "z2")
    theirs = sys.modules["own_models_of_a_test"].make()
    with torch.no_grad():
        mean, log_variance = theirs.encode(torch.from_numpy(images).float() / 255)
        pixels = theirs.decode(mean)
    found = encode_images(model, images)
    np.testing.assert_array_equal(found[0], mean)
    np.testing.assert_array_equal(found[1], log_variance)
    np.testing.assert_array_equal(decode_latents(model, found[0]), pixels)
    evaluation = evaluate(model, images)
    assert evaluation.kl_nats is not None
    variance = log_variance.double().exp()
    expected = 0.5 * (mean.double() ** 2 + variance - 1 - log_variance.double())
    np.testing.assert_allclose(evaluation.kl_nats, expected, rtol=1e-4, atol=1e-6)
    target, p = torch.from_numpy(images).double() / 255, pixels.double()
    nats = -(target * p.log() + (1 - target) * (1 - p).log()).flatten(1).sum(1)
    assert evaluation.reconstruction_nats is not None
    np.testing.assert_allclose(evaluation.reconstruction_nats, nats, rtol=1e-4)


def test_an_object_that_holds_its_networks_and_gives_no_variances(folder: Path, images: np.ndarray) -> None:
    model = open_existing(named(folder, "held"), SHAPE)
    evaluation = evaluate(model, images)
    assert evaluation.kl_nats is None
    assert "gives a point for each image" in english(evaluation.kl_not_applicable)
    np.testing.assert_array_equal(
        encode_images(model, images)[0], encode_images(open_existing(named(folder, "make"), SHAPE), images)[0]
    )


def test_arguments_files_and_the_range_of_pixels(folder: Path, images: np.ndarray, tmp_path: Path) -> None:
    plain = open_existing(named(folder, "make"), SHAPE)
    double = open_existing(named(folder, "make", arguments={"scale": 2.0}), SHAPE)
    means = encode_images(plain, images)[0]
    np.testing.assert_allclose(encode_images(double, images)[0], 2 * means, rtol=1e-6)
    path = tmp_path / "w.pt"
    made = sys.modules["own_models_of_a_test"].make()
    torch.save({name: tensor * 0 for name, tensor in made.state_dict().items()}, path)
    zero = open_existing(named(folder, "read", files={"weights": path}), SHAPE)
    assert not encode_images(zero, images)[0].any()
    signed = open_existing(named(folder, "signed", pixel_range=(-1, 1)), SHAPE)
    np.testing.assert_allclose(decode_latents(signed, means), decode_latents(plain, means), atol=1e-6)
    with torch.no_grad():
        theirs = sys.modules["own_models_of_a_test"].signed().encode(torch.from_numpy(images) / 127.5 - 1)[0]
    np.testing.assert_allclose(encode_images(signed, images)[0], theirs, atol=1e-5)


def test_saved_weights_come_back_and_the_control_has_lost_them(
    folder: Path, images: np.ndarray, tmp_path: Path
) -> None:
    settings = named(folder, "make")
    model = open_existing(settings, SHAPE)
    for parameter in model.networks.parameters():  # type: ignore[attr-defined]  # of this kind of model alone
        parameter.data.add_(0.01)  # as if the function read other weights than it does later
    means = encode_images(model, images)[0]
    recipes.save(tmp_path / "saved", model, recipes.recipe(settings, SHAPE, (), seed=3))
    np.testing.assert_array_equal(
        encode_images(checkpoints.load(tmp_path / "saved", "cpu"), images)[0], means
    )
    first, second = (checkpoints.load_untrained(tmp_path / "saved", "cpu") for _ in range(2))
    codes = encode_images(first, images)[0]
    np.testing.assert_array_equal(codes, encode_images(second, images)[0])
    assert np.abs(codes - means).max() > 0.01
    first_entries, second_entries = [
        np.sort(torch.cat([p.flatten() for p in m.networks.parameters()]).detach().numpy())  # type: ignore[attr-defined]  # of this kind of model alone
        for m in (first, open_existing(settings, SHAPE))
    ]
    np.testing.assert_array_equal(first_entries, second_entries)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (
            "nothing",
            r"must return an object with encode and decode, or .*; the int .* has no encode and no decode",
        ),
        ("fails", r"own_models_of_a_test:fails failed: KeyError: 'weights'"),
        ("absent", r"cannot be imported: AttributeError: .*Set `folder`"),
        ("value", r"is a int; it must be a function"),
        ("Flat", r"decoder of .*:Flat must give images \(2, 1, 8, 8\) for codes \(2, 3\), got \(2, 64\)"),
        ("Three", r"encoder of .*:Three must give a tensor of means .* for 2 images; got a int"),
        ("Indices", r"gives whole numbers \(torch\.int64\)\. Indices of a codebook \(VQ\) are names"),
        (
            "Wide",
            r"the encoder of .*:Wide failed for images \(2, 1, 8, 8\): RuntimeError: .*\(2x100 and 64x6\)$",
        ),
        (
            "Asks",
            r"TypeError: Asks\.encode\(\) missing 1 required .* 'labels'\. It is called with one argument",
        ),
        ("Fails", r"failed for images \(2, 1, 8, 8\): KeyError: 'no such layer'$"),
        ("Sixteen", r"It takes images of 16x16 pixels and not of 8x8: set data\.image_size to 16$"),
        ("Colour", r"It takes images of 3 channel\(s\), and the data have 1: set data\.channels to 3"),
    ],
)
def test_what_cannot_be_used_is_said(function: str, said: str, folder: Path) -> None:
    with pytest.raises(BadCheckpoint, match=said) as caught:
        open_existing(named(folder, function), SHAPE)
    # Sizes are spoken of only where sizes differ.
    assert ("data.image_size" in str(caught.value)) == (function == "Sixteen")


@pytest.mark.parametrize("function", ["Eight", "EightBack"])
def test_code_for_eight_rows_at_once_is_given_eight(function: str, folder: Path, images: np.ndarray) -> None:
    plain = open_existing(named(folder, "make"), SHAPE)
    model = open_existing(named(folder, function), SHAPE)
    model.load_state_dict(plain.state_dict())  # type: ignore[attr-defined]  # both are modules
    many = np.concatenate([images] * 3)
    codes = encode_images(plain, many)[0]
    np.testing.assert_allclose(encode_images(model, many)[0], codes, atol=1e-6)
    np.testing.assert_allclose(decode_latents(model, codes), decode_latents(plain, codes), atol=1e-6)


@pytest.mark.parametrize("part", ["make", "encode", "decode", "trial"])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("memory", MemoryError),
        ("memory of the GPU", torch.OutOfMemoryError),
        ("disk", OSError),
        ("interrupt", KeyboardInterrupt),
    ],
)
def test_lost_memory_and_a_full_disk_are_not_called_a_fault_of_the_model(
    error: str, kind: type[BaseException], part: str, folder: Path
) -> None:
    """Not while a failure is looked into by trying other numbers of images, nor where the code tells of it anew."""
    with pytest.raises(kind) as caught:
        open_existing(named(folder, "Loses", arguments={"error": error, "part": part}), SHAPE)
    if isinstance(caught.value, Exception):
        assert as_failed_part(caught.value, IMPORT_MODEL, ModelKey("a", 0), one_of_several=True) is None


def test_lost_memory_in_an_import_is_no_fault_of_the_module(folder: Path) -> None:
    (folder / "lost_of_a_test.py").write_text("raise MemoryError()\n")
    with pytest.raises(MemoryError):
        open_existing(EntrypointSettings(entrypoint="lost_of_a_test:f", folder=folder), SHAPE)


def test_code_without_torch_weights_is_used_saved_and_read_back(
    folder: Path, images: np.ndarray, tmp_path: Path
) -> None:
    settings = named(folder, "Empty")
    model = open_existing(settings, SHAPE)
    codes = encode_images(model, images)[0]
    np.testing.assert_array_equal(codes, images.reshape(6, 64) / np.float32(255))
    recipes.save(tmp_path / "saved", model, recipes.recipe(settings, SHAPE, (), seed=3))
    for again in (
        checkpoints.load(tmp_path / "saved", "cpu"),
        checkpoints.load_untrained(tmp_path / "saved", "cpu"),
    ):
        np.testing.assert_array_equal(encode_images(again, images)[0], codes)
        np.testing.assert_array_equal(decode_latents(again, codes), images / np.float32(255))


def test_modules_are_found_without_being_run(folder: Path) -> None:
    (folder / "bomb_of_a_test.py").write_text("raise SystemExit('it was run')\n")
    package = folder / "package_of_a_test"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/more.py"):
        (package / name).write_text("raise SystemExit('it was run')\n")
    bomb = EntrypointSettings(entrypoint="bomb_of_a_test:f", folder=folder)
    assert module_files(bomb) == [folder / "bomb_of_a_test.py"]
    inner = EntrypointSettings(entrypoint="package_of_a_test.inner.more:f", folder=folder)
    (package / "folder.py").mkdir()
    os.mkfifo(package / "pipe.py")  # its content would be waited for
    assert module_files(inner) == [package / "__init__.py", package / "inner" / "more.py"]
    with pytest.raises(BadCheckpoint, match=r"there is no module or package absent in .*set `folder`"):
        module_files(EntrypointSettings(entrypoint="absent:f", folder=folder))


def test_a_module_that_ends_the_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "script_of_a_test.py").write_text("def make():\n    raise SystemExit(3)\n")
    (tmp_path / "ending_of_a_test.py").write_text("raise SystemExit('usage: ending')\n")
    for name, said in (
        ("ending_of_a_test:make", "cannot be imported: SystemExit: usage: ending"),
        ("script_of_a_test:make", "failed: SystemExit: 3"),
    ):
        with pytest.raises(BadCheckpoint, match=said):
            open_existing(EntrypointSettings(entrypoint=name, folder=tmp_path), SHAPE)


@pytest.mark.parametrize("words", ["os", "os:", ":f", "os.path:join:x", "a b:c", "a-b:c", "..x:y", "x:y()"])
def test_an_entrypoint_is_a_name_and_nothing_else(words: str) -> None:
    with pytest.raises(ValueError, match="should match pattern"):
        EntrypointSettings(entrypoint=words)
    with pytest.raises(ValueError, match="black must be less than white"):
        EntrypointSettings(entrypoint="a:b", pixel_range=(1, 0))


def test_paths_belong_to_files_and_not_to_arguments() -> None:
    with pytest.raises(ValueError, match="the argument weights is a path: name it in `files`"):
        EntrypointSettings(entrypoint="a:b", arguments={"weights": "/home/ada/model.pt", "size": 3})
    with pytest.raises(ValueError, match="weights: given both in arguments and in files"):
        EntrypointSettings(entrypoint="a:b", arguments={"weights": 1}, files={"weights": Path("x")})
