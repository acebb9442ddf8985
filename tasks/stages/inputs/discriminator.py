"""The discriminator of an InterpretableGAN as explanations see it: codes of images, unique terms, places to draw at."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.analyses.attributions.attribute_axes import Axis, along_number, around, over_classes
from latent_audit.tasks.analyses.attributions.purified_terms import AdditiveModel, PurifiedTerms
from latent_audit.vae_models.interpretable_gan.semantic_layout import CERTAIN_LOGIT

if TYPE_CHECKING:
    from latent_audit.vae_models.interpretable_gan.model import InterpretableGan
    from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout

Latents = NDArray[np.float32]


def presented(model: "InterpretableGan", codes: Latents) -> Latents:
    """Returns codes (n, d) of images as the discriminator sees them, bounded."""
    with torch.no_grad():
        return model.layout.presented(torch.from_numpy(codes)).numpy()


def logits(model: "InterpretableGan", seen: Latents) -> NDArray[np.float64]:
    """Returns the discriminator's logits (n,), above 0 for "real", of codes as it sees them."""
    device = next(model.parameters()).device
    with torch.no_grad():
        return model.discriminator(torch.from_numpy(seen).to(device)).double().cpu().numpy()


def purified_terms(model: "InterpretableGan", reference: Latents) -> PurifiedTerms:
    """Returns the discriminator's terms, unique over the codes `reference` (m, d) of held-out images, as it sees them.

    `base + of(codes).sum(1)` of other codes is their logit.
    """
    layout, judge = model.layout, model.discriminator
    device = next(model.parameters()).device
    groups = np.asarray(layout.groups)

    def terms(codes: Latents) -> NDArray[np.float32]:
        with torch.no_grad():
            return judge.terms(torch.from_numpy(codes).to(device)).float().cpu().numpy()

    columns = tuple(
        tuple(np.flatnonzero(groups == attribute).tolist())
        for attribute in range(len(layout.attribute_names))
    )
    own = AdditiveModel(layout.attribute_names, columns, judge.pairs, terms, float(judge.bias.detach()))
    return PurifiedTerms(own, reference)


def axes_of(layout: "SemanticLayout", reference: Latents) -> list[Axis]:
    """Returns the places at which each attribute's function is drawn, by its kind and the values in `reference`."""
    axes: list[Axis] = []
    start = 0
    for target in layout.targets:
        own = reference[:, start : start + target.size].astype(np.float64)
        start += target.size
        if target.kind == "categorical":
            asked = CERTAIN_LOGIT * (np.eye(target.size) - 1 / target.size)
            odds = np.exp(asked) / np.exp(asked).sum(axis=1, keepdims=True)
            labels = target.classes or tuple(str(code) for code in range(target.size))
            axes.append(over_classes(target.name, labels, (2 * odds - 1).astype(np.float32)))
        elif target.kind == "binary":
            yes = np.tanh(CERTAIN_LOGIT / 4)
            labels = target.classes or ("no", "yes")
            axes.append(over_classes(target.name, labels, np.array([[-yes], [yes]], np.float32)))
        elif target.kind == "cyclic":
            axes.append(around(target.name, target.period))
        else:
            axes.append(along_number(target.name, own[:, 0], target.mean, target.std))
    free = reference[:, layout.named_size :].astype(np.float64)
    names = layout.attribute_names[len(layout.targets) :]
    return axes + [along_number(name, free[:, place], 0.0, 1.0) for place, name in enumerate(names)]
