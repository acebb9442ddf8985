"""How fast attribution maps are beside Captum's own, on one encoder and one core.

    python -m benchmarks.attribution_speed

Both compute the same maps of all latent dimensions; the difference of their results is stated beside the ratio of
their times.
"""

import argparse
import sys
from collections.abc import Callable

import torch
from captum.attr import IntegratedGradients, Occlusion
from torch import Tensor, nn

from benchmarks.limits import Work, measure_limits
from benchmarks.measuring import interleaved, seconds_of, spread
from benchmarks.operations import counted
from benchmarks.results import Row, Section
from benchmarks.starting import options, perform
from latent_audit.tasks.analyses.attributions.attribution_maps import integrated_gradients, occlusion
from latent_audit.tasks.analyses.attributions.input_layer import find_entrance
from latent_audit.vae_models.components.networks import build_encoder, initialise_for_relu

SIZE = 32
WINDOW, STRIDE = 5, 3
PROMISED = {"IntegratedGradients": 1.8, "Occlusion": 10.0}
Maps = Callable[[], Tensor]


def compared(encoder: nn.Module, images: Tensor, columns: range, steps: int) -> dict[str, tuple[Maps, Maps]]:
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


def floors(encoder: nn.Module, images: int, columns: int, steps: int) -> dict[str, Work]:
    """Returns the least operations that such maps need.

    IntegratedGradients: one forward pass an image and step, and one back for each dimension, which costs about as
    much again. Occlusion: one forward pass an image and position.
    """
    once = counted(lambda: encoder(torch.zeros(1, 1, SIZE, SIZE)))
    positions = (1 + -(-(SIZE - WINDOW) // STRIDE)) ** 2
    return {
        "IntegratedGradients": Work(operations=once * images * steps * (1 + columns)),
        "Occlusion": Work(operations=once * images * positions),
    }


def measure(given: argparse.Namespace) -> Section:
    """Returns seconds of ours and of Captum's maps, and how far the maps differ."""
    images, dimensions, steps = (4, 2, 4) if given.quick else (given.images, given.dimensions, given.steps)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    limits = measure_limits(1, given.quick)
    encoder = build_encoder("burgess", (1, SIZE, SIZE), dimensions).eval().requires_grad_(False)
    initialise_for_relu(encoder)
    pixels = torch.rand((images, 1, SIZE, SIZE))
    works = floors(encoder, images, dimensions, steps)
    rows, notes = [], [limits.described()]
    for name, (ours, theirs) in compared(encoder, pixels, range(dimensions), steps).items():
        notes.append(f"{name}: largest difference of the maps {float((ours() - theirs()).abs().max()):.1e}")
        sides = {
            "ours": lambda ours=ours: seconds_of(ours),
            "Captum": lambda theirs=theirs: seconds_of(theirs),
        }
        found = {side: spread(times) for side, times in interleaved(sides, given.rounds, f"{name}, ").items()}
        share = limits.floor_seconds(works[name]) / found["ours"].median
        rows.append(Row(name, "ours", "s", found["ours"], floor=works[name].stated(), share=share))
        times = found["Captum"].median / found["ours"].median
        rows.append(Row(name, "Captum", "s", found["Captum"], times=times, least_times=PROMISED[name]))
    return Section(
        title="Attributions",
        setting=f"Maps of {dimensions} latent dimensions for {images} images of {SIZE}x{SIZE} by the Burgess encoder, "
        f"{steps} steps of integrated gradients, one core, {given.rounds} rounds in turns "
        "(`python -m benchmarks.attribution_speed`).",
        rows=tuple(rows),
        notes=tuple(notes),
    )


def main() -> int:
    """Runs the comparison."""
    parser = options(__doc__, rounds=5)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--dimensions", type=int, default=10)
    parser.add_argument("--steps", type=int, default=24, help="steps of integrated gradients")
    return perform("attribution", parser, measure)


if __name__ == "__main__":
    sys.exit(main())
