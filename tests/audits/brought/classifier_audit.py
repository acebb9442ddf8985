"""An audit of few images by a classifier of the user's own: numbers of a file, and a function that reads images."""

import json
from pathlib import Path

import yaml

from tests.audits import moments_model

SETTINGS = """\
run: {name: brought}
data: {kind: sprites, images: 220}
seeds: [0]
evidence: {permutations: 100, bootstraps: 100, null_directions_per_dimension: 20, boosting_iterations: 5,
  protected: [posX]}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, manipulation_images: 16,
  anomaly_images: 20, regret_steps: 2}
"""
# The place in the picture is that of the mass; a line takes pixels to the attribute's values.
READER = """
import json

import numpy as np


def make(lines):
    with open(lines) as file:
        fitted = json.load(file)

    def read(images):
        mass = np.asarray(images).mean(1)
        total = mass.sum((1, 2)) + 1e-6
        pixels = np.arange(mass.shape[-1])
        centre = {"posX": mass.sum(1) @ pixels / total, "posY": mass.sum(2) @ pixels / total}
        return {name: slope * centre[name] + start for name, (slope, start) in fitted.items()}

    return read


def make_nan(lines):
    return lambda images: {"posX": np.asarray(images).mean((1, 2, 3)), "posY": np.full(len(images), np.nan)}


def read_posX(images):
    return {"posX": np.asarray(images).mean((1, 2, 3))}
"""
LINES = {"posX": [0.0624, -0.469], "posY": [0.0618, -0.4545]}
CODE = "reader_of_place"


def write_brought_audit(home: Path) -> str:
    """Writes the user's code and brought.yaml below `home`; returns the settings file's name."""
    code = home / "own code"
    code.mkdir()
    (code / f"{CODE}.py").write_text(READER, encoding="utf-8")
    model = Path(moments_model.__file__).read_text(encoding="utf-8")
    (code / "own_moments.py").write_text(model, encoding="utf-8")
    (home / "lines.json").write_text(json.dumps(LINES), encoding="utf-8")
    settings = yaml.safe_load(SETTINGS)
    settings["classifier"] = {
        "entrypoint": f"{CODE}:make",
        "folder": str(code),
        "files": {"lines": str(home / "lines.json")},
    }
    settings["models"] = {
        "moments": {"kind": "entrypoint", "entrypoint": "own_moments:make", "folder": str(code)}
    }
    (home / "brought.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return "brought.yaml"
