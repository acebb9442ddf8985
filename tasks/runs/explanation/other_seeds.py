"""What the other seeds of the same model make of the image."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.errors import RunUnusable
from latent_audit.tasks.runs.explanation.opened_model import OpenedModel, SharedParts
from latent_audit.tasks.runs.explanation.questions import Question, answer
from latent_audit.tasks.runs.explanation.rarity import pixel_errors
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vocabulary.image_explanation import OtherSeed, Remark


def other_seeds(
    opened: OpenedModel,
    shared: SharedParts,
    image: NDArray[np.uint8],
    of_image: NDArray[np.float32],
    questions: Sequence[Question],
) -> tuple[list[OtherSeed], list[Remark]]:
    """Returns how each other seed rebuilds the image (c, h, w), and the seeds whose model the store no longer holds.

    of_image: (R,), the classifier's outputs for the image itself.
    """
    found: list[OtherSeed] = []
    lacking: list[Remark] = []
    for record in opened.kept.audit["models"]:
        if record["name"] != opened.record["name"] or record["seed"] == opened.record["seed"]:
            continue
        try:
            other = OpenedModel(opened.kept, record, shared)
        except (RunUnusable, BadCheckpoint):
            lacking.append(Remark(key="explain.lacking.seed", values={"seed": record["seed"]}))
            continue
        rebuilt = other.decode(other.encode(image[None]))
        outputs = other.outputs(rebuilt)[0]
        same, said = [], {}
        for question in questions:
            own = outputs[list(question.columns)]
            name = question.attribute.name
            said[name] = answer(question.attribute, question.target, own)["shown"]
            before = Question(
                question.attribute, question.target, question.columns, of_image[list(question.columns)]
            )
            if not before.differs(own):
                same.append(name)
        error = float(pixel_errors(image[None], rebuilt)[0])
        found.append(OtherSeed(seed=record["seed"], rebuilt_as=said, same=same, error=error))
    return found, lacking
