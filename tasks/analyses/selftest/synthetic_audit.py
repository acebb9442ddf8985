"""All four checks on synthetic data, one set per seed, in the form of audit.json."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from latent_audit.tasks.analyses.checks import (
    association,
    classifier_gate,
    intervention,
    specificity,
    stability,
)
from latent_audit.tasks.analyses.checks.association import Association
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.checks.specificity import Specificity
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.checks.verdicts import verdicts_from_audit, verdicts_without_stability
from latent_audit.tasks.analyses.decoding import without_noise
from latent_audit.tasks.analyses.places.claimed_swaps import Claim, ClaimedSwap, swap_claims
from latent_audit.tasks.analyses.places.interchange import Interchange
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.targets import label_columns
from latent_audit.tasks.analyses.selftest.synthetic_data import SyntheticData
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows

PAIRS = 500


def audit_synthetic_data(
    worlds: Sequence[SyntheticData], seed: int, permutations: int = 300
) -> dict[str, Any]:
    """Returns audit.json's models, stability, thresholds and verdicts for one set of data per training seed.

    All sets hold the same images; the first half of them is probe_fit, the other probe_test.
    """
    thresholds = Thresholds()
    models = [_audit_one(world, index, seed, permutations, thresholds) for index, world in enumerate(worlds)]
    verdicts = verdicts_without_stability(models, thresholds)
    claims = {
        name: [next(c for c in model["specificity"] if c["attribute"] == name) for model in models]
        for name in verdicts
    }
    _, test = worlds[0].halves()
    section = stability.compute(
        "world",
        range(len(worlds)),
        [world.codes[test] for world in worlds],
        {name: [claim["dimension"] for claim in found] for name, found in claims.items()},
        verdicts,
        {name: [claim["uncertainty"]["value"] for claim in found] for name, found in claims.items()},
        seed,
        range(worlds[0].codes.shape[1]),
        least_seeds=thresholds.seeds_min,
        resamples=60,
    )
    audit = {"models": models, "stability": [to_json(section)], "thresholds": asdict(thresholds)}
    audit["verdicts"] = verdicts_from_audit(audit)
    # Through text and back: what is judged is what a reader of the file has.
    return dict(json.loads(json.dumps(audit, allow_nan=False)))


def _audit_one(
    world: SyntheticData, index: int, seed: int, permutations: int, thresholds: Thresholds
) -> dict[str, Any]:
    fit, test = world.halves()
    parts = (world.codes[fit], world.values[fit], world.codes[test], world.values[test])
    groups = list(range(world.codes.shape[1]))
    found = association.compute(world.attributes, *parts, seed, permutations=permutations, resamples=60)
    claims = specificity.compute(
        world.attributes,
        *parts,
        found,
        groups,
        seed,
        significance=thresholds.significance,
        survives_from=thresholds.survives_min,
        gap_min=thresholds.gap_min,
        resamples=60,
    )
    started = test[draw_rows(len(test), intervention.MIN_IMAGES, seed, "interventions")]
    codes = world.codes[started]
    gates = classifier_gate.compute(
        world.attributes,
        world.values[started],
        world.respond(world.decode(codes)),
        world.response_columns,
        share_of_way=thresholds.classifier_share_of_way,
    )
    effects = intervention.compute(
        world.attributes,
        codes,
        world.codes[fit],
        without_noise(world.decode),
        world.respond,
        world.response_columns,
        gates,
        [claim.dimension for claim in claims],
        groups,
        seed,
        untrained_decode=lambda latents, rows: world.decode(np.zeros_like(latents)),
        resamples=100,
    )
    swapped = _swap_claims(world, claims, found, gates, seed, permutations, thresholds)
    return dict(
        to_json(
            {
                "name": "world",
                "seed": index,
                "dimensions": [{"index": j, "name": f"z{j}"} for j in groups],
                "association": found,
                "specificity": claims,
                "intervention": effects,
                "places": {"claimed": swapped},
            }
        )
    )


def _swap_claims(
    world: SyntheticData,
    claims: Sequence[Specificity],
    found: Association,
    gates: Sequence[Gate],
    seed: int,
    permutations: int,
    thresholds: Thresholds,
) -> tuple[ClaimedSwap, ...]:
    """Returns the swaps of the claimed dimensions of associated attributes."""
    fit, test = world.halves()
    interchange = Interchange(
        [attribute.name for attribute in world.attributes],
        [tuple(world.response_columns[attribute.name]) for attribute in world.attributes],
        label_columns(world.attributes, world.values[test], world.values[fit], world.response_columns),
        world.codes[test],
        draw_pairs(ImageGroups.of(None, len(test)), PAIRS, seed),
        lambda latents, rows: world.respond(world.decode(latents)),
        [gate.status == "passed" for gate in gates],
        60,
        seed,
    )
    associated = [
        Claim(claim.attribute, claim.dimension)
        for k, claim in enumerate(claims)
        if found.p_adjusted[k, claim.dimension] <= thresholds.significance
    ]
    names = [attribute.name for attribute in world.attributes]
    return swap_claims(interchange, names, associated, range(world.codes.shape[1]), permutations)
