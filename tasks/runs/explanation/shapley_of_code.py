"""Which dimensions make the rebuilt picture what the classifier says it is: Shapley values of decode-then-classify."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.analyses.one_image.shapley import MIN_PAIRS, shapley_values
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.runs.explanation.code_beside_others import players_of
from latent_audit.tasks.runs.explanation.opened_model import OpenedModel
from latent_audit.tasks.runs.explanation.questions import Question, answer
from latent_audit.tasks.runs.explanation.sizes import Sizes
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.image_explanation import ShapleyOfAnswer, Share

# Decoded and read at once.
BATCH = 1000


def shapley_of_code(
    opened: OpenedModel,
    code: NDArray[np.float32],
    questions: Sequence[Question],
    against: NDArray[np.float32],
    sizes: Sizes,
    seed: int,
) -> list[ShapleyOfAnswer]:
    """Returns the shares of each question's quantity.

    code: (d,). against: codes (m, d) whose values absent players take; one code compares with one image. All coalitions
    have the same noise, and dimensions that the decoder does not use stay as they are.
    """
    players = players_of(opened)
    if not players or not questions:
        return []
    most = max(1, sizes.shapley_pictures // (2 * MIN_PAIRS * (len(players) + 1)))
    against = against[draw_rows(len(against), most, seed, "absent players")]
    members = np.zeros((len(players), len(code)), bool)
    for place, (_, dimensions) in enumerate(players):
        members[place, list(dimensions)] = True
    fixed = ~members.any(axis=0)

    def game(coalitions: NDArray[np.bool_]) -> NDArray[np.float64]:
        own = (coalitions @ members) | fixed
        mixed = np.where(own[:, None, :], code, against[None]).reshape(-1, len(code)).astype(np.float32)
        with torch.no_grad():
            found = [
                torch.stack([question.explained(outputs) for question in questions], 1)
                for some in batches(len(mixed), BATCH)
                for outputs in (opened.outputs_of_codes(torch.from_numpy(mixed[some])).float().cpu(),)
            ]
        values = torch.cat(found).double().numpy()
        return np.asarray(values.reshape(len(coalitions), len(against), -1).mean(axis=1))

    found = shapley_values(
        game,
        len(players),
        np.random.default_rng([seed, 31]),
        error_share=sizes.standard_error_share,
        most_permutations=sizes.permutations,
    )
    return [
        ShapleyOfAnswer(
            attribute=question.attribute.name,
            quantity=question.quantity,
            shown=answer(question.attribute, question.target, question.outputs)["shown"],
            nobody=float(found.nobody[k]),
            everybody=float(found.everybody[k]),
            shares=[
                Share(
                    name=name,
                    value=float(found.values[place, k]),
                    standard_error=float(found.errors[place, k]),
                )
                for place, (name, _) in enumerate(players)
            ],
            permutations=found.permutations,
            reached=found.reached,
            absent_codes=len(against),
        )
        for k, question in enumerate(questions)
    ]
