"""An audit of one attribute of two classes, by one model of one latent dimension and one seed."""

from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from tests.audits.tiny_audit import SMALLEST

IMAGES = 1800


def write_one_of_each(home: Path) -> str:
    """Writes images, a table of one column and one.yaml below `home`; returns the settings file's name."""
    folder = home / "one"
    folder.mkdir()
    random = np.random.default_rng(0)
    bright = random.integers(0, 2, IMAGES)
    for index, value in enumerate(bright):
        pixels = random.integers(0, 60, (16, 16)) + 150 * value
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{index:04d}.png", compress_level=1)
    rows = [f"{index:04d}.png,{'yes' if value else 'no'}" for index, value in enumerate(bright)]
    (home / "one.csv").write_text("\n".join(["file,bright", *rows]) + "\n")
    settings = yaml.safe_load(SMALLEST)
    settings["run"]["name"] = "one of each"
    settings["data"] = {
        "kind": "folder", "folder": "one", "table": "one.csv", "image_size": 32, "channels": 1
    }  # fmt: skip
    settings["models"]["vae"]["latent_dim"] = 1
    (home / "one.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return "one.yaml"
