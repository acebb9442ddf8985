"""An audit of four models that were trained elsewhere: the published beta-VAE of dSprites, and a user's own code:
an untrained network, one that hides its gradients and returns other things than it should, and one without torch.
"""

from pathlib import Path

import yaml

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "existing_model.yaml"
SMALL = """\
run: {name: small}
data: {kind: sprites, images: 900, image_size: 64}
seeds: [0, 1, 2]
classifier: {width: 8, hidden: 16, training: {steps: 20, evaluate_every: 20, patience: null}}
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_directions_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, manipulation_images: 16,
  anomaly_images: 20, regret_steps: 2}
"""
OWN = """
import numpy
import torch
from torch import nn

class Four(nn.Module):  # four numbers, and back
    def __init__(self):
        super().__init__()
        self.towards = nn.Conv2d(1, 4, 64)
        self.back = nn.Linear(4, 64 * 64)

    def encode(self, images):
        return self.towards(images).flatten(1)

    def decode(self, codes):
        return self.back(codes).sigmoid().view(-1, 1, 64, 64)

def make():
    torch.manual_seed(0)
    return Four()

class Frozen(Four):  # without gradients, with standard deviations for log variances, and with logits for pixels
    @torch.no_grad()
    def encode(self, images):
        means = super().encode(images)
        return means, torch.full_like(means, 0.2)

    @torch.no_grad()
    def decode(self, codes):
        return 60 * self.back(codes).view(-1, 1, 64, 64)

def make_frozen():
    torch.manual_seed(0)
    return Frozen()

class Moments:  # two numbers an image, and a square at that place: no torch weights, and no torch on the way
    def __init__(self):
        self.grid = numpy.arange(64, dtype="float32") / 63 - 0.5

    def encode(self, images):
        mass = images.numpy()[:, 0]
        total = mass.sum((1, 2)).clip(1e-6)
        return torch.from_numpy(4 * numpy.stack([mass.sum(1) @ self.grid, mass.sum(2) @ self.grid], 1) / total[:, None])

    def decode(self, codes):
        x, y = codes.numpy()[:, :, None, None].swapaxes(0, 1) / 4
        near = (abs(self.grid[None, None] - x) < 0.08) & (abs(self.grid[None, :, None] - y) < 0.08)
        return torch.from_numpy(near.astype("float32"))[:, None]

def make_moments():
    return Moments()
"""


def write_existing_audit(home: Path, real_data: Path) -> str:
    """Writes the user's code and existing.yaml below `home`; returns the settings file's name."""
    (home / "code").mkdir()
    (home / "code" / "own_four.py").write_text(OWN)
    settings = yaml.safe_load(SMALL)
    published = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["models"]["beta_vae"]
    published["path"] = str(real_data / "checkpoints" / "betaH_dsprites" / "model.pt")
    own = {
        name: {"kind": "entrypoint", "entrypoint": f"own_four:{function}", "folder": str(home / "code")}
        for name, function in (("own", "make"), ("frozen", "make_frozen"), ("moments", "make_moments"))
    }
    settings["models"] = {"published": published, **own}
    (home / "existing.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return "existing.yaml"
