"""Models trained elsewhere as a stage: what is found, what its key depends on, what is kept, and what is refused."""

import dataclasses
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from latent_audit.reports.page.messages import english
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.execution.stage import key_part
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.session.find_models import find_model_files
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.subject import SplitSettings
from latent_audit.tasks.stages.data.prepare import compute as prepare
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.stages.registry import IMPORT_MODEL
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.tasks.storage.data_files import DataFiles
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import encode_images
from latent_audit.vae_models.storage.checkpoints import load, load_untrained

CODE = """
import types
import numpy
import torch
from torch import nn

class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.towards, self.back = nn.Linear(1024, 2), nn.Linear(2, 1024)

    def encode(self, images):
        return self.towards(images.flatten(1))

    def decode(self, codes):
        return self.back(codes).sigmoid().view(-1, 1, 32, 32)

def read(weights):
    model = Own()
    model.load_state_dict(torch.load(weights, weights_only=True))
    return model

class Batched(Own):
    def encode(self, images):
        codes = super().encode(images)
        return codes - codes.mean(0)

class Noisy(Own):
    def encode(self, images):
        return super().encode(images) + torch.randn(len(images), 2)

class Hidden(Own):
    def __init__(self):
        super().__init__()
        secret = torch.ones(1024, 2)
        self.encode = lambda images: images.flatten(1) @ secret

class NoGrad(Own):
    @torch.no_grad()
    def encode(self, images):
        return super().encode(images)

class Inference(Own):
    @torch.inference_mode()
    def encode(self, images):
        return super().encode(images)

    @torch.inference_mode()
    def decode(self, codes):
        return super().decode(codes)

class Arrays:  # no torch weights at all; leaves torch on the way, as scikit-learn does
    def __init__(self):
        self.kept = numpy.eye(1024, 2, dtype="float32")

    def encode(self, images):
        return torch.from_numpy(images.flatten(1).numpy() @ self.kept)

    def decode(self, codes):
        return torch.from_numpy((codes.numpy() @ self.kept.T).clip(0, 1)).view(-1, 1, 32, 32)

class Wary(Arrays):  # as a factorisation of images that are not negative
    def encode(self, images):
        if images.min() < 0:
            raise ValueError("negative values")
        return super().encode(images)

def closed():  # its functions are no methods of what holds the networks
    model = Own()
    holder = types.SimpleNamespace(model=model)
    holder.encode = lambda images: model.encode(images)
    holder.decode = lambda codes: model.decode(codes)
    return holder
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(
        folder,
        context(folder),
        data=SpritesSettings(images=1800),
        files=DataFiles(folder, {}),
        shares=SplitSettings().model_dump(),
        trains_models=True,
        trains_classifier=True,
        fewest_of_a_class=10,
        duplicate_images=500,
        seed=0,
    )
    return Artifact("prepare", "key", folder, "digest", 0.0, False, "run")


def context(folder: Path) -> StageContext:
    return StageContext("cpu", folder, lambda *_: None, lambda: False, None)


def no_mlflow(address: str) -> Path:
    raise AssertionError(f"{address} is a file here")


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Path]:
    """A folder with the user's module and weights for it; forgotten by Python afterwards."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "own_import_of_a_test.py").write_text(CODE)
    torch.manual_seed(1)
    weights = {
        "towards.weight": torch.randn(2, 1024) / 32,
        "towards.bias": torch.zeros(2),
        "back.weight": torch.randn(1024, 2),
        "back.bias": torch.zeros(1024),
    }
    torch.save(weights, folder / "model.pt")
    path = list(sys.path)
    yield folder
    sys.path[:] = path
    sys.modules.pop("own_import_of_a_test", None)


def settings(**models: dict[str, Any]) -> Settings:
    return Settings(models=models)


def reading(theirs: Path) -> dict[str, Any]:
    return {
        "kind": "entrypoint",
        "entrypoint": "own_import_of_a_test:read",
        "folder": theirs,
        "files": {"weights": theirs / "model.pt"},
    }


def test_what_is_not_there_is_said_all_at_once(tmp_path: Path) -> None:
    asked = settings(
        a={"kind": "checkpoint", "path": tmp_path / "none.pt"},
        b={"kind": "exported_programs", "encoder": str(tmp_path / "e.pt2"), "decoder": "d.pt2"},
        c={"kind": "entrypoint", "entrypoint": "absent_of_a_test:make", "folder": tmp_path},
        d={"kind": "vae"},
        e={"kind": "checkpoint", "path": tmp_path / "pythae"},
        f={"kind": "checkpoint", "path": tmp_path / "diffusers"},
    )
    for name, file, content in (
        ("pythae", "model_config.json", {"name": "BetaVAEConfig"}),
        ("diffusers", "config.json", {"_class_name": "AutoencoderKL"}),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(json.dumps(content))
        (tmp_path / name / "model.pt").write_bytes(b"")
    with pytest.raises(SettingsError) as caught:
        find_model_files(asked, no_mlflow, ProgressDisplay(io.StringIO()))
    lines = str(caught.value).splitlines()
    assert len(lines) == 5
    assert lines[0] == f"models.a: path is {tmp_path / 'none.pt'}, and there is no such file"
    assert lines[1].startswith("models.b: encoder is")
    assert lines[2].startswith("models.c: there is no module or package absent_of_a_test")
    assert lines[3] == (
        f"models.e: path is {tmp_path / 'pythae'}, a folder of pythae (BetaVAEConfig), and a file is needed: kind "
        "pythae takes it"
    )
    assert lines[4].startswith(
        f"models.f: path is {tmp_path / 'diffusers'}, a folder of Diffusers (AutoencoderKL)"
    )


def test_a_key_follows_content_and_code_and_no_place(theirs: Path) -> None:
    stream = io.StringIO()

    def key() -> Any:
        asked = settings(own=reading(theirs))
        found = find_model_files(asked, no_mlflow, ProgressDisplay(stream))
        return key_part(found["own"]), key_part(asked.models["own"])

    first = key()
    assert set(first[0]) == {"weights", "code"}
    assert str(theirs) not in str(first)
    assert "own: your own code own_import_of_a_test:read is run to make this model" in stream.getvalue()
    code = theirs / "own_import_of_a_test.py"
    code.write_text(CODE + "\n")
    second = key()
    assert second[0]["code"] != first[0]["code"]
    assert second[0]["weights"] == first[0]["weights"]
    code.write_text(CODE)
    (theirs / "model.pt").write_bytes((theirs / "model.pt").read_bytes() + b"\n")
    assert key()[0]["weights"] != first[0]["weights"]


def imported(asked: Settings, folder: Path, prepared: Artifact) -> tuple[Path, np.ndarray]:
    found = find_model_files(asked, no_mlflow, ProgressDisplay(io.StringIO()))
    folder.mkdir()
    model = asked.models["own"]
    IMPORT_MODEL.compute(folder, context(folder), prepared=prepared, model=model, files=found["own"], seed=0)
    return folder, open_prepared(prepared).images("probe_test")[:8]


def test_an_imported_model_comes_back_from_what_was_kept(
    theirs: Path, prepared: Artifact, tmp_path: Path
) -> None:
    folder, images = imported(settings(own=reading(theirs)), tmp_path / "import", prepared)
    weights = torch.load(theirs / "model.pt", weights_only=True)
    (theirs / "model.pt").unlink()
    codes = encode_images(load(folder, "cpu"), images)[0]
    expected = torch.from_numpy(images).flatten(1).float() / 255 @ weights["towards.weight"].T
    np.testing.assert_allclose(codes, expected, atol=1e-5)
    assert read_json(folder / "recipe.json")["settings"]["files"] == {"weights": "given/weights.pt"}
    assert str(theirs) not in (folder / "recipe.json").read_text()
    origin = read_json(folder / "origin.json")
    assert (origin["code"], origin["rebuilds_offline"]) == ("own_import_of_a_test:read", False)
    assert [file["name"] for file in origin["files"]] == ["model.pt"]
    assert read_json(folder / "training.json")["parameters"] == 2 * 1024 + 2 + 2 * 1024 + 1024


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("Noisy", "gives other codes when it is given the same images again"),
        ("Batched", r"the encoder gives another code for one row alone .* \(model\.eval\(\)\)"),
    ],
)
def test_models_that_no_check_could_make_sense_of_are_refused(
    function: str, said: str, theirs: Path, prepared: Artifact, tmp_path: Path
) -> None:
    own = {"kind": "entrypoint", "entrypoint": f"own_import_of_a_test:{function}", "folder": theirs}
    with pytest.raises(BadCheckpoint, match=said):
        imported(settings(own=own), tmp_path / "import", prepared)


@pytest.mark.parametrize(
    ("function", "reach"),
    [
        ("Own", (True, True, True, True)),
        ("closed", (True, True, True, True)),
        ("Hidden", (True, True, False, True)),
        ("NoGrad", (False, True, True, True)),
        ("Inference", (False, False, True, True)),
        ("Arrays", (False, False, False, False)),
        ("Wary", (False, False, False, False)),
    ],
)
def test_what_a_model_allows_is_found_at_import(
    function: str, reach: tuple[bool, ...], theirs: Path, prepared: Artifact, tmp_path: Path
) -> None:
    """Gradients through encode and decode; codes and images that depend on torch weights."""
    own = {"kind": "entrypoint", "entrypoint": f"own_import_of_a_test:{function}", "folder": theirs}
    folder, images = imported(settings(own=own), tmp_path / "import", prepared)
    found = reach_of(Artifact("import", "key", folder, "digest", 0.0, False, "run"))
    assert dataclasses.astuple(found) == (*reach, True)  # each has a decoder
    said = read_json(folder / "import_check.json")["not_applicable_parts"]
    assert len(said) == reach.count(False)
    assert all(english(reason).endswith("not applicable") for reason in said)
    # The weights of the import are those that the function gave, whatever was tried with them.
    again = load(folder, "cpu")
    assert np.isfinite(encode_images(again, images)[0]).all()
    untrained = load_untrained(folder, "cpu")
    same = np.array_equal(encode_images(untrained, images)[0], encode_images(again, images)[0])
    assert same == (not reach[2])


def test_one_seed_of_what_was_trained_elsewhere_and_all_of_the_rest() -> None:
    asked = settings(a={"kind": "vae"}, b={"kind": "checkpoint", "path": "x"}, c={"kind": "beta_vae"})
    assert [key.id for key in asked.model_keys] == [
        "a-seed0", "b-seed0", "c-seed0", "a-seed1", "c-seed1", "a-seed2", "c-seed2"
    ]  # fmt: skip
