"""Attribute: which pixels a dimension, an attribute or a discriminator decides by, and whether maps can be believed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tasks.analyses.attribution import explain_decoder, explain_pixels
from tasks.analyses.attribution_methods import (
    Depth,
    encoder_methods,
    grad_cam_method,
    integrated_method,
    last_convolution,
)
from tasks.analyses.attribution_record import Attribution, Subjects
from tasks.analyses.plain import to_plain
from tasks.arrays import reference, write_json
from tasks.encode import Codes, open_codes
from tasks.explain_gan import explain_gan
from tasks.fitness import informativeness
from tasks.prepare import Prepared, open_prepared
from tasks.records import Artifact
from tasks.settings import ExplanationSettings
from tasks.stage import Bench, Stage
from vae_models.checkpoints import load, load_classifier
from vae_models.interpretable_gan import InterpretableGan
from vae_models.model import Model

REFERENCE_IMAGES = 200


def compute(
    folder: Path,
    bench: Bench,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    fitness: Artifact,
    classifier: Artifact,
    depth: ExplanationSettings,
    seed: int,
) -> None:
    """Writes attributions.json, and gan.json for an InterpretableGAN."""
    data = open_prepared(prepared)
    codes = open_codes(encoded, data.parts)
    model = load(trained.path, bench.device)
    judge = load_classifier(classifier.path, bench.device)
    order = np.argsort(-informativeness(fitness), kind="stable")
    dimensions = np.sort(order[: depth.attribution_dimensions])
    shown = _Shown(data, depth, seed)
    bench.report(0, 3, {})
    found = list(_encoder_maps(model, codes, dimensions, shown))
    bench.report(1, 3, {})
    found += _decoder_maps(model, codes, dimensions, shown)
    bench.report(2, 3, {})
    found += _classifier_maps(judge, shown)
    write_json(
        folder / "attributions.json", [_record(folder, index, item) for index, item in enumerate(found)]
    )
    faithful = float(np.mean([bool(item.checks.faithful) for item in found]))
    metrics = {"attributions.faithful_share": faithful}
    if isinstance(model, InterpretableGan):
        gan = explain_gan(folder, model, judge, data, seed)
        write_json(folder / "gan.json", gan)
        metrics["contributions.largest_sum_error"] = gan["contributions"]["largest_sum_error"]
    write_json(folder / "summary.json", {"metrics": metrics})


ATTRIBUTE = Stage("attribute", "attributing", compute, on_device=True)


class _Shown:
    """The held-out images that are explained, and what explaining them needs."""

    def __init__(self, data: Prepared, settings: ExplanationSettings, seed: int) -> None:
        rows = data.rows("probe_test")
        place = np.random.default_rng(seed).choice(
            len(rows), min(settings.attribution_images, len(rows)), False
        )
        self.place = np.sort(place)
        self.images: NDArray[np.uint8] = np.asarray(data.data.images[rows[self.place]])
        self.masks = None if data.data.masks is None else np.asarray(data.data.masks[rows[self.place]])
        train = data.images("model_train")[:REFERENCE_IMAGES]
        self.reference = train.astype(np.float32) / 255
        # The mean image: no information, yet nothing that a model has never seen the like of.
        self.baseline = self.reference.mean(axis=0)
        self.depth = Depth(gradient_steps=settings.attribution_steps)
        self.seed = seed


def _means(module: nn.Module, images: Tensor) -> Tensor:
    return module.encode(images).mean  # type: ignore[operator]


def _decoded(module: nn.Module, latents: Tensor) -> Tensor:
    return module.decode(latents)  # type: ignore[operator]


def _responses(module: nn.Module, images: Tensor) -> Tensor:
    return module.responses(images)  # type: ignore[operator]


def _encoder_maps(
    model: Model, codes: Codes, dimensions: Sequence[int], shown: _Shown
) -> tuple[Attribution, ...]:
    assert isinstance(model, nn.Module)
    device = next(model.parameters()).device
    baseline = torch.from_numpy(shown.baseline).to(device)
    methods = encoder_methods(
        _means,
        list(dimensions),
        baseline,
        torch.from_numpy(shown.reference).to(device),
        shown.depth,
        shown.seed,
    )
    subjects = _subjects("encoder", codes, dimensions)
    return explain_pixels(
        model, _means, subjects, methods, shown.images, shown.baseline, shown.seed, shown.depth, shown.masks
    )


def _decoder_maps(
    model: Model, codes: Codes, dimensions: Sequence[int], shown: _Shown
) -> tuple[Attribution, ...]:
    assert isinstance(model, nn.Module)
    held_out = codes.of("probe_test")
    return explain_decoder(
        model,
        _decoded,
        _subjects("decoder", codes, dimensions),
        held_out[shown.place],
        held_out,
        shown.images,
        shown.seed,
        shown.depth,
        shown.masks,
    )


def _subjects(target: Any, codes: Codes, dimensions: Sequence[int]) -> Subjects:
    columns = tuple(int(dimension) for dimension in dimensions)
    return Subjects(target, columns, tuple(codes.names[column] for column in columns), columns)


def _classifier_maps(judge: Any, shown: _Shown) -> tuple[Attribution, ...]:
    """The first response of each attribute: enough to see whether the judge looks at the object."""
    columns = {name: int(column[0]) for name, column in judge.response_columns.items()}
    picked = list(columns.values())
    subjects = Subjects("classifier", tuple(picked), tuple(columns), (None,) * len(columns))
    device = next(judge.parameters()).device
    methods = [
        integrated_method(_responses, picked, torch.from_numpy(shown.baseline).to(device), shown.depth)
    ]
    layer = last_convolution(judge)
    if layer is not None:
        methods.append(grad_cam_method(_responses, picked, layer))
    return explain_pixels(
        judge,
        _responses,
        subjects,
        methods,
        shown.images,
        shown.baseline,
        shown.seed,
        shown.depth,
        shown.masks,
    )


def _record(folder: Path, index: int, item: Attribution) -> dict[str, Any]:
    arrays: Mapping[str, NDArray[Any]] = {
        "images": item.images,
        "maps": item.maps,
        "mean_map": item.mean_map,
        "spread_map": item.spread_map,
    }
    references = {
        name: reference(folder, f"attribution{index}_{name}", array) for name, array in arrays.items()
    }
    plain: dict[str, Any] = to_plain(item)
    return {**plain, **references}
