"""Places of synthetic worlds, in the form in which they stand in audit.json."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks import classifier_gate
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.decoding import without_noise
from latent_audit.tasks.analyses.places import ladder
from latent_audit.tasks.analyses.places.evidence import DIMENSION, RUNGS, Ladder
from latent_audit.tasks.analyses.places.rules import where
from latent_audit.tasks.analyses.places.rung_stability import likeness
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.selftest.synthetic_data import SyntheticData
from latent_audit.tasks.analyses.serialization import to_json

LIMITS = Thresholds()
SIZES = Sizes(
    fit_images=3000,
    pairs=500,
    permutations=199,
    bootstraps=200,
    boosting_iterations=40,
    boosting_images=2000,
    gap_resamples=60,
    member_resamples=60,
)


def measure_world(
    world: SyntheticData, seed: int, sizes: Sizes = SIZES, folds: NDArray[np.int8] | None = None
) -> Ladder:
    """Returns the evidence on one world: its first half is probe_fit, the other probe_test.

    folds: (n,) where all images are audited in folds instead.
    """
    fit, test = world.halves()
    if folds is not None:
        fit = test = np.arange(len(world.values))
    gates = classifier_gate.compute(
        world.attributes,
        world.values[test],
        world.respond(world.decode(world.codes[test])),
        world.response_columns,
        share_of_way=LIMITS.classifier_share_of_way,
    )
    dimensions = range(world.codes.shape[1])
    code = ladder.Code(
        attributes=world.attributes,
        fit_codes=world.codes[fit],
        fit_values=world.values[fit],
        test_codes=world.codes[test],
        test_values=world.values[test],
        names=[f"z{j}" for j in dimensions],
        groups=list(dimensions),
        decode=without_noise(world.decode),
        respond=world.respond,
        response_columns=world.response_columns,
        untestable=[None if gate.status == "passed" else gate.reason for gate in gates],
        folds=folds,
    )
    return ladder.measure(code, LIMITS, sizes, seed)


def record_of(world: SyntheticData, found: Ladder, seed: int = 0) -> dict[str, Any]:
    """Returns a model's section of audit.json, as far as places need it."""
    names = [{"index": j, "name": f"z{j}"} for j in range(world.codes.shape[1])]
    record = {"name": "world", "seed": seed, "dimensions": names, "places": to_json(found)}
    # Through text and back: what is judged is what a reader of the file has.
    return dict(json.loads(json.dumps(record, allow_nan=False)))


def places_of_world(world: SyntheticData, seed: int, sizes: Sizes = SIZES) -> dict[str, dict[str, Any]]:
    """Returns the row of each attribute by checks A to C, as of a code that is not trained again."""
    record = record_of(world, measure_world(world, seed, sizes))
    return {row.attribute: to_json(row) for row in where.places_of_control(record, LIMITS)}


def places_of_seeds(worlds: Sequence[SyntheticData], seed: int) -> list[dict[str, Any]]:
    """Returns the rows of several "training seeds" of one model, which hold the same images, by all four checks."""
    found = [measure_world(world, seed) for world in worlds]
    records = [
        record_of(world, one, place) for place, (world, one) in enumerate(zip(worlds, found, strict=True))
    ]
    rows = []
    for k, attribute in enumerate(worlds[0].attributes):
        for rung in RUNGS:
            by_seed = [
                [row.predictions for row in one.attributes[k].rungs if row.rung == rung] for one in found
            ]
            if all(by_seed) and len(worlds) > 1:
                predictions = [np.asarray(rows_of[0], dtype=np.float64) for rows_of in by_seed]
                rows.append(
                    likeness(
                        attribute.name, rung, predictions, signed=rung != DIMENSION, resamples=60, seed=seed
                    )
                )
    section = {"model": "world", "attributes": to_json(rows)}
    return [to_json(row) for row in where.judge_places(records, [section], LIMITS)]
