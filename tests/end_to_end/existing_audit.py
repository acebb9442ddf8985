"""An audit of two models that were trained elsewhere: the published beta-VAE of dSprites, and a user's own code."""

from pathlib import Path

import yaml

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "existing_model.yaml"
SMALL = """\
run: {name: small}
data: {kind: sprites, images: 1800, image_size: 64}
seeds: [0, 1, 2]
classifier: {width: 8, hidden: 16, training: {steps: 20, evaluate_every: 20, patience: null}}
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_moves_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, move_images: 16, use_images: 20, regret_steps: 2}
"""
OWN = """
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
"""


def write_existing_audit(home: Path, real_data: Path) -> str:
    """Writes the user's code and existing.yaml below `home`; returns the settings file's name."""
    (home / "code").mkdir()
    (home / "code" / "own_four.py").write_text(OWN)
    settings = yaml.safe_load(SMALL)
    published = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["models"]["beta_vae"]
    published["path"] = str(real_data / "checkpoints" / "betaH_dsprites" / "model.pt")
    own = {"kind": "entrypoint", "entrypoint": "own_four:make", "folder": str(home / "code")}
    settings["models"] = {"published": published, "own": own}
    (home / "existing.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return "existing.yaml"
