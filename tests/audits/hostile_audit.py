"""An audit of a user's own images in which every name that a user gives tries to be something else."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from tests.audits.tiny_audit import SMALLEST

ATTRIBUTES = (
    "</script><script>alert(1)</script>",
    "two\nlines {{ 7*7 }} {% raw %} $\\frac{a}{b}$ & <b>",
    "\u202eright to left\u202c" + "n" * 10_000,
)
# Of three images alone, so it is set aside; and a table that is read in an encoding that is found out. Both are told
# to whoever runs the audit, before anything is trained.
RARE = "rare\x1b[2J\nwhole: 9 files are as they were sealed"
TABLE = "table\x1b[2J\nwhole: 9 files are as they were sealed.csv"
CLASSES = ('"><img src=x onerror=alert(1)>', "'; DROP TABLE runs; --")
MODEL = "<svg onload=alert(2)> ../../../etc/passwd %00"
RUN = "../../</title><script>alert(3)</script>"
TITLE = "<!--</title></style><script>alert(4)</script> {{ config }}"
IMAGES = 1720


def write_hostile_audit(home: Path) -> str:
    """Writes `hostile pictures`, their table and hostile.yaml below `home`; returns the settings file's name."""
    folder = home / "hostile pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    with (home / TABLE).open("w", newline="", encoding="utf-16") as stream:
        table = csv.writer(stream)
        table.writerow(["file", *ATTRIBUTES, RARE])
        for index in range(IMAGES):
            left, bright, wide = random.integers(0, 2), random.integers(90, 256), random.integers(0, 2)
            picture = np.zeros((32, 32), dtype=np.uint8)
            picture[8:24, (2 if left else 18) :][:, : 12 if wide else 6] = bright
            name = f"<b onclick=alert(5)> {index} '&quot;.png"
            Image.fromarray(picture).save(folder / name)
            table.writerow([name, CLASSES[left], bright, int(wide), int(index % 600 == 7)])
    settings: dict[str, Any] = yaml.safe_load(SMALLEST)
    settings["run"] = {"name": RUN, "output": "hostile runs"}
    settings["subject"] = {"title": TITLE, "owner": CLASSES[0], "intended_use": ATTRIBUTES[1]}
    settings["data"] = {
        "kind": "folder", "folder": folder.name, "table": TABLE, "name": TITLE, "licence": CLASSES[1],
        "image_size": 32, "channels": 1,
    }  # fmt: skip
    settings["models"] = {MODEL: settings["models"]["vae"]}
    (home / "hostile.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return "hostile.yaml"
