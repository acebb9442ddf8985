"""Models by a path alone: their kind and the size of images follow; what has no kind is refused with the way out."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.vae_models.building import build
from latent_audit.vae_models.presets.plain_vae import VaeSettings


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    model = build(VaeSettings(network="burgess", latent_dim=4), (1, 64, 64), (), seed=0)
    assert isinstance(model, nn.Module)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    return tmp_path / "model.pt"


def test_a_path_is_enough_and_stands_in_place_of_the_default_models(weights: Path) -> None:
    settings = load_settings(None, ["--models.mine.path", str(weights)])
    assert list(settings.models) == ["mine"]
    assert settings.models["mine"].kind == "checkpoint"
    assert settings.models["mine"].path == weights
    assert settings.data.image_size == 64
    given = load_settings(None, ["--models.mine.path", str(weights), "--data.image_size", "32"])
    assert given.data.image_size == 32


def test_a_folder_with_one_file_of_weights_stands_for_it(weights: Path) -> None:
    (weights.parent / "specs.json").write_text("{}")
    settings = load_settings(None, ["--models.mine.path", str(weights.parent)])
    assert settings.models["mine"].path == weights


def test_in_a_settings_file(weights: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text(yaml.safe_dump({"models": {"mine": {"path": str(weights)}, "vae": {"kind": "vae"}}}))
    settings = load_settings(file)
    assert list(settings.models) == ["mine", "vae"]
    assert settings.models["mine"].kind == "checkpoint"
    assert settings.data.image_size == 64


def test_models_of_the_file_stay_beside_one_by_path(weights: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text("models: {vae: {kind: vae}}\n")
    settings = load_settings(file, ["--models.mine.path", str(weights)])
    assert set(settings.models) == {"vae", "mine"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent.pt", "there is no such file"),
        ("array.npy", "a file of NumPy arrays"),
        ("text.bin", "of no format that is known here"),
        ("empty.pt", "an empty file"),
    ],
)
def test_what_has_no_kind_is_refused_with_the_command_that_helps(
    name: str, said: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "text.bin").write_bytes(b"words")
    (tmp_path / "empty.pt").write_bytes(b"")
    with pytest.raises(SettingsError, match=said) as caught:
        load_settings(None, ["--models.mine.path", str(tmp_path / name)])
    assert "models.mine.path" in str(caught.value)
    if name != "absent.pt":
        assert "latent-audit inspect" in str(caught.value)
