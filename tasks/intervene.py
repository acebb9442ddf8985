"""Intervene: move one dimension, decode, and ask the independent classifier what changed (check C)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.analyses import classifier_gate, intervention, subgroups
from tasks.analyses.plain import to_plain
from tasks.arrays import read_json, write_json
from tasks.datasets.attributes import Attribute
from tasks.encode import open_codes
from tasks.prepare import open_prepared
from tasks.records import Artifact
from tasks.stage import Bench, Stage
from tasks.untrained import load_untrained
from vae_models.checkpoints import load, load_classifier
from vae_models.inference import classify_images, decode_latents

# Reconstructions that the gate is judged on.
GATE_IMAGES = 2000


def compute(
    folder: Path,
    bench: Bench,
    *,
    prepared: Artifact,
    classifier: Artifact,
    trained: Artifact,
    encoded: Artifact,
    probed: Artifact,
    images: int,
    bootstraps: int,
    null_moves_per_dimension: int,
    classifier_share_of_way: float,
    subgroup_by: str | None,
    model_name: str,
    seed: int,
) -> None:
    """Writes intervention.json and subgroups.json as audit.json holds them.

    Images are drawn from probe_test; doses are quantiles of the codes of probe_fit.
    """
    data = open_prepared(prepared)
    codes = open_codes(encoded, data.parts)
    model = load(trained.path, bench.device)
    judge = load_classifier(classifier.path, bench.device)
    untrained = load_untrained(trained, bench.device)
    held_out = codes.of("probe_test")
    chosen = np.sort(np.random.default_rng(seed).choice(len(held_out), min(images, len(held_out)), False))
    gate_rows = slice(GATE_IMAGES)
    reconstructed = decode_latents(model, held_out[gate_rows])
    gates = classifier_gate.compute(
        data.data.attributes,
        data.values("probe_test")[gate_rows],
        classify_images(judge, reconstructed),
        judge.response_columns,
        {target.name: (target.mean, target.std) for target in judge.targets},
        classifier_share_of_way,
    )
    claims = read_json(probed.path / "probe.json")["specificity"]
    result = intervention.compute(
        data.data.attributes,
        held_out[chosen],
        codes.of("probe_fit"),
        lambda latents: decode_latents(model, latents),
        lambda pictures: classify_images(judge, pictures),
        judge.response_columns,
        gates,
        [claim["dimension"] for claim in claims],
        codes.groups,
        seed,
        untrained_decode=lambda latents: decode_latents(untrained, latents),
        resamples=bootstraps,
        null_moves_per_dimension=null_moves_per_dimension,
    )
    write_json(folder / "intervention.json", to_plain(result))
    by = subgroup_by or _first_grouping(data.data.attributes)
    groups = (
        ()
        if by is None
        else subgroups.compute(
            model_name,
            data.data.attributes,
            data.values("probe_test")[chosen],
            result,
            judge.response_columns,
            by,
            seed,
        )
    )
    write_json(folder / "subgroups.json", to_plain(groups))
    effects = {f"effect.{claim.attribute}": claim.on_target.value for claim in result.claims}
    write_json(folder / "summary.json", {"metrics": effects})


INTERVENE = Stage("intervene", "intervening on", compute, on_device=True)


def _first_grouping(attributes: Sequence[Attribute]) -> str | None:
    return next((a.name for a in attributes if a.kind in ("binary", "categorical")), None)
