"""Variations: images with noise on their codes, sums and ways of images that the user names, edits of attributes."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space import variations as drawn
from latent_audit.tasks.analyses.latent_space.attribute_classes import classes_of, labels_of
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.on_request.variations import VariationSettings
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.informativeness import informativeness
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.inputs.reader import reader_of
from latent_audit.tasks.storage.arrays import reference, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import decoder_of, encode_images
from latent_audit.vae_models.storage.checkpoints import load, load_classifier
from latent_audit.vocabulary.reasons import reason

SHOWN_DIMENSIONS = 8


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    fitness: Artifact,
    classifier: Artifact,
    variations: VariationSettings,
    seed: int,
) -> None:
    """Writes variations.json and its pictures."""
    data, codes, model = open_prepared(prepared), open_codes(encoded), load(trained.path, context.device)
    decode, rng = decoder_of(model), np.random.default_rng(seed)
    fit, held_out = codes.of("probe_fit"), codes.of("probe_test")
    spread = fit.std(axis=0)

    def code_of(name: str) -> NDArray[np.float32]:
        return encode_images(model, data.data.images[[data.row_of(name)]])[0][0]

    found: dict[str, Any] = {"noise": None, "disturbed": None, "sums": [], "ways": [], "edits": []}
    if variations.images:
        places = data.draw("probe_test", variations.images, seed, "variations")
        some = held_out[places]
        order = np.argsort(-informativeness(fitness), kind="stable")[:SHOWN_DIMENSIONS]
        found["noise"] = {
            "levels": list(drawn.NOISE_LEVELS),
            "draws": drawn.DRAWS,
            "pictures": reference(folder, "noise", drawn.noisy_sheet(some, spread, decode, rng)),
        }
        found["disturbed"] = {
            "noise": drawn.DISTURBANCE,
            "dimensions": [int(dimension) for dimension in order],
            "pictures": reference(
                folder,
                "disturbed",
                drawn.disturbed_sheet(some, spread, [codes.place_of(int(j)) for j in order], decode),
            ),
        }
    for number, names in enumerate(variations.arithmetic):
        first, less, more = (code_of(name) for name in names)
        strip = drawn.sum_strip(first, less, more, decode)
        found["sums"].append({"images": list(names), "pictures": reference(folder, f"sum{number}", strip)})
    for number, ends in enumerate(variations.interpolations):
        start, end = (code_of(name) for name in ends)
        strip = drawn.way_strip(start, end, decode)
        found["ways"].append(
            {"images": list(ends), "steps": drawn.STEPS, "pictures": reference(folder, f"way{number}", strip)}
        )
    if variations.edits:
        judge = load_classifier(classifier.path, context.device)
        reader = reader_of(judge)
        classes = classes_of(data.data.attributes, data.values("probe_fit"))
        complete = data.complete("probe_fit")
        labels = labels_of(classes, data.values("probe_fit", complete))
        some = held_out[data.draw("probe_test", variations.edited_images, seed, "edits")]
        for number, terms in enumerate(variations.edits):
            unread = [term[1:] for term in terms if term[1:] in judge.not_read]
            edit = (
                drawn.unread_edit(terms, some, classes, decode, reason("gate.not_read", attribute=unread[0]))
                if unread
                else drawn.edit_together(terms, fit[complete], labels, some, classes, decode, reader, rng)
            )
            pictures = reference(folder, f"edit{number}", edit.pictures)
            asked = [term[1:] for term in terms]
            found["edits"].append({**to_json(edit), "attributes": asked, "pictures": pictures})
    write_json(folder / "variations.json", found)
