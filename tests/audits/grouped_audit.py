"""An audit of a user's own folder whose images are of persons, of unequally many images each, and lack some values."""

from pathlib import Path

import numpy as np
from PIL import Image

PERSONS = 320
IMAGES_AT_MOST = 10
MISSING = 0.1
SETTINGS = """\
run: {name: grouped, output: grouped runs}
data:
  {kind: folder, folder: persons, table: persons.csv, name: persons, image_size: 16, channels: 1, groups: person,
   on_missing: keep}
seeds: [0]
classifier: {width: 8, hidden: 16, training: {steps: 150, evaluate_every: 150, patience: null}}
models:
  vae:
    {kind: vae, latent_dim: 2, network: mlp, warm_up_steps: 5,
     training: {steps: 150, batch_size: 16, evaluate_every: 50, checkpoint_every: 50, evaluation_images: 100}}
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_directions_per_dimension: 20,
  boosting_iterations: 5, must_not_hold: [sex]}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3,
  manipulation_images: 16, anomaly_images: 20, regret_steps: 2}
"""


def write_grouped_audit(home: Path) -> str:
    """Writes pictures, table and settings below `home`; returns the settings' name.

    A person has one sex, which decides how bright the square is; its size is another in each image. A tenth of the
    cells of the table are empty.
    """
    random = np.random.default_rng(0)
    folder = home / "persons"
    folder.mkdir()
    rows = ["file,person,sex,size"]
    for person in range(PERSONS):
        sex = person % 2
        for image in range(1 + person * 7 % IMAGES_AT_MOST):
            name, side = f"{person:03d}-{image}.png", int(random.integers(4, 14))
            left, top = (int(random.integers(0, 17 - side)) for _ in range(2))
            picture = np.zeros((16, 16), np.uint8)
            picture[top : top + side, left : left + side] = (110 if sex else 200) + random.integers(40)
            Image.fromarray(picture).save(folder / name)
            cells = "fm"[sex], f"{side + random.uniform(-0.4, 0.4):.2f}"
            given = ("" if random.random() < MISSING else cell for cell in cells)
            rows.append(f"{name},p{person:03d},{','.join(given)}")
    (home / "persons.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (home / "grouped.yaml").write_text(SETTINGS, encoding="utf-8")
    return "grouped.yaml"
