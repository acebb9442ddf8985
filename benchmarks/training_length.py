"""Models of the default job as they are set, beside longer trainings whose steps keep their size: the same seeds, one
core each. Says what each reads or rebuilds of held-out sprites, and the seconds that it took.

    python -m benchmarks.training_length --seeds 5
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.measuring import estimate_text, temporary_folder
from benchmarks.starting import compute_as_a_worker
from latent_audit.tasks.analyses.checks.comparison import mean_over_seeds
from latent_audit.tasks.analyses.scores import classifier_scores
from latent_audit.tasks.datasets.images.image_set import ImageSet
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.execution.devices import available_cores
from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import Target, fit_targets
from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.named_reading import named_layout, named_responses, response_columns
from latent_audit.vae_models.evaluation import evaluate
from latent_audit.vae_models.inference import classify_images, encode_images
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.model import Model, Trainable
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.settings import TrainingSettings

HELD_OUT = 3000


def steady(steps: int) -> TrainingSettings:
    """Returns a training of that many steps at a constant learning rate."""
    return TrainingSettings(steps=steps, learning_rate_decay=0.0)


Settings = VaeSettings | BetaVaeSettings | InterpretableGanSettings | AttributeClassifierSettings
SIDES: dict[str, Settings] = {
    "vae": VaeSettings(),
    "vae, steady": VaeSettings(learning_rate=1e-3, training=steady(2000)),
    "beta_vae": BetaVaeSettings(),
    "beta_vae, steady": BetaVaeSettings(learning_rate=1e-3, training=steady(2000)),
    "interpretable_gan": InterpretableGanSettings(),
    "interpretable_gan, steady": InterpretableGanSettings(
        warm_up_steps=800, generator_learning_rate=1.5e-3, average_decay=0.995, training=steady(1800)
    ),
    "classifier": AttributeClassifierSettings(),
    "classifier, steady": AttributeClassifierSettings(training=steady(2000)),
}


class Found(NamedTuple):
    """What one training gave: seconds, and figures by name (nats, or a score of a named attribute)."""

    seconds: float
    figures: dict[str, float]


@cache
def sprites() -> ImageSet:
    """Returns as many sprites as the default job trains a model on, and the held-out ones before them."""
    folder = temporary_folder()
    return SpritesSettings(images=22_000 + HELD_OUT).load(folder, folder, 0, lambda *_: None)


def measure(name: str, seed: int, images: int | None) -> Found:
    """Trains one side with one seed, on fewer images where told so, and looks at the held-out ones."""
    torch.set_num_threads(1)
    settings, data = SIDES[name], sprites()
    rows = slice(HELD_OUT, None if images is None else HELD_OUT + images)
    targets = fit_targets(data.attributes, data.values[rows])
    model = build(settings, data.images.shape[1:], targets, seed)
    assert isinstance(model, Trainable)
    started = time.monotonic()
    train(
        model, data.images[rows], data.values[rows], data.images[:1000], settings.training, seed, "cpu", None,
        lambda _: None, lambda: False, data.values[:1000],
    )  # fmt: skip
    seconds = time.monotonic() - started
    if isinstance(settings, AttributeClassifierSettings):
        assert isinstance(model, AttributeClassifier)
        responses = classify_images(model, data.images[:HELD_OUT])
        return Found(seconds, _scores(data, responses, model.response_columns, targets, seed))
    assert isinstance(model, Model)
    figures = _nats(model, data, settings.beta if isinstance(settings, BetaVaeSettings) else 1.0)
    layout = named_layout(model)
    if layout is not None:
        responses = named_responses(model, encode_images(model, data.images[:HELD_OUT])[0])
        figures |= _scores(data, responses, response_columns(layout), targets, seed)
    return Found(seconds, figures)


def _nats(model: Model, data: ImageSet, beta: float) -> dict[str, float]:
    nats = evaluate(model, data.images[:HELD_OUT])
    assert nats.reconstruction_nats is not None  # all of them have decoders
    rebuilt = float(nats.reconstruction_nats.mean())
    if nats.kl_nats is None:
        return {"reconstruction": rebuilt}
    kl = float(nats.kl_nats.sum(1).mean())
    return {"reconstruction": rebuilt, "KL": kl, "objective": rebuilt + beta * kl}


def _scores(
    data: ImageSet,
    responses: NDArray[np.float32],
    columns: Mapping[str, tuple[int, ...]],
    targets: Sequence[Target],
    seed: int,
) -> dict[str, float]:
    scale = {target.name: (target.mean, target.std) for target in targets}
    values = data.values[:HELD_OUT]
    scores = classifier_scores.compute(data.attributes, values, responses, columns, scale, seed)
    return {score.attribute: score.estimate.value for score in scores}


def main(words: Sequence[str] | None = None) -> None:
    """Prints each training as it ends, then means over seeds."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training_length",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seeds", type=int, default=3, help="training seeds of each side (default %(default)s)"
    )
    parser.add_argument("--sides", nargs="*", choices=list(SIDES), help="which sides; all by default")
    parser.add_argument("--images", type=int, help="train on that many images only")
    given = parser.parse_args(words)
    if words is None:
        compute_as_a_worker()
    names = given.sides or list(SIDES)
    # Seeds outside, sides inside: what slows the machine for a while slows all of them.
    jobs = [(name, seed) for seed in range(given.seeds) for name in names]
    results: dict[str, list[Found]] = {name: [] for name in names}
    with ProcessPoolExecutor(available_cores(), mp_context=get_context("spawn")) as pool:
        running = [pool.submit(measure, name, seed, given.images) for name, seed in jobs]
        for (name, seed), future in zip(jobs, running, strict=True):
            found = future.result()
            results[name].append(found)
            print(f"  {name}, seed {seed}: {found.seconds:.0f} s", file=sys.stderr, flush=True)
    print(table(results))


def table(results: dict[str, list[Found]]) -> str:
    """Returns means over seeds with 95 % intervals by Student's t, as Markdown."""
    lines = [
        "| model | seconds | held-out sprites: nats, balanced accuracy of shape, R2 of the rest |",
        "|---|---|---|",
    ]
    for name, found in results.items():
        figures = [
            f"{figure} {estimate_text(mean_over_seeds([one.figures[figure] for one in found]))}"
            for figure in found[0].figures
        ]
        seconds = np.mean([one.seconds for one in found])
        lines.append(f"| {name} | {seconds:.0f} | {', '.join(figures)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
