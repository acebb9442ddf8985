"""A copy of the project's sources that a test may change."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Folders of sources. The first four are linked from the last, which is the package that is imported.
ROOMS = ("flows", "tasks", "vae_models", "reports", "latent_audit")


def copy_sources(folder: Path) -> None:
    """Copies all rooms into a folder, links as links; with it on the path, the copy is imported.

    What Python compiled of them goes along: files keep their times, so it is used for all that a test does not change.
    """
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, symlinks=True)
