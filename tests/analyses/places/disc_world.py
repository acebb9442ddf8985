"""An encoder and a decoder that are formulas: white discs, encoded by their centre of mass and area."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import without_noise
from latent_audit.tasks.analyses.places import ladder
from latent_audit.tasks.analyses.places.rules import where
from latent_audit.tasks.analyses.selftest.place_audit import LIMITS, SIZES
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import verbatim

Floats = NDArray[np.float64]
Codes = NDArray[np.float32]
SIDE, IMAGES = 24, 2400
ATTRIBUTES = tuple(Attribute(name, "continuous") for name in ("x", "y", "area"))
GRID = np.arange(SIDE) + 0.5


def draw(factors: Floats) -> NDArray[np.float32]:
    """Returns discs (n, 1, side, side) with smooth edges, of centres and areas (n, 3) in pixels."""
    x, y, area = factors[:, 0, None, None], factors[:, 1, None, None], factors[:, 2, None, None]
    distance = np.sqrt((GRID[None, None, :] - x) ** 2 + (GRID[None, :, None] - y) ** 2)
    radius = np.sqrt(np.maximum(area, 1.0) / np.pi)
    return np.clip(radius - distance + 0.5, 0.0, 1.0).astype(np.float32)[:, None]


def encode(images: NDArray[np.float32]) -> Floats:
    """Returns centre of mass and area (n, 3) in pixels."""
    weights = images[:, 0].astype(np.float64)
    area = np.maximum(weights.sum(axis=(1, 2)), 1e-6)
    x = (weights.sum(axis=1) * GRID).sum(axis=1) / area
    y = (weights.sum(axis=2) * GRID).sum(axis=1) / area
    return np.stack([x, y, area], axis=1)


def factors(rng: np.random.Generator) -> Floats:
    return np.stack(
        [rng.uniform(8, 16, IMAGES), rng.uniform(8, 16, IMAGES), rng.uniform(15, 80, IMAGES)], axis=1
    )


def places_of_discs(
    to_codes: Callable[[Floats], Floats], to_factors: Callable[[Floats], Floats], seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Returns the place of each attribute in a code that is a function of centre and area, standardised.

    to_codes: from standardised factors (n, 3) to codes; to_factors: what the decoder makes of codes.
    """
    values = factors(np.random.default_rng(seed))
    mean, spread = values.mean(axis=0), values.std(axis=0)
    codes = to_codes((encode(draw(values)) - mean) / spread).astype(np.float32)

    def decode(latents: Codes) -> NDArray[np.float32]:
        return draw(np.asarray(to_factors(latents.astype(np.float64))) * spread + mean)

    def respond(images: NDArray[np.float32]) -> NDArray[np.float32]:
        return ((encode(images) - mean) / spread).astype(np.float32)

    return places(codes, values, decode, respond, seed)


def places(
    codes: Codes,
    values: Floats,
    decode: Callable[[Codes], NDArray[np.float32]],
    respond: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    seed: int,
) -> dict[str, dict[str, Any]]:
    fit, test = np.array_split(np.arange(len(codes)), 2)
    dimensions = range(codes.shape[1])
    readings = respond(decode(codes[test]))
    truth = (values[test] - values[fit].mean(axis=0)) / values[fit].std(axis=0)
    quality = 1.0 - ((truth - readings) ** 2).mean(axis=0)
    code = ladder.Code(
        attributes=ATTRIBUTES,
        fit_codes=codes[fit],
        fit_values=values[fit],
        test_codes=codes[test],
        test_values=values[test],
        names=[f"z{j}" for j in dimensions],
        groups=list(dimensions),
        decode=without_noise(decode),
        respond=respond,
        response_columns={attribute.name: (k,) for k, attribute in enumerate(ATTRIBUTES)},
        untestable=[
            None if value >= LIMITS.classifier_share_of_way else verbatim("cannot be read")
            for value in quality
        ],
    )
    record = {
        "name": "discs",
        "seed": seed,
        "dimensions": [{"name": f"z{j}"} for j in dimensions],
        "places": to_json(ladder.measure(code, LIMITS, SIZES, seed)),
    }
    return {row.attribute: to_json(row) for row in where.judge_places([record], [], LIMITS)}
