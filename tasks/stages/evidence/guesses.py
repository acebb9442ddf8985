"""Guesses: whether a dimension carries what a person thinks, tested on images that no report shows."""

from collections.abc import Sequence
from pathlib import Path

from latent_audit.tasks.analyses.checks import association
from latent_audit.tasks.analyses.dimension_names.given import GivenName
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.errors import DataError
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact, digest_of_file
from latent_audit.vae_models.inference import encode_images
from latent_audit.vae_models.storage.checkpoints import load
from latent_audit.vae_models.storage.saved_model import WEIGHTS_FILE

# Images of this part trained the classifier: the model did not learn from them, and no page shows them.
UNSEEN = "classifier_train"


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    given_names: Sequence[GivenName],
    permutations: int,
    bootstraps: int,
    probe_images: int,
    seed: int,
) -> None:
    """Writes guesses.json: a row for each guess on a dimension of exactly these weights.

    Bins are those of probe_fit. A guess is one hypothesis more of the model's: p-values are corrected over all cells
    of attributes and dimensions, and all guesses (Bonferroni).
    """
    data, whole = open_prepared(prepared), open_codes(encoded)
    codes = whole.one_by_one().of("probe_fit")
    known = [attribute.name for attribute in data.data.attributes]
    weights = digest_of_file(trained.path / WEIGHTS_FILE)
    guesses = [
        one
        for one in given_names
        if one.weights == weights and one.attribute in known and one.dimension < codes.shape[1]
    ]
    rows = []
    if guesses:
        if not len(data.rows(UNSEEN)):
            raise DataError(
                f"guesses are tested on images of {UNSEEN}, and a classifier of your own leaves none there: take the "
                "guesses out of evidence.names_file, or have a classifier trained"
            )
        places = data.draw(UNSEEN, probe_images, seed, "guesses", every_class=True)
        unseen, _ = encode_images(load(trained.path, context.device), data.images(UNSEEN, places))
        family = len(known) * codes.shape[1] + len(guesses)
    for one in guesses:
        k = known.index(str(one.attribute))
        found = association.compute(
            [data.data.attributes[k]],
            codes[:, [one.dimension]],
            data.values("probe_fit")[:, [k]],
            unseen[:, [whole.place_of(one.dimension)]],
            data.values(UNSEEN, places)[:, [k]],
            seed,
            permutations,
            bootstraps,
            image_groups=data.image_groups(UNSEEN, places),
        )
        rows.append(
            {
                "attribute": one.attribute,
                "dimension": one.dimension,
                "uncertainty": to_json(found.cell(0, 0)),
                "p_adjusted": min(1.0, family * float(found.p_adjusted[0, 0])),
                "family": family,
            }
        )
    write_json(folder / "guesses.json", to_json(rows))
