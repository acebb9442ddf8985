"""Measures the attribution maps of this project beside Captum's own, on one encoder, in one run.

Both compute the same maps of all latent dimensions; the difference of their results is printed beside the ratio
of their times (median over rounds, the two taking turns, one thread).
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from captum.attr import IntegratedGradients, Occlusion
from torch import Tensor, nn

from tasks.analyses.attribution_maps import integrated_gradients, occlusion
from tasks.analyses.entrance import find_entrance
from vae_models.networks import build_encoder, initialise_for_relu

SIZE = 32
WINDOW, STRIDE = 5, 3


def measure(
    ours: Callable[[], Tensor], theirs: Callable[[], Tensor], rounds: int
) -> tuple[float, float, float]:
    """Returns seconds of ours and of Captum's (medians), and the largest difference of their maps."""
    times: tuple[list[float], list[float]] = ([], [])
    difference = 0.0
    for _ in range(rounds):
        maps = []
        for seconds, compute in zip(times, (ours, theirs), strict=True):
            start = time.process_time()
            maps.append(compute())
            seconds.append(time.process_time() - start)
        difference = float((maps[0] - maps[1]).abs().max())
    return statistics.median(times[0]), statistics.median(times[1]), difference


def compared(
    encoder: nn.Module, images: Tensor, columns: range, steps: int
) -> dict[str, tuple[Callable[[], Tensor], Callable[[], Tensor]]]:
    """Returns ours and Captum's maps (n, columns, c, h, w), to be called, by method."""
    baseline = images.mean(0)
    whole = baseline.unsqueeze(0)
    integrated, occluded = IntegratedGradients(encoder), Occlusion(encoder)

    def by_captum(attribute: Callable[[int], Tensor]) -> Tensor:
        return torch.stack([attribute(column).detach() for column in columns], dim=1)

    def our_gradients() -> Tensor:
        entrance = find_entrance(encoder, encoder, images[:2])
        return integrated_gradients(encoder, images, baseline, columns, steps, entrance=entrance)

    def captums_gradients(column: int) -> Tensor:
        return integrated.attribute(images, whole, target=column, n_steps=steps, internal_batch_size=256)

    def captums_occlusion(column: int) -> Tensor:
        square, strides = (1, WINDOW, WINDOW), (1, STRIDE, STRIDE)
        return occluded.attribute(images, square, strides=strides, baselines=whole, target=column)

    return {
        "IntegratedGradients": (our_gradients, lambda: by_captum(captums_gradients)),
        "Occlusion": (
            lambda: occlusion(encoder, images, baseline, columns, WINDOW, STRIDE),
            lambda: by_captum(captums_occlusion),
        ),
    }


def main() -> None:
    """Prints a line for each method: seconds, ratio, and the largest difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--dimensions", type=int, default=10)
    parser.add_argument("--steps", type=int, default=24, help="steps of integrated gradients")
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoder = build_encoder("burgess", (1, SIZE, SIZE), words.dimensions).eval().requires_grad_(False)
    initialise_for_relu(encoder)
    images = torch.rand((words.images, 1, SIZE, SIZE))
    methods = compared(encoder, images, range(words.dimensions), words.steps)
    rows = {name: measure(ours, theirs, words.rounds) for name, (ours, theirs) in methods.items()}
    print(
        f"{words.images} images, {words.dimensions} dimensions, seconds of one core, medians of {words.rounds}"
    )
    for name, (ours, theirs, difference) in rows.items():
        print(
            f"{name:20} here {ours:8.3f}  Captum {theirs:8.3f}  ratio {theirs / ours:6.2f}  "
            f"largest difference {difference:.1e}"
        )


if __name__ == "__main__":
    main()
