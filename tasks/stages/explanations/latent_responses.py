"""Latent responses of a model: no label is needed; and held-out images at both ends of its dimensions."""

from pathlib import Path

import numpy as np

from latent_audit.tasks.analyses.latent_space import latent_responses
from latent_audit.tasks.analyses.latent_space.traversal import to_uint8
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.informativeness import informativeness
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of, encode_images
from latent_audit.vae_models.storage.checkpoints import load

EXEMPLARS = 6


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    fitness: Artifact,
    response_images: int,
    seed: int,
) -> None:
    """Writes latent_responses.json as audit.json holds it, and the array of images at both ends of dimensions.

    The dimensions whose ends are shown are the most informative ones.
    """
    data, whole = open_prepared(prepared), open_codes(encoded)
    kept = whole.one_by_one()
    codes = kept.of("probe_test")
    model = load(trained.path, context.device)
    used = np.ones(codes.shape[1], bool) if kept.used is None else kept.used
    found = latent_responses.compute(
        codes,
        used,
        whole.decoder(decoder_of(model)),
        lambda pictures: whole.taken(encode_images(model, to_uint8(pictures))[0]),
        response_images,
        seed,
    )
    known = informativeness(fitness)
    informative = codes.var(axis=0) if known is None else np.asarray(known)
    order = np.argsort(-informative, kind="stable")
    ends = latent_responses.exemplars(codes, order, EXEMPLARS)
    write_json(
        folder / "latent_responses.json",
        {
            **to_json(found),
            "exemplars": {
                "dimensions": list(ends.dimensions),
                "images_an_end": EXEMPLARS,
                "pictures": data.pictures(folder, "exemplars", "probe_test", ends.rows.ravel()),
            },
        },
    )
