"""How well each model separates the attributes of sprites, at equal steps, over seeds: what docs/reference-results.md
claims. Each model and seed is one file below --folder, and a stopped training goes on from its last checkpoint.

    python -m benchmarks.model_family --steps 30000 --table docs/reference-results.md
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter

from benchmarks.measuring import estimate_text, temporary_folder
from latent_audit.tasks.analyses.checks.comparison import difference_of_means, mean_over_seeds
from latent_audit.tasks.analyses.scores import classifier_scores
from latent_audit.tasks.analyses.scores.factor_levels import factor_levels
from latent_audit.tasks.analyses.scores.information_scores import mig
from latent_audit.tasks.datasets.sprites import ATTRIBUTES, SpritesSettings
from latent_audit.vae_models.attribute_classifier.targets import fit_targets
from latent_audit.vae_models.building import build
from latent_audit.vae_models.components.named_reading import named_layout, named_responses, response_columns
from latent_audit.vae_models.evaluation import evaluate
from latent_audit.vae_models.inference import encode_images
from latent_audit.vae_models.model import TrainableModel
from latent_audit.vae_models.presets.presets import ModelSettings
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.results import Progress

# Models, by the name in the table. Capacity and warm-up are shares of the steps.
MODELS: dict[str, dict[str, Any]] = {
    "vae": {"kind": "vae"},
    "beta_vae (4)": {"kind": "beta_vae", "beta": 4.0},
    "annealed_vae (25, 100)": {"kind": "annealed_vae", "capacity_nats": 25.0, "gamma": 100.0},
    "beta_tc_vae (6)": {"kind": "beta_tc_vae", "beta": 6.0},
    # Chosen on seeds of their own, 10 and 11, among gammas of 6.4 to 70 (Kim & Mnih 2018 tried 10 to 100).
    "factor_vae (20)": {"kind": "factor_vae", "gamma": 20.0, "discriminator_learning_rate": 5e-4},
    "attribute_vae": {"kind": "attribute_vae", "free_dimensions": 2},
    "interpretable_gan": {
        "kind": "interpretable_gan",
        "free_dimensions": 2,
        "gradient_penalty_every": 8,
        "penalised_share": 1.0,
        "learnt_share": 1.0,
        "generator_learning_rate": 1.5e-3,
        "average_decay": 0.995,
    },
}
# As in published recipes, steps keep their size.
LEARNING_RATE = 1e-3
COMPARED = ("beta_tc_vae (6)", "factor_vae (20)")
MARK = "<!-- measured: benchmarks/model_family.py writes what follows -->"


def main(words: Sequence[str] | None = None) -> None:
    """Trains what is not there yet, then prints the table, and writes it where --table says."""
    options = _options(words)
    torch.set_num_threads(options.threads)
    options.folder.mkdir(parents=True, exist_ok=True)
    # Not below --folder, where another process of this benchmark may be reading its own.
    workspace = temporary_folder()
    space = SpritesSettings(images=options.images).load(workspace, workspace, 0, lambda *_: None)
    names = options.models or list(MODELS)
    for seed in range(options.seeds):
        for name in names:
            place = options.folder / f"{name.split(' ')[0]}-seed{seed}-{options.steps}.json"
            if not place.exists():
                found = measure(name, seed, space.images, space.values, options)
                place.with_suffix(".part").write_text(json.dumps(found, indent=1), encoding="utf-8")
                place.with_suffix(".part").replace(place)
    results = {
        name: [
            json.loads(
                (options.folder / f"{name.split(' ')[0]}-seed{seed}-{options.steps}.json").read_text(
                    encoding="utf-8"
                )
            )
            for seed in range(options.seeds)
        ]
        for name in names
    }
    text = table(results, options)
    print(text)
    if options.table is not None:
        kept = options.table.read_text(encoding="utf-8").split(MARK)[0]
        options.table.write_text(f"{kept}{MARK}\n\n{text}", encoding="utf-8")


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=30_000, help="optimiser steps of every model")
    parser.add_argument("--seeds", type=int, default=3, help="training seeds of every model")
    parser.add_argument("--images", type=int, default=40_000, help="sprites 32x32, held-out ones included")
    parser.add_argument("--held-out", type=int, default=3000, help="sprites that everything is measured on")
    parser.add_argument("--models", nargs="*", choices=list(MODELS), help="which models; all by default")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", "1")))
    parser.add_argument(
        "--folder", type=Path, default=Path("artifacts/model_family"), help="where results are kept"
    )
    parser.add_argument("--table", type=Path, help="document whose measured part is written anew")
    return parser.parse_args(words)


def measure(
    name: str, seed: int, images: np.ndarray, values: np.ndarray, options: argparse.Namespace
) -> dict[str, Any]:
    """Returns figures of one model on held-out sprites: nats, MIG, and R2 or accuracy of named attributes."""
    rest = options.held_out
    held_out, held_values = images[:rest], values[:rest]
    images, values = images[rest:], values[rest:]
    steps = options.steps
    training = {
        "steps": steps,
        "learning_rate_decay": 0.0,
        "evaluate_every": max(1, steps // 20),
        "checkpoint_every": max(1, steps // 20),
    }
    given = MODELS[name] | {"training": training}
    if given["kind"] != "interpretable_gan":
        given["learning_rate"] = LEARNING_RATE
    if given["kind"] == "annealed_vae":
        given["capacity_steps"] = max(1, steps * 3 // 4)
    else:
        given["warm_up_steps"] = min(500, steps // 4)
    targets = fit_targets(ATTRIBUTES, values)
    settings = TypeAdapter(ModelSettings).validate_python(given)
    model = build(settings, images.shape[1:], targets, seed)
    assert isinstance(model, TrainableModel)
    assert not isinstance(settings, ExistingModelSettings)
    started = time.monotonic()
    work = options.folder / f"work-{name.split(' ')[0]}-seed{seed}-{steps}"

    def say(progress: Progress) -> None:
        line = f"\r{name} seed {seed}: {progress.step}/{steps}, {progress.images_per_second:.0f} images/s "
        print(line, end="", file=sys.stderr)

    result = train(
        model, images, values, held_out[:1000], settings.training, seed, options.device, work, say,
        lambda: False, held_values[:1000],
    )  # fmt: skip
    codes = encode_images(model, held_out)[0]
    nats = evaluate(model, held_out)
    assert nats.reconstruction_nats is not None  # all of them have decoders
    found: dict[str, Any] = {
        "steps": result.steps,
        "seconds": time.monotonic() - started,
        "mig": mig(codes, factor_levels(ATTRIBUTES, values, held_values)).score,
        "reconstruction_nats": float(nats.reconstruction_nats.mean()),
        "kl_nats": None if nats.kl_nats is None else float(nats.kl_nats.sum(1).mean()),
        "named": None,
    }
    layout = named_layout(model)
    if layout is not None:
        scale = {target.name: (target.mean, target.std) for target in targets}
        responses = named_responses(model, codes)
        scores = classifier_scores.compute(
            ATTRIBUTES, held_values, responses, response_columns(layout), scale, seed
        )
        found["named"] = {score.attribute: score.estimate.value for score in scores}
    return found


def table(results: Mapping[str, Sequence[Mapping[str, Any]]], options: argparse.Namespace) -> str:
    """Returns means over seeds with 95 % intervals as Markdown, and what the comparison with the VAE is."""
    seconds = [row["seconds"] for rows in results.values() for row in rows]
    lines = [
        f"{options.images:,} sprites 32x32 ({options.held_out:,} held out), {options.steps:,} steps of 64 images, "
        f"{options.seeds} seeds, on {options.device}; mean training time {np.mean(seconds):,.0f} s, in all "
        f"{np.sum(seconds) / 3600:.1f} h. 95 % intervals by Student's t over seeds.",
        "",
        "| model | MIG | reconstruction, nats | KL, nats | named attributes, mean score |",
        "|---|---|---|---|---|",
    ]
    for name, rows in results.items():
        named = [
            None if row["named"] is None else float(np.mean(list(row["named"].values()))) for row in rows
        ]
        cells = [_mean([row[key] for row in rows]) for key in ("mig", "reconstruction_nats", "kl_nats")]
        lines.append(f"| {name} | {' | '.join(cells)} | {_mean(named)} |")
    lines += ["", *_named_lines(results)]
    if "vae" in results:
        plain = [row["mig"] for row in results["vae"]]
        for name in COMPARED:
            if name in results:
                difference = difference_of_means([row["mig"] for row in results[name]], plain)
                lines.append(f"- MIG of {name} less that of vae: {estimate_text(difference)} (Welch).")
    return "\n".join(lines) + "\n"


def _named_lines(results: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    lines = []
    for name, rows in results.items():
        if rows[0]["named"] is not None:
            each = ", ".join(
                f"{key} {_mean([row['named'][key] for row in rows])}" for key in rows[0]["named"]
            )
            lines.append(f"- {name}, held-out attributes read from the dimensions named after them: {each}.")
    return lines


def _mean(numbers: Sequence[float | None]) -> str:
    known = [number for number in numbers if number is not None]
    return "–" if not known else estimate_text(mean_over_seeds(known))


if __name__ == "__main__":
    main()
