"""Export: encoder and decoder as programs that run without this project, weights and recipe beside them."""

import shutil
from pathlib import Path

import torch
from torch import Tensor, nn

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact, digest_of_file
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vae_models.storage.saved_model import RECIPE_FILE, WEIGHTS_FILE


class _Encoder(nn.Module):
    """Images (n, c, h, w) in [0, 1] to posterior means (n, latent_dim)."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return self.model.encode(images).mean


class _Decoder(nn.Module):
    """Latents (n, latent_dim) to mean images (n, c, h, w) in [0, 1]."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, latents: Tensor) -> Tensor:
        return self.model.decode(latents)


def compute(folder: Path, context: StageContext, *, prepared: Artifact, trained: Artifact) -> None:
    """Writes encoder/ and decoder/ in MLflow's model format, each with weights and recipe beside it."""
    # Here: workers need MLflow for this stage alone.
    from latent_audit.tasks.tracking.exported_program import save_exported

    model = load(trained.path, "cpu")
    assert isinstance(model, nn.Module)
    model.to(memory_format=torch.contiguous_format)  # weights in another layout are stored with a warning
    data = open_prepared(prepared)
    examples = data.images("probe_test", data.draw("probe_test", 2, 0, "example images"))
    images = torch.from_numpy(examples).float() / 255
    with torch.no_grad():
        latents = model.encode(images).mean
    for name, module, example in (
        ("encoder", _Encoder(model), images),
        ("decoder", _Decoder(model), latents),
    ):
        save_exported(folder / name, module.eval(), example.numpy())
        for file in (WEIGHTS_FILE, RECIPE_FILE):
            shutil.copyfile(trained.path / file, folder / name / file)
    write_json(folder / "export.json", {"weights_digest": digest_of_file(trained.path / WEIGHTS_FILE)})
