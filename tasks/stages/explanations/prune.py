"""Drop the dimensions that a model does not use: its codes once more, with these fixed, for the evidence to be of."""

import shutil
from pathlib import Path

import numpy as np

from latent_audit.tasks.analyses.pruning.dropping import rebuild_without, unused, without
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.parts import PROBE_PARTS
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import read_json, write_array, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of
from latent_audit.vae_models.storage.checkpoints import load


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    fitness: Artifact,
    distance_images: int,
    bootstraps: int,
    seed: int,
) -> None:
    """Writes codes as the stage `encode` does, unused dimensions at their mean over probe_fit, and pruned.json.

    Unused are those that `fitness` does not call active. To fix a dimension is to leave out its column in the next
    layer and to add its mean to the bias.
    """
    data, codes = open_prepared(prepared), open_codes(encoded)
    active = [bool(use["active"]) for use in read_json(fitness.path / "fitness.json")["dimensions"]]
    if codes.chosen is not None:  # of the others nothing is known
        of_chosen, active = active, [True] * len(codes.names)
        for j, use in zip(codes.chosen.tolist(), of_chosen, strict=True):
            active[j] = use
    dropped = unused(active, codes.groups)
    mean = codes.of("probe_fit").mean(axis=0)
    for part in PROBE_PARTS:
        write_array(folder / f"means-{part}.npy", without(codes.of(part), dropped, mean))
    for file in encoded.path.glob("*.npy"):
        if not (folder / file.name).exists():
            shutil.copyfile(file, folder / file.name)
    facts = read_json(encoded.path / "codes.json")
    kept = [use and not left_out for use, left_out in zip(facts["used"], dropped.tolist(), strict=True)]
    write_json(folder / "codes.json", {**facts, "used": kept})
    places = data.draw("probe_test", distance_images, seed, "pruning")
    held_out = np.asarray(codes.of("probe_test")[places])
    rebuilt = rebuild_without(
        data.images("probe_test", places),
        held_out,
        without(held_out, dropped, mean),
        places,
        decoder_of(load(trained.path, context.device)),
        bootstraps,
        np.random.default_rng(seed),
    )
    record = {"dropped": np.flatnonzero(dropped).tolist(), "reconstruction": to_json(rebuilt)}
    write_json(folder / "pruned.json", record)
