"""The additive discriminator's decision on the image, term by term, beside real held-out images."""

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.analyses.one_image.unusual import unusual
from latent_audit.tasks.runs.explanation.code_beside_others import dimension_names
from latent_audit.tasks.runs.explanation.opened_model import OpenedModel
from latent_audit.vocabulary.image_explanation import Discriminator, Term

if TYPE_CHECKING:
    from latent_audit.vae_models.interpretable_gan.model import InterpretableGan

KIND = "interpretable_gan"


def decision(opened: OpenedModel, code: NDArray[np.float32]) -> Discriminator | None:
    """Returns the terms of the decision on the image of a code (d,); None for a model without a discriminator."""
    if opened.record["kind"] != KIND:
        return None
    gan = cast("InterpretableGan", opened.model)
    device = gan.get_buffer("combinations").device
    held_out = np.asarray(opened.codes.of("probe_test"))
    with torch.no_grad():
        latents = torch.from_numpy(np.concatenate([code[None], held_out])).to(device)
        found = gan.discriminator.contributions(gan.layout.presented(latents))
    terms = found.values.double().cpu().numpy()
    logits = found.logit.double().cpu().numpy()
    own, others = terms[0], terms[1:].mean(axis=0)
    shown = dict(zip(gan.dimension_names, dimension_names(opened), strict=True))
    names = [" × ".join(shown[part] for part in name.split(" × ")) for name in found.names]
    return Discriminator(
        logit=float(logits[0]),
        mean_logit=float(logits[1:].mean()),
        percentile=unusual("logit", float(logits[0]), logits[1:]).percentile,
        terms=[
            Term(name=name, value=float(value), mean=float(mean))
            for name, value, mean in zip(names, own, others, strict=True)
        ],
    )
