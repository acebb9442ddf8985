"""How fast evidence is: permutation tests and MIG beside loops over scikit-learn, and a whole check C.

    python benchmarks/evidence_speed.py [--rounds 5]

Rounds are interleaved (ours, loop, ours, loop, ...) in one process, and medians are compared; both sides give the
same numbers, which is checked. A loop is timed on a stated share of its work and scaled up, because the whole would
take a minute a round. Permutations and MIG run on one core, check C on all that torch takes.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tasks.environment import ALLOCATOR  # noqa: E402

if not ALLOCATOR.items() <= os.environ.items():
    # As our workers run: glibc reads these once, at launch.
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})

import numpy as np  # noqa: E402
import torch  # noqa: E402
from sklearn.metrics import mutual_info_score  # noqa: E402

from tasks.analyses import intervention  # noqa: E402
from tasks.analyses.association import standardised, step_down_p_values  # noqa: E402
from tasks.analyses.classifier_gate import Gate  # noqa: E402
from tasks.analyses.information_scores import factor_information_nats, histogram_bins, mig  # noqa: E402
from tasks.analyses.mutual_information import permuted_information_nats  # noqa: E402
from tasks.datasets.sprites import SpritesSettings  # noqa: E402
from vae_models.attribute_classifier import AttributeClassifierSettings  # noqa: E402
from vae_models.beta_vae import VaeSettings  # noqa: E402
from vae_models.inference import classify_images, decode_latents, encode_images  # noqa: E402
from vae_models.presets import build  # noqa: E402
from vae_models.targets import fit_targets  # noqa: E402

SPRITE_FACTORS = (3, 6, 40, 32, 32)


@dataclass(frozen=True)
class Row:
    """One measured thing: seconds by side, what the limit is, and what the loop's seconds were scaled by."""

    name: str
    ours: list[float]
    loop: list[float]
    scale: float
    limit_seconds: float


def permutation_tests(rounds: int, permutations: int = 1000, looped: int = 5) -> Row:
    """Returns 1,000 max-T permutations of 10 dimensions x 5 attributes at n = 10,000, beside scikit-learn's loop."""
    rng = np.random.default_rng(0)
    binned = rng.integers(20, size=(10_000, 10))
    levels = np.stack([rng.integers(k, size=10_000) for k in (3, 6, 10, 10, 10)], axis=1)

    def ours() -> object:
        found = permuted_information_nats(levels, binned, 20, permutations, np.random.default_rng(1))
        return found[: looped + 1], step_down_p_values(standardised(found))

    def loop() -> object:
        shuffles = np.random.default_rng(1)
        orders = [np.arange(10_000), *(shuffles.permutation(10_000) for _ in range(looped))]
        return np.array(
            [
                [[mutual_info_score(levels[order, k], binned[:, j]) for j in range(10)] for k in range(5)]
                for order in orders
            ]
        )

    np.testing.assert_allclose(ours()[0], loop(), atol=1e-10)  # type: ignore[index]
    return Row(
        "1,000 max-T permutations", *_timed(rounds, ours, loop), (permutations + 1) / (looped + 1), 1.0
    )


def information_gap(rounds: int, looped: int = 2) -> Row:
    """Returns MIG on 737,280 codes of 10 dimensions and 5 factors, beside scikit-learn's loop."""
    rng = np.random.default_rng(0)
    factors = np.stack(np.unravel_index(np.arange(737_280), SPRITE_FACTORS), axis=1)
    codes = (factors @ rng.normal(size=(5, 10)) / 10 + rng.normal(size=(737_280, 10))).astype(np.float32)

    def loop() -> object:
        return np.array(
            [
                [mutual_info_score(factors[:, k], histogram_bins(codes[:, j])) for k in range(5)]
                for j in range(looped)
            ]
        )

    np.testing.assert_allclose(factor_information_nats(codes[:, :looped], factors), loop(), atol=1e-10)
    return Row("MIG, 737,280 x 10 x 5", *_timed(rounds, lambda: mig(codes, factors), loop), 10 / looped, 0.3)


def check_c(rounds: int) -> Row:
    """Returns check C of the 64x64 Burgess network: 10 dimensions, 7 doses, 256 sprites, every attribute, nulls."""
    with tempfile.TemporaryDirectory() as folder:
        data = SpritesSettings(image_size=64, images=2000).load(Path(folder), Path(folder), seed=0)
    targets = fit_targets(data.attributes, data.values)
    judge = build(AttributeClassifierSettings(), (1, 64, 64), targets, seed=0)
    model, untrained = (build(VaeSettings(latent_dim=10), (1, 64, 64), (), seed) for seed in (0, 1))
    for module in (judge, model, untrained):
        module.to(memory_format=torch.channels_last)  # type: ignore[union-attr]  # as loaded models are
    codes = encode_images(model, data.images)[0]
    gates = [Gate(a.name, "passed", "R2", 1.0, 0.5, "") for a in data.attributes]

    def ours() -> object:
        return intervention.compute(
            data.attributes,
            codes[:256],
            codes,
            lambda latents: decode_latents(model, latents),
            lambda images: classify_images(judge, images),
            judge.response_columns,
            gates,
            list(range(len(data.attributes))),
            range(10),
            0,
            untrained_decode=lambda latents: decode_latents(untrained, latents),
            resamples=1000,
        )

    return Row("check C, 10 x 7 x 256", _timed(rounds, ours)[0], [], 1.0, 20.0)


def _timed(rounds: int, *sides: Callable[[], object]) -> tuple[list[float], list[float]]:
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side, found in zip(sides, seconds, strict=False):
            started = time.perf_counter()
            side()
            found.append(time.perf_counter() - started)
    return seconds


def _spread(seconds: list[float], scale: float = 1.0) -> str:
    middle, least, most = (scale * f(seconds) for f in (statistics.median, min, max))
    return f"{middle:.3g} ({least:.3g} to {most:.3g})"


def main() -> None:
    """Prints a table: ours, the loop, their ratio, and the limit; fails where a limit is passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    rounds = parser.parse_args().rounds
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, numpy {np.__version__}, ",
        end="",
    )
    print(f"torch {torch.__version__} on {torch.get_num_threads()} threads, {rounds} rounds; median seconds")
    passed = True
    for measure in (permutation_tests, information_gap, check_c):
        row = measure(rounds)
        middle = statistics.median(row.ours)
        passed &= middle <= row.limit_seconds
        ratio = (
            f", {row.scale * statistics.median(row.loop) / middle:.0f} times as fast as" if row.loop else ""
        )
        loop = (
            f" a loop over scikit-learn {_spread(row.loop, row.scale)} (scaled by {row.scale:.3g})"
            if row.loop
            else ""
        )
        print(f"{row.name}: {_spread(row.ours)}, limit {row.limit_seconds:g}{ratio}{loop}", flush=True)
    raise SystemExit(0 if passed else "a limit was passed")


if __name__ == "__main__":
    main()
