"""Files of a model or a classifier that was trained elsewhere: kept beside what rebuilds it, and described."""

import shutil
from pathlib import Path
from typing import Any

from latent_audit.tasks.storage.data_files import ModelFiles

# Where files that it cannot be rebuilt without are kept, below the artifact.
GIVEN = Path("given")


def keep(files: ModelFiles, folder: Path) -> dict[str, Path]:
    """Copies the files into an artifact's folder and returns their places below it, by setting."""
    kept = {name: GIVEN / f"{name}{path.suffix}" for name, path in files.places.items()}
    for name, place in kept.items():
        (folder / place).parent.mkdir(exist_ok=True)
        shutil.copyfile(files.places[name], folder / place)
    return kept


def described(files: ModelFiles) -> list[dict[str, Any]]:
    """Returns setting, name, size in bytes and SHA-256 of each file."""
    return [
        {"setting": name, "name": path.name, "bytes": path.stat().st_size, "sha256": files.sha256[name]}
        for name, path in files.places.items()
    ]
