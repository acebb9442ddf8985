"""An audit of a user's own folder, with a table as people write them and data as they have them."""

from pathlib import Path

import numpy as np
from PIL import Image

IMAGES = 1800
RARE = "glasses"
COPIES = 3  # images that are the same as the first
COLUMNS = ("size (mm)", "acc@5", "a/b", "50% left", "émotion 😀", RARE)
# The one below, and one that sees less.
TWO_CLASSIFIERS = [
    {"width": width, "hidden": 16, "training": {"steps": 60, "evaluate_every": 60, "patience": None}}
    for width in (8, 2)
]
# The classifier once more, with a posterior over its weights.
UNCERTAIN = {"weights": "last", "draws": 20, "images": 50, "map_images": 2}
# What else is trained or fitted beside the model, by the settings of explanations.
BESIDE = {
    "augmented_cnn": {"images": 40, "repeats": 3, "steps": 5, "generated": 20, "held_out_images": 60},
    "mixture": {"components": [1, 3], "iterations": 5, "fitted_images": 200, "images": 40, "draws": 20},
    "leave_out": {"attribute": "émotion 😀", "value": "sad", "images": 150, "shown": 4},
}
SETTINGS = """\
run: {{name: own, output: own runs}}
data:
  {{kind: folder, folder: own pictures, table: own labels.csv, name: own, image_size: 21, channels: 1}}
seeds: [0]
classifier: {{width: 8, hidden: 16, training: {{steps: 60, evaluate_every: 60, patience: null}}}}
models:
  vae:
    {{kind: vae, latent_dim: 2, warm_up_steps: 5,
     training: {{steps: 40, batch_size: 16, evaluate_every: 20, checkpoint_every: 20, evaluation_images: 100}}}}
evidence: {{permutations: 100, bootstraps: 100, probe_images: 200, null_directions_per_dimension: 20,
  boosting_iterations: 5, subgroup_by: {rare}}}
explanations: {{depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, manipulation_images: 16,
  anomaly_images: 20, regret_steps: 2}}
"""


def write_own_audit(home: Path) -> str:
    """Writes pictures, table and settings below `home`; returns the settings' name.

    Squares on a transparent ground, one of them not square as an image; one attribute too rare to test, one class of
    another with a single image, a length and the same rounded.
    """
    random = np.random.default_rng(0)
    folder = home / "own pictures" / "größe"
    folder.mkdir(parents=True)
    rows = []
    for number in range(IMAGES):
        side, left, bright = int(random.integers(4, 16)), number % 2, number // 2 % 3
        image = Image.new("LA", (84, 21) if number == 9 else (21, 21), (0, 0))
        place = (0 if left else 5, number % 5)
        image.paste((60 * bright + number % 59, 255), (*place, place[0] + side, place[1] + side))
        image.putpixel((20, 20), (number % 251, 255))
        image.putpixel((19, 20), (number // 251, 255))
        image.save(folder / f"{number:04d}.png")
        if 0 < number < COPIES:
            (folder / f"{number:04d}.png").write_bytes((folder / "0000.png").read_bytes())
        size = side + random.uniform(-0.4, 0.4)
        kind = "odd" if number == 77 else ("round", "flat")[number // 6 % 2]
        face = ("happy", "sad", "calm")[bright]
        name = f"own pictures\\größe\\{number:04d}"
        cells = (
            name,
            f"{size:.2f}".replace(".", ","),
            left,
            kind,
            bright + 1,
            face,
            "yes" if number % 400 == 3 else "no",
        )
        rows.append(";".join(map(str, cells)))
    (home / "own pictures" / "._0000.png").write_bytes(b"left by a system")
    header = ";".join(("Image ID", *COLUMNS))
    (home / "own labels.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-16")
    (home / "own.yaml").write_text(SETTINGS.format(rare=RARE), encoding="utf-8")
    return "own.yaml"
