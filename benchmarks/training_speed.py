"""How fast we train the 64x64 Burgess VAE, beside pythae's own trainer on the same network and images.

    python benchmarks/training_speed.py --pythae-python /path/to/venv-with-pythae/bin/python

Rounds are interleaved (ours, pythae, ours, pythae, ...), each in a fresh process, and medians are compared.
Both sides get their best settings of those tried in every round: ours as one process on all cores and as one
single-threaded process a core (images of all processes counted, first start to last end of the timed
steps); pythae's as its trainer comes, once on all cores and once on one. Start-up, imports and the first
steps are left out for both. The ratio is ours / pythae.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
BATCH = 64
WARM_UP_SHARE = 0.1
# glibc reads these once, at launch, so they must stand in a child's environment before it starts. Without
# them it hands the memory of every step back to the kernel.
MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "268435456",
}


def ours(images_file: Path, seed: int) -> dict[str, float | str]:
    """Returns start and end (seconds, system-wide clock) and images of our training loop after warming up."""
    sys.path.insert(0, str(ROOT))
    import torch

    from vae_models.beta_vae import VaeSettings
    from vae_models.presets import build
    from vae_models.training import train
    from vae_models.training_records import Progress
    from vae_models.training_settings import TrainingSettings

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    images = np.load(images_file, mmap_mode="r")
    steps = len(images) // BATCH
    warm_up = max(1, int(WARM_UP_SHARE * steps))
    settings = TrainingSettings(steps=steps, batch_size=BATCH, evaluate_every=steps, checkpoint_every=steps)
    model = build(VaeSettings(warm_up_steps=0, training=settings), (1, 64, 64), (), seed=seed)
    started: list[float] = []
    ended: list[float] = []
    calls = 0

    def count_steps() -> bool:
        nonlocal calls  # asked before every step
        if calls == warm_up:
            started.append(time.monotonic())
        calls += 1
        return False

    def note_end(progress: Progress) -> None:
        if progress.step == steps:
            ended.append(time.monotonic())

    train(model, images, None, images[:1], settings, seed, "cpu", None, note_end, count_steps)
    return {"start": started[0], "end": ended[0], "images": float((steps - warm_up) * BATCH)}


def pythae(images_file: Path, seed: int) -> dict[str, float | str]:
    """Returns the same of pythae's BaseTrainer, its loop as it comes, on the same architecture."""
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from torch import nn

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            for channels in (1, 32, 32, 32):
                layers += [nn.Conv2d(channels, 32, 4, stride=2, padding=1), nn.ReLU()]
            layers += [nn.Flatten(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU()]
            self.layers = nn.Sequential(*layers)
            self.mean, self.log_variance = nn.Linear(256, 10), nn.Linear(256, 10)

        def forward(self, x: torch.Tensor) -> ModelOutput:
            features = self.layers(x)
            return ModelOutput(embedding=self.mean(features), log_covariance=self.log_variance(features))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = [nn.Linear(10, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU()]
            layers += [nn.Linear(256, 512), nn.ReLU(), nn.Unflatten(1, (32, 4, 4))]
            for channels in (32, 32, 32):
                layers += [nn.ConvTranspose2d(32, channels, 4, stride=2, padding=1), nn.ReLU()]
            layers += [nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1), nn.Sigmoid()]
            self.layers = nn.Sequential(*layers)

        def forward(self, z: torch.Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.layers(z))

    class Timed(BaseTrainer):
        def train_step(self, epoch: int) -> float:
            """Each epoch by pythae's own step; the clock starts after the first, which warms up."""
            if epoch == 2:
                marks["start"] = time.monotonic()
            loss = super().train_step(epoch)
            marks["end"] = time.monotonic()
            return loss

    marks: dict[str, float] = {}
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(seed)
    images = torch.from_numpy(np.load(images_file)).float() / 255
    first = max(BATCH, int(WARM_UP_SHARE * len(images)) // BATCH * BATCH)
    config = VAEConfig(input_dim=(1, 64, 64), latent_dim=10, reconstruction_loss="bce")
    model = VAE(config, Encoder(), Decoder())
    parameters = sum(p.numel() for p in model.parameters())
    assert parameters == 502_005, (
        f"pythae's side has {parameters} parameters, not the Burgess network's 502,005"
    )

    class FirstShort(torch.utils.data.Sampler):
        """A short first epoch, then the whole data."""

        epochs = 0

        def __iter__(self):  # type: ignore[no-untyped-def]
            self.epochs += 1
            return iter(torch.randperm(first if self.epochs == 1 else len(images)).tolist())

        def __len__(self) -> int:
            return len(images)

    with tempfile.TemporaryDirectory() as folder:
        trainer_config = BaseTrainerConfig(
            output_dir=folder, num_epochs=2, learning_rate=1e-3, per_device_train_batch_size=BATCH,
            per_device_eval_batch_size=BATCH, no_cuda=True, seed=seed,
        )  # fmt: skip
        trainer = Timed(
            model, train_dataset=BaseDataset(images, torch.zeros(len(images))), training_config=trainer_config
        )
        loader = trainer.train_loader
        trainer.train_loader = torch.utils.data.DataLoader(
            loader.dataset, batch_size=BATCH, sampler=FirstShort(), collate_fn=loader.collate_fn,
            num_workers=loader.num_workers, drop_last=loader.drop_last,
        )  # fmt: skip
        trainer.train()
    return {"start": marks["start"], "end": marks["end"], "images": float(len(images))}


def render(images_file: Path, count: int) -> None:
    """Writes `count` sprites 64x64 of random classes."""
    sys.path.insert(0, str(ROOT))
    from tasks.datasets import sprites

    random = np.random.default_rng(0)
    classes = np.stack([random.integers(0, size, count) for size in sprites.FACTOR_SIZES], 1)
    np.save(images_file, sprites.render(classes, image_size=64))


def launch(
    python: str, side: str, images_file: Path, threads: int, core: int | None, seed: int, malloc: bool
) -> subprocess.Popen[str]:
    """Starts a child that runs one side; pinned to `core` unless None."""
    environment = dict(os.environ) | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    environment |= MALLOC if malloc else {}
    command = [
        python,
        str(Path(__file__).resolve()),
        "--side",
        side,
        "--data",
        str(images_file),
        "--seed",
        str(seed),
    ]

    def pin() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=pin
    )


def images_per_second(children: list[subprocess.Popen[str]]) -> float:
    """Returns images of all children a second, from the first start to the last end; stops on an error."""
    records = []
    for child in children:
        output, errors = child.communicate()
        if child.returncode:
            sys.exit(f"a side failed:\n{errors[-3000:]}")
        records.append(json.loads(output.strip().splitlines()[-1]))
    span = max(r["end"] for r in records) - min(r["start"] for r in records)
    return sum(r["images"] for r in records) / span


def measure(arguments: argparse.Namespace, images_file: Path) -> dict[str, list[float]]:
    """Returns images/s of every round, by way of running."""
    cores = sorted(os.sched_getaffinity(0))[: arguments.cores]
    many, python, peer = len(cores), sys.executable, arguments.pythae_python
    ways = {
        "ours, one process a core": lambda: [
            launch(python, "ours", images_file, 1, core, seed, True) for seed, core in enumerate(cores)
        ],
        "ours, one process on all cores": lambda: [launch(python, "ours", images_file, many, None, 0, True)],
        "pythae, on all cores": lambda: [launch(peer, "pythae", images_file, many, None, 0, False)],
        "pythae, on one core": lambda: [launch(peer, "pythae", images_file, 1, None, 0, False)],
    }
    if arguments.malloc_for_both:
        ways["pythae, on all cores, our malloc settings"] = lambda: [
            launch(peer, "pythae", images_file, many, None, 0, True)
        ]
    rounds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(arguments.rounds):
        for way, start in ways.items():
            rounds[way].append(images_per_second(start()))
            print(
                f"round {number + 1}/{arguments.rounds}  {way:45s} {rounds[way][-1]:7.0f} images/s",
                flush=True,
            )
    return rounds


def describe(arguments: argparse.Namespace, rounds: dict[str, list[float]]) -> None:
    """Prints machine, versions, medians with their spread, and the ratio."""
    import torch

    model_names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    ask = "import importlib.metadata as m; print(m.version('pythae'), m.version('torch'))"
    answer = subprocess.run([arguments.pythae_python, "-c", ask], capture_output=True, text=True, check=True)
    peer = answer.stdout.split()
    print(
        f"\nmachine: {model_names[0] if model_names else platform.processor()}, {arguments.cores} cores used"
    )
    print(
        f"versions: Python {platform.python_version()}, ours torch {torch.__version__} (latent-audit {_version()})"
    )
    print(f"          pythae {peer[0]}, torch {peer[1]}")
    print(
        f"64x64 Burgess VAE, 502,005 parameters, batch {BATCH}, {arguments.images:,} sprites a process and round"
    )
    for way, speeds in rounds.items():
        spread = f"{min(speeds):.0f} to {max(speeds):.0f}"
        print(f"{way:45s} median {statistics.median(speeds):7.0f} images/s  ({spread}, n = {len(speeds)})")
    medians = {way: statistics.median(speeds) for way, speeds in rounds.items()}
    best = {side: max(m for way, m in medians.items() if way.startswith(side)) for side in ("ours", "pythae")}
    print(f"\nratio of the best medians, ours / pythae: {best['ours'] / best['pythae']:.2f}")


def _version() -> str:
    try:
        return metadata.version("latent-audit")
    except metadata.PackageNotFoundError:
        return "source tree"


def main() -> None:
    """Runs the comparison, or one side of it when started as a child."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds")
    parser.add_argument(
        "--images", type=int, default=19_200, help="sprites, one pass over them a process and round"
    )
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)), help="cores to use")
    parser.add_argument("--pythae-python", default=sys.executable, help="Python that can import pythae")
    parser.add_argument(
        "--malloc-for-both",
        action="store_true",
        help="also run pythae with the malloc settings that ours has",
    )
    parser.add_argument("--side", choices=("ours", "pythae"), help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps((ours if arguments.side == "ours" else pythae)(arguments.data, arguments.seed)))
        return
    with tempfile.TemporaryDirectory() as folder:
        images_file = Path(folder) / "sprites.npy"
        render(images_file, arguments.images)
        describe(arguments, measure(arguments, images_file))


if __name__ == "__main__":
    main()
