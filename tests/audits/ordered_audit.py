"""An audit of a folder, its table sorted by class or in random order, with an encoder and a decoder that are known.

Each quarter of a picture is one number: the first says the class, the second a tone, the third whether it is lit, the
fourth nothing. The encoder reads these numbers, the decoder paints them.
"""

from pathlib import Path

import numpy as np
import yaml
from PIL import Image

CODE = """
import torch
from torch import nn

class Quarters(nn.Module):
    def __init__(self):
        super().__init__()
        masks = torch.zeros(4, 32, 32)
        for place, (top, left) in enumerate([(0, 0), (0, 16), (16, 0), (16, 16)]):
            masks[place, top:top + 16, left:left + 16] = 1.0
        self.read = nn.Linear(32 * 32, 4)
        self.paint = nn.Linear(4, 32 * 32)
        with torch.no_grad():
            self.read.weight.copy_(masks.flatten(1) * 6.0 / 256.0)
            self.read.bias.fill_(-3.0)
            self.paint.weight.copy_(masks.flatten(1).T / 6.0)
            self.paint.bias.fill_(0.5)

    def encode(self, images):
        return self.read(images.flatten(1))

    def decode(self, codes):
        return self.paint(codes).view(-1, 1, 32, 32).clamp(0.0, 1.0)

def make():
    return Quarters()
"""
SETTINGS = """\
data: {kind: folder, folder: quarters, types: {lit: binary, kind: categorical}, image_size: 32, channels: 1}
seeds: [0]
models: {quarters: {kind: entrypoint, entrypoint: quarters:make, folder: quarters_code}}
"""
# For 1,500 images: shares that give each part what it needs, and every limit at 200.
SMALL = """\
splits: {model_train: 0.16, classifier_train: 0.44, probe_fit: 0.2, probe_test: 0.2}
classifier: {width: 8, hidden: 16, training: {steps: 150, evaluate_every: 50, patience: null}}
evidence: {permutations: 200, bootstraps: 200, probe_images: 200, boosting_images: 200, predictor_images: 200,
  pca_images: 200, gate_images: 200, null_directions_per_dimension: 20, boosting_iterations: 5}
explanations: {depth: quick, projection_images: 200, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, manipulation_images: 16,
  anomaly_images: 20, regret_steps: 2,
  application_images: 200, distance_images: 200, memorisation_images: 200, memorisation_held_out_images: 200,
  reference_images: 200, discriminator_images: 200, attention_images: 200, uncertainty_images: 200, label_images: 200}
"""
ORDERS = ("sorted", "shuffled")


def write_ordered_audits(home: Path, images: int, *, small: bool) -> dict[str, str]:
    """Writes pictures, code, two tables and two settings files below `home`; returns the files by order.

    small: what takes time is little, and no limit above 200; else settings are the default ones.
    """
    rng = np.random.default_rng(0)
    (home / "quarters").mkdir()
    (home / "quarters_code").mkdir()
    (home / "quarters_code" / "quarters.py").write_text(CODE)
    kind = np.repeat(np.arange(3), images // 3)
    tone, lit = rng.uniform(-1, 1, len(kind)), np.where(kind == 2, 0, rng.integers(2, size=len(kind)))
    numbers = np.stack(
        [0.2 + 0.3 * kind, 0.5 + 0.3 * tone, 0.3 + 0.4 * lit, rng.uniform(0.2, 0.8, len(kind))], 1
    )
    numbers += rng.normal(0, 0.03, numbers.shape)
    rows = []
    for index, quarters in enumerate(numbers):
        pixels = np.kron(quarters.reshape(2, 2), np.ones((16, 16))) + rng.normal(0, 0.02, (32, 32))
        name = f"{index:05d}.png"
        Image.fromarray((pixels.clip(0, 1) * 255).round().astype(np.uint8)).save(home / "quarters" / name)
        rows.append(f"{name},{'abc'[kind[index]]},{tone[index]:.4f},{['no', 'yes'][lit[index]]}")
    orders = {"sorted": np.arange(len(rows)), "shuffled": rng.permutation(len(rows))}
    for order, places in orders.items():
        table = home / f"{order}.csv"
        table.write_text("\n".join(["file,kind,tone,lit", *(rows[place] for place in places)]) + "\n")
        settings = yaml.safe_load(SETTINGS + SMALL if small else SETTINGS)
        settings["run"] = {"name": order}
        settings["data"]["table"] = table.name
        (home / f"{order}.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return {order: f"{order}.yaml" for order in ORDERS}
