"""What people have and this version refuses, with a sentence: each becomes an ordinary test when it is opened."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.presets.presets import AnyModelSettings
from latent_audit.vae_models.pretrained.checkpoint_settings import CheckpointSettings
from latent_audit.vae_models.pretrained.entrypoint_settings import EntrypointSettings
from latent_audit.vae_models.pretrained.existing_models import open_existing

BRING_YOUR_OWN = "Bring your own: the models and data that people really have"
_settings: TypeAdapter[Any] = TypeAdapter(AnyModelSettings)


@pytest.mark.xfail(strict=True, reason=BRING_YOUR_OWN)
@pytest.mark.parametrize("kind", ["torchscript", "onnx", "pythae", "diffusers", "lightning"])
def test_models_as_people_have_them_have_a_kind_of_their_own(kind: str) -> None:
    given = (
        {"encoder": "encoder", "decoder": "decoder"} if kind in ("torchscript", "onnx") else {"path": "model"}
    )
    assert _settings.validate_python({"kind": kind, **given}).kind == kind


@pytest.mark.xfail(strict=True, raises=BadCheckpoint, reason=BRING_YOUR_OWN)
def test_a_checkpoint_with_foreign_names_and_another_depth_is_opened(tmp_path: Path) -> None:
    deeper = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 6)
    )
    torch.save({f"net.{name}": weight for name, weight in deeper.state_dict().items()}, tmp_path / "model.pt")
    settings = CheckpointSettings(path=tmp_path / "model.pt", network="mlp", latent_dim=3)
    assert open_existing(settings, (1, 28, 28)).latent_dim == 3


@pytest.mark.xfail(strict=True, raises=ValidationError, reason=BRING_YOUR_OWN)
@pytest.mark.parametrize("returns", ["levels", "indices"])
def test_what_a_pair_of_tensors_or_whole_numbers_mean_can_be_said(returns: str) -> None:
    """Two levels of equal width look like means and log variances; indices of a codebook look like 64 numbers."""
    EntrypointSettings.model_validate({"entrypoint": "a:b", "returns": returns})


@pytest.mark.parametrize("size", [48, 128])
def test_the_default_network_takes_the_sizes_that_people_work_with(size: int) -> None:
    settings = _settings.validate_python({"kind": "vae", "latent_dim": 3})
    model = build(settings, (3, size, size), (), seed=0)
    images = torch.zeros(2, 3, size, size)
    assert model.decode(model.encode(images).mean).shape == images.shape
