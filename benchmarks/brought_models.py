"""Audits models as people bring them, from the command to the report, and holds seconds and memory against targets.

    python -m benchmarks.brought_models embedding        512 dimensions, no decoder, 10,000 images: 3 minutes
    python -m benchmarks.brought_models autoencoder_kl   codes 4x16x16 at 128 px, 3,000 images, 12 attributes:
                                                         15 minutes and 6 GiB, after some minutes of training

Models and images are made here. Exits with 3 if a target was missed.
"""

import argparse
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image

from benchmarks.measuring import temporary_folder
from benchmarks.starting import MISSED, run_environment

SIDE, IMAGES, STEPS = 128, 3000, 250
EMBEDDING = """
import torch
from torch import nn
from torchvision.models import resnet18

class Embedding(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.network = resnet18(weights=None)
        self.network.fc = nn.Identity()

    def forward(self, images):
        return self.network(images.expand(-1, 3, -1, -1))

def make():
    return Embedding().eval()
"""


@dataclass(frozen=True)
class Case:
    """What is made in a folder, which returns the settings, and the most seconds and bytes that its audit may take."""

    make: Callable[[Path], dict[str, Any]]
    seconds: float
    bytes: float


def embedding(home: Path) -> dict[str, Any]:
    """Returns the settings of an embedding of 512 dimensions, whose code is written below `home`."""
    (home / "embedding_code.py").write_text(EMBEDDING, encoding="utf-8")
    model = {"kind": "entrypoint", "entrypoint": "embedding_code:make", "folder": str(home), "decodes": False}
    return {"data": {"kind": "sprites", "images": 10_000}, "models": {"embedding": model}, "seeds": [0]}


def autoencoder_kl(home: Path) -> dict[str, Any]:
    """Returns the settings of an AutoencoderKL that is trained here on images with twelve attributes."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    images = _scenes(home)
    torch.manual_seed(0)
    widths = (16, 32, 64, 64)
    model = AutoencoderKL(
        in_channels=3, out_channels=3, block_out_channels=widths, norm_num_groups=8, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1,
    )  # fmt: skip
    parameters = sum(weights.numel() for weights in model.parameters())
    print(f"AutoencoderKL of {parameters:,} parameters", flush=True)
    assert parameters >= 500_000
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    generator = torch.Generator().manual_seed(0)
    for step in range(STEPS):
        chosen = torch.randint(len(images), (8,), generator=generator)
        batch = torch.from_numpy(images[chosen.numpy()]).permute(0, 3, 1, 2).float() / 127.5 - 1
        with torch.autocast("cpu", dtype=torch.bfloat16):
            posterior = model.encode(batch).latent_dist
            rebuilt = model.decode(posterior.sample(generator)).sample
        loss = (rebuilt.float() - batch).abs().mean() + 1e-6 * posterior.kl().float().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            print(f"  step {step}: {loss.item():.4f}", flush=True)
    model.save_pretrained(home / "kl")
    data = {
        "kind": "folder",
        "folder": str(home / "scenes"),
        "table": str(home / "scenes.csv"),
        "image_size": SIDE,
    }
    return {"data": data, "models": {"kl": {"kind": "diffusers", "path": str(home / "kl")}}, "seeds": [0]}


def _scenes(home: Path) -> np.ndarray:
    """Writes scenes of a disc and a bar on a ground, and their table; returns them uint8 (n, h, w, 3)."""
    rng = np.random.default_rng(0)
    (home / "scenes").mkdir()
    names = (
        "x",
        "y",
        "radius",
        "red",
        "green",
        "blue",
        "ground",
        "slope",
        "bar",
        "bar_width",
        "bar_grey",
        "noise",
    )
    values = rng.random((IMAGES, len(names)))
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    images = np.zeros((IMAGES, SIDE, SIDE, 3), np.uint8)
    rows = [",".join(("file", *names))]
    for k, (x, y, radius, red, green, blue, ground, slope, bar, width, grey, noise) in enumerate(values):
        scene = np.repeat((0.2 + 0.5 * ground + 0.3 * slope * (down - 0.5))[..., None], 3, axis=2)
        scene[np.abs(across - bar) < 0.02 + 0.05 * width] = grey
        inside = (across - 0.2 - 0.6 * x) ** 2 + (down - 0.2 - 0.6 * y) ** 2 < (0.08 + 0.12 * radius) ** 2
        scene[inside] = (red, green, blue)
        scene += 0.05 * noise * rng.normal(size=scene.shape)
        images[k] = (255 * scene.clip(0, 1)).astype(np.uint8)
        Image.fromarray(images[k]).save(home / "scenes" / f"{k:04d}.png", compress_level=1)
        rows.append(",".join((f"{k:04d}.png", *(f"{value:.5f}" for value in values[k]))))
    (home / "scenes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return images


CASES = {
    "embedding": Case(embedding, 180, 6 * 2**30),
    "autoencoder_kl": Case(autoencoder_kl, 900, 6 * 2**30),
}


def main(words: list[str] | None = None) -> int:
    """Makes one case, audits it by the command, and prints seconds and peak memory of all its processes.

    On a machine with other work the processor seconds say more than the seconds.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.brought_models",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("case", choices=list(CASES))
    case = CASES[parser.parse_args(words).case]
    home = temporary_folder()
    settings = case.make(home)
    (home / "settings.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    before, started = os.getloadavg()[0], time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "latent_audit.flows.cli.main", "run", "settings.yaml"],
        cwd=home,
        env={**run_environment(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    watch = _Memory(process.pid)
    watch.start()
    code = process.wait()
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{seconds:.0f} s (at most {case.seconds:.0f}), {used.ru_utime + used.ru_stime:.0f} processor seconds, "
        f"{watch.peak / 2**30:.2f} GiB, exit code {code}; load before {before:.1f}, after {os.getloadavg()[0]:.1f}"
    )
    if code:
        return 1
    return MISSED if seconds > case.seconds or watch.peak > case.bytes else 0


class _Memory(threading.Thread):
    """Looks every half second at the resident memory of a process and all that it started."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peak = root, 0

    def run(self) -> None:
        """Ends with the process."""
        while Path(f"/proc/{self.root}").exists():
            self.peak = max(self.peak, sum(_resident(pid) for pid in _family(self.root)))
            time.sleep(0.5)


def _family(root: int) -> set[int]:
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            )
        except (OSError, ValueError, IndexError):
            continue
    found, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return found


def _resident(pid: int) -> int:
    """Returns the bytes of a process, what it shares with others divided among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    sys.exit(main())
