"""The additive discriminator's decision on the image: unique terms, away from their means over held-out real images."""

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.one_image.unusual import unusual
from latent_audit.tasks.runs.explanation.code_beside_others import name_of_group
from latent_audit.tasks.runs.explanation.opened_model import OpenedModel
from latent_audit.tasks.runs.explanation.sizes import Sizes
from latent_audit.tasks.stages.inputs.discriminator import logits, presented, purified_terms
from latent_audit.vocabulary.image_explanation import Discriminator, Term

if TYPE_CHECKING:
    from latent_audit.vae_models.interpretable_gan.model import InterpretableGan

KIND = "interpretable_gan"


def decision(opened: OpenedModel, code: NDArray[np.float32], sizes: Sizes, seed: int) -> Discriminator | None:
    """Returns the terms of the decision on the image of a code (d,); None for a model without a discriminator.

    Terms are purified over held-out real images, over which each has mean 0.
    """
    if opened.record["kind"] != KIND:
        return None
    gan = cast("InterpretableGan", opened.model)
    places = opened.data.draw("probe_test", sizes.discriminator_images, seed, "discriminator")
    reference = presented(gan, np.asarray(opened.codes.of("probe_test")[places]))
    own = presented(gan, code[None])
    purified = purified_terms(gan, reference)
    groups = len(purified.model.attributes)
    shown = [name_of_group(opened, group) for group in range(groups)]
    names = [*shown, *(f"{shown[a]} × {shown[b]}" for a, b in purified.model.pairs)]
    logit = float(logits(gan, own)[0])
    return Discriminator(
        logit=logit,
        mean_logit=purified.base,
        percentile=unusual("logit", logit, logits(gan, reference)).percentile,
        terms=[
            Term(name=name, value=float(value))
            for name, value in zip(names, purified.of(own)[0], strict=True)
        ],
    )
