"""One run audits a tiny model of each library, as the library saves it, from its settings to a verified report."""

import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from latent_audit.tasks.runs.verify import verify
from tests.audits.brought.libraries_audit import write_libraries_audit
from tests.audits.tiny_audit import COMMAND, command_environment
from tests.plain_audit import read_audit

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(2400)]
KINDS = {
    "diffusers": "diffusers", "pythae": "pythae", "lightning": "lightning", "onnx": "onnx",
    "exported": "exported_programs", "pca": "entrypoint", "torchvision": "entrypoint",
}  # fmt: skip


@dataclass(frozen=True)
class Finished:
    """The folder of the run, its record, and its report as text."""

    folder: Path
    audit: dict[str, Any]
    page: str


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Finished:
    home = tmp_path_factory.mktemp("libraries")
    name = write_libraries_audit(home)
    assert pytestconfig.cache is not None
    ended = subprocess.run(
        [COMMAND, "run", name, "--compute.runner", "thread"],
        cwd=home, env=command_environment(pytestconfig.cache.mkdir("numba")), capture_output=True, text=True,
        timeout=2300,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    folder = home / "runs" / "latest"
    return Finished(folder, read_audit(folder), unescape((folder / "report.html").read_text("utf-8")))


def test_each_is_audited_and_said_to_be_of_its_kind(finished: Finished) -> None:
    found = {model["name"]: model["origin"]["kind"] for model in finished.audit["models"]}
    assert found == KINDS
    assert finished.audit["failed"] == []
    for name in KINDS:
        assert f"{name}: " in finished.page
    assert "the library Diffusers made the network from a configuration that was checked" in finished.page
    assert verify(finished.folder).problems == ()


def test_codes_are_read_in_their_form(finished: Finished) -> None:
    models = {model["name"]: model for model in finished.audit["models"]}
    assert models["diffusers"]["import_check"]["code_form"] == "spatial: 2x4x4"
    assert models["diffusers"]["dimensions"][5]["name"] == "z0,1,1"
    assert models["pythae"]["import_check"]["code_form"] == "flat: 3"
    assert models["torchvision"]["latent_dim"] == 6


def test_what_only_encodes_is_read_and_what_has_no_weights_lacks_that_control(finished: Finished) -> None:
    places = [row for row in finished.audit["where"] if row["model"] == "torchvision"]
    # What is read cannot be tested without a decoder; what is not read is not there.
    assert {(row["rung"], row["verdict"]) for row in places} <= {
        ("read", "not_tested"),
        ("none", "not_supported"),
    }
    controls = {(row["name"], row["control"]) for row in finished.audit["controls"]}
    assert ("pythae", "random_init") in controls
    assert ("onnx", "random_init") not in controls
    assert ("pca", "random_init") not in controls
