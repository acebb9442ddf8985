"""Packages of third parties: found by entry points, refused unless settings name them, and recorded."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from latent_audit.tasks.datasets.errors import BadTable, DataError, MissingFile
from latent_audit.tasks.datasets.own.extension import ExtensionDataSettings
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.session.find_models import find_model_files
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.tasks.stages.data.download import download
from latent_audit.tasks.stages.training.import_model import _origin
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.pretrained.existing_models import open_existing

CODE = """
import numpy
import pathlib

pathlib.Path("imported").touch()

class Means:
    def __init__(self, size):
        self.size = size

    def encode(self, images):
        return numpy.asarray(images).reshape(len(images), -1)[:, :self.size]

    def decode(self, codes):
        return numpy.zeros((len(codes), 1, 16, 16), "float32") + numpy.asarray(codes)[:, :1, None, None]

def make(size=2):
    return Means(size)

def scans(count):
    grey = numpy.arange(count) % 200
    images = numpy.zeros((count, 20, 20), "uint8") + grey[:, None, None].astype("uint8")
    return {"images": images, "grey": grey * 1.5, "side": numpy.array(["left", "right"])[numpy.arange(count) % 2]}

def broken():
    raise ValueError("no scans today")

def nothing():
    return 5

table = {}
"""
POINTS = """
[latent_audit.models]
acme-means = {module}:make
acme-table = {module}:table
acme-lost = {module}_lost:make

[latent_audit.datasets]
acme-scans = {module}:scans
acme-broken = {module}:broken
acme-nothing = {module}:nothing
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Installs a package named acme, version 1.2, as pip does; returns the file of its code."""
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "site"
    facts = site / "acme-1.2.dist-info"
    facts.mkdir(parents=True)
    module = f"acme_of_a_test_{tmp_path.name.replace('-', '_')}"
    (site / f"{module}.py").write_text(CODE)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n")
    (facts / "entry_points.txt").write_text(POINTS.format(module=module))
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    return site / f"{module}.py"


def settings(**given: Any) -> Settings:
    Path("s.yaml").write_text(yaml.safe_dump(given))
    return load_settings(Path("s.yaml"))


MODEL = {"theirs": {"kind": "extension", "entrypoint": "acme-means", "arguments": {"size": 3}}}
DATA = {
    "kind": "extension",
    "entrypoint": "acme-scans",
    "arguments": {"count": 150},
    "image_size": 16,
    "channels": 1,
}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"models": MODEL}, "models.theirs names 'acme-means', which an installed package"),
        ({"models": MODEL, "extensions": {"models": ["other"]}}, "add the name to extensions.models"),
        ({"data": DATA, "extensions": {"models": ["acme-scans"]}}, "add the name to extensions.datasets"),
        ({"explanations": {"outside": DATA}}, "explanations.outside names 'acme-scans'"),
    ],
)
def test_nothing_of_third_parties_is_used_unless_it_is_named(
    given: dict[str, Any], said: str, acme: Path
) -> None:
    with pytest.raises(SettingsError, match=said):
        settings(**given)
    assert not Path("imported").exists()


def test_a_model_of_a_package_is_opened_and_recorded(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = settings(models=MODEL, extensions={"models": ["acme-means"]})
    lines: list[str] = []
    with ProgressDisplay() as progress:
        monkeypatch.setattr(progress, "line", lines.append)
        found = find_model_files(asked, lambda address: Path(address), progress)
    assert not Path("imported").exists()  # what is installed is listed without importing it
    assert "code of the installed package acme-means (acme 1.2: " in lines[0]
    theirs: Any = asked.models["theirs"]
    origin = _origin(theirs, found["theirs"])
    assert origin["code"] == f"acme-means (acme 1.2: {acme.stem}:make)"
    assert origin["runs_its_code"]
    before = origin["code_sha256"]
    model = open_existing(theirs, (1, 16, 16))
    images = np.random.default_rng(0).integers(0, 256, (5, 1, 16, 16), dtype=np.uint8)
    codes = encode_images(model, images)[0]
    np.testing.assert_allclose(codes, images.reshape(5, -1)[:, :3] / 255, rtol=1e-6)
    assert decode_latents(model, codes).shape == (5, 1, 16, 16)
    acme.write_text(f"{CODE}\n# changed")
    with ProgressDisplay() as progress:
        again = find_model_files(asked, lambda address: Path(address), progress)
    assert again["theirs"].sha256["code"] != before


def test_data_of_a_package_are_read_as_an_npz_file(acme: Path, tmp_path: Path) -> None:
    data = settings(data=DATA, extensions={"datasets": ["acme-scans"]}).data
    with ProgressDisplay() as progress:
        digest = download(data, tmp_path, progress).sha256["code"]
    loaded = data.load(tmp_path, tmp_path, 0)
    assert loaded.images.shape == (150, 1, 16, 16)
    assert [(a.name, a.kind) for a in loaded.attributes] == [("grey", "continuous"), ("side", "binary")]
    assert loaded.source == f"acme-scans (acme 1.2: {acme.stem}:scans)"
    np.testing.assert_array_equal(loaded.values[:, 0], np.arange(150) * 1.5)
    acme.write_text(f"{CODE}\n# changed")
    with ProgressDisplay() as progress:
        assert download(data, tmp_path, progress).sha256["code"] != digest


@pytest.mark.parametrize(
    ("entrypoint", "kind", "said"),
    [
        ("acme-absent", MissingFile, "offered are: acme-broken, acme-nothing, acme-scans"),
        ("acme-broken", DataError, "failed: ValueError: no scans today"),
        ("acme-nothing", BadTable, "must return a mapping of arrays by name"),
    ],
)
def test_data_sets_that_cannot_be_used_are_named(
    entrypoint: str, kind: type[Exception], said: str, acme: Path, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=said):
        ExtensionDataSettings(entrypoint=entrypoint).load(tmp_path, tmp_path, 0)


@pytest.mark.parametrize(
    ("entrypoint", "said"),
    [
        ("acme-absent", "no installed package offers 'acme-absent' as an entry point of latent_audit.models"),
        ("acme-table", "is a dict, and must be a function"),
        ("acme-lost", "cannot be imported: ModuleNotFoundError"),
    ],
)
def test_models_that_cannot_be_used_are_named(entrypoint: str, said: str, acme: Path) -> None:
    models = {"theirs": {"kind": "extension", "entrypoint": entrypoint}}
    model: Any = settings(models=models, extensions={"models": [entrypoint]}).models["theirs"]
    with pytest.raises(BadCheckpoint, match=said):
        open_existing(model, (1, 16, 16))
