"""A new user: the wheel in an environment of its own, a home that is empty, a folder with own images and settings.

LATENT_AUDIT_STORY_PYTHON names the Python, else it is the tests' own. Packages are those of requirements.lock; with
LATENT_AUDIT_STORY_NEWEST set, the newest that pyproject.toml allows.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.audits.tiny_audit import REPOSITORY
from tests.left_behind import CHAOS_HOME

PYTHON = "LATENT_AUDIT_STORY_PYTHON"
NEWEST = "LATENT_AUDIT_STORY_NEWEST"
# What a shell of the tests has and a new user's does not: our variables, those of the engines, other Pythons.
OURS = (
    "LATENT_AUDIT_",
    "PREFECT_",
    "MLFLOW_",
    "NUMBA_",
    "MPL",
    "COV_",
    "COVERAGE",
    "PYTHON",
    "VIRTUAL_ENV",
    "XDG_",
)
IMAGES = 1800
SETTINGS = """\
run: {name: klein}
data: {kind: folder, folder: Meine Bilder, table: Meine Etiketten.csv, image_size: 32, channels: 1}
seeds: [0]
classifier: {width: 8, hidden: 16, training: {steps: 60}}
models: {vae: {kind: vae, latent_dim: 2, network: mlp, training: {steps: 150, batch_size: 32, evaluation_images: 100}}}
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_directions_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, manipulation_images: 16,
  anomaly_images: 20, regret_steps: 2}
"""


@dataclass(frozen=True)
class Newcomer:
    """Where a new user works, and the environment of their shell; `programs` holds what was installed."""

    folder: Path
    programs: Path
    environment: dict[str, str]

    @property
    def command(self) -> str:
        """The installed latent-audit."""
        return str(self.programs / "latent-audit")

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Returns how any program ended in the user's folder."""
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def audit(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Returns how latent-audit ended; no word of it may be a traceback or a warning of a package."""
        ended = self.run(self.command, *words)
        assert not [
            sign for sign in ("Traceback", "Warning", str(REPOSITORY)) if sign in ended.stdout + ended.stderr
        ], ended
        return ended

    def done(self, *words: str) -> str:
        """Returns what a latent-audit command printed that ended with 0."""
        ended = self.audit(*words)
        assert ended.returncode == 0, ended
        return ended.stdout


def arrive(place: Path) -> Newcomer:
    """Builds the wheel, installs it below `place`, and makes the user's home and folder there."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    assert uv is not None
    folder, home, installed = place / "Größe und Form", place / "home", place / "installed"
    folder.mkdir()
    home.mkdir()

    def run(*words: str | Path) -> None:
        ended = subprocess.run(
            [uv, *words], cwd=place, capture_output=True, text=True, check=False, timeout=900
        )
        assert ended.returncode == 0, ended.stderr

    run("build", "-q", "--wheel", "--out-dir", place / "wheel", REPOSITORY)
    (wheel,) = (place / "wheel").glob("*.whl")
    run("venv", "-q", "--python", os.environ.get(PYTHON, sys.executable), installed)
    into = ("pip", "install", "-q", "--python", installed)
    if os.environ.get(NEWEST):
        run(*into, "--upgrade", "--refresh", wheel)
    else:
        run(*into, "-r", REPOSITORY / "requirements.lock")
        run(*into, "--no-deps", wheel)
    write_images(folder)
    (folder / "klein.yaml").write_text(SETTINGS, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    path = f"{installed / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return Newcomer(
        folder, installed / "bin", {**kept, "HOME": str(home), "PATH": path, CHAOS_HOME: str(folder)}
    )


def write_images(folder: Path) -> None:
    """Writes bars of some length, upright or level, and a table of both in the folder's own words."""
    random = np.random.default_rng(0)
    (folder / "Meine Bilder").mkdir()
    rows = ["file,Größe,Form"]
    for number in range(IMAGES):
        size, upright = int(random.integers(4, 15)), bool(random.integers(2))
        pixels = random.integers(0, 40, (32, 32), dtype=np.uint8)
        bar = pixels[16 - size : 16 + size, 12:20] if upright else pixels[12:20, 16 - size : 16 + size]
        bar += 200
        name = f"Bild {number:04d} für mich.png"
        Image.fromarray(pixels).save(folder / "Meine Bilder" / name, compress_level=1)
        rows.append(f"{name},{size + random.uniform(-0.3, 0.3):.3f},{'hoch' if upright else 'breit'}")
    (folder / "Meine Etiketten.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
