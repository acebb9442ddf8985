"""One small audit through the real command, and everything that is asked of it; made once for all tests.

First it is interrupted while it trains; then one process goes on with it, repeats it, repeats it in a fresh
store, and changes one setting at a time. The same process runs what must be refused.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError, safe_open

REPOSITORY = Path(__file__).resolve().parents[2]
# A name that stands in every path of these runs, as a user's name does: it must not get out.
USER = "marianne-of-the-tests"
# Ctrl-C is pressed when a training run is this far: the VAE's, since the GAN's has ten steps alone.
ENOUGH_STEPS = 20
TINY = """\
run: {name: tiny}
data: {kind: sprites, images: 1800}
seeds: [0, 1]
classifier: {width: 8, hidden: 16, training: {steps: 20, evaluate_every: 20, patience: null}}
models:
  vae:
    {kind: vae, latent_dim: 2, network: mlp, warm_up_steps: 5,
     training: {steps: 800, batch_size: 16, evaluate_every: 400, checkpoint_every: 20, evaluation_images: 100}}
  gan: {kind: interpretable_gan, named: [shape, posX], free_dimensions: 1, warm_up_steps: 5, training: {steps: 10}}
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_moves_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, move_images: 16, use_images: 20, regret_steps: 2}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Commands:
    """Every command that was run, by a name, and the folder they were run in."""

    home: Path
    ended: dict[str, Ended]
    interrupted_at: dict[str, int]

    def run_folder(self, name: str) -> Path:
        """Returns the run folder that a command's last lines name."""
        line = next(line for line in self.ended[name].out.splitlines() if line.startswith("report: "))
        return (self.home / line.removeprefix("report: ")).parent


def command_environment(numba: Path) -> dict[str, str]:
    """Returns the environment of a newcomer: none of our variables, homes left to the command."""
    ours = ("LATENT_AUDIT_", "PREFECT_", "MLFLOW_", "NUMBA_", "COV_", "COVERAGE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # The compiled code of UMAP is the same in every store, and compiling it takes longer than all else here.
    return {**kept, "PYTHONPATH": str(REPOSITORY), "NUMBA_CACHE_DIR": str(numba)}


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Commands:
    home = tmp_path_factory.mktemp("audit") / USER
    home.mkdir()
    (home / "tiny.yaml").write_text(TINY)
    assert pytestconfig.cache is not None
    environment = command_environment(pytestconfig.cache.mkdir("numba"))
    first, steps = _interrupted(home, environment)
    asked = _asked(home)
    result = home / "results.json"
    subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.one_process", str(result)],
        input=json.dumps(list(asked.values())),
        cwd=home,
        env=environment,
        text=True,
        check=True,
        timeout=800,
    )
    ended = [Ended(**one) for one in json.loads(result.read_text())]
    return Commands(home, {"interrupted": first, **dict(zip(asked, ended, strict=True))}, steps)


def _asked(home: Path) -> dict[str, dict[str, Any]]:
    def words(*given: str, hash_seed: int = 1, largest_file: int = 0) -> dict[str, Any]:
        return {"words": ["run", *given], "hash_seed": hash_seed, "largest_file": largest_file}

    def bad(name: str, *given: str, largest_file: int = 0) -> dict[str, Any]:
        places = ("--run.name", name, "--run.output", "bad runs", "--compute.workers", "1")
        return words(*places, *given, largest_file=largest_file)

    _wrong_mirror(home / "mirror")
    folder = {"kind": "folder", "folder": "pictures", "table": "table.csv"}
    write_pictures(home, cut=(3,))
    return {
        "continued": words("tiny.yaml"),
        "repeated": words("tiny.yaml"),
        "afresh": words("tiny.yaml", "--run.store", "afresh", f"--run.output={home}/other", hash_seed=2),
        "owner": words("tiny.yaml", "--subject.owner", "Ada"),
        "one model": words("tiny.yaml", "--models.vae.warm_up_steps", "6"),
        "latent size": _latent_size(),
        "too few images": bad("few", "--data.images", "300"),
        "corrupt image": bad("corrupt", f"--data={json.dumps(folder)}"),
        "wrong checksum": bad("checksum", "--data.kind", "mnist", "--data.mirror", "mirror"),
        "full disk": bad("full", "--data.images", "60000", largest_file=32_000_000),
    }


def _latent_size() -> dict[str, Any]:
    places = ("--run.output", "sizes", "--latent_size.sizes", "[1, 2]", "--latent_size.folds", "2")
    words = ["latent-size", "tiny.yaml", *places, "--models.vae.training.steps", "60"]
    return {"words": words, "hash_seed": 1, "largest_file": 0}


def _interrupted(home: Path, environment: dict[str, str]) -> tuple[Ended, dict[str, int]]:
    """Presses Ctrl-C when training has written its first checkpoint; returns how far each training was."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.command", "run", "tiny.yaml"],
        cwd=home,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not any(step >= ENOUGH_STEPS for step in _steps(home).values()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "training did not begin"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    return Ended(process.returncode, out, err), _steps(home)


def _steps(home: Path) -> dict[str, int]:
    """Returns the step of each checkpoint, by the name of its folder."""
    found = {}
    for path in home.glob("artifacts/train/.work-*/training_state.safetensors"):
        try:
            with safe_open(path, framework="numpy") as file:
                found[path.parent.name] = json.loads(file.metadata()["facts"])["step"]
        except (OSError, SafetensorError):
            continue  # its training just ended
    return found


def write_pictures(home: Path, *, count: int = 120, cut: Sequence[int] = ()) -> None:
    """Writes small pictures and their table; those at `cut` end half way."""
    import numpy as np
    from PIL import Image

    folder = home / "pictures"
    folder.mkdir()
    rows = ["file,tall,grey"]
    random = np.random.default_rng(0)
    for index in range(count):
        path = folder / f"{index:03d}.png"
        Image.fromarray(random.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(path)
        rows.append(f"{path.name},{index % 2},{random.uniform():.4f}")
    for index in cut:
        path = folder / f"{index:03d}.png"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (home / "table.csv").write_text("\n".join(rows) + "\n")


def _wrong_mirror(mirror: Path) -> None:
    (mirror / "mnist").mkdir(parents=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (mirror / "mnist" / f"{part}-ubyte.gz").write_bytes(b"not the published file")
