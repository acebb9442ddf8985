"""Predictions of attributes from named dimensions, for every kind of model that has them."""

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.vae_models.attribute_classifier.targets import split_outputs
from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout
from latent_audit.vae_models.model import Model


def named_layout(model: Model) -> SemanticLayout | None:
    """Returns the layout of a model's code by attributes; None for a model without named dimensions."""
    layout: SemanticLayout | None = getattr(model, "layout", None)
    return layout


def response_columns(layout: SemanticLayout) -> dict[str, tuple[int, ...]]:
    """Returns which columns of `named_responses` belong to which attribute."""
    columns, start = {}, 0
    for target in layout.targets:
        columns[target.name] = tuple(range(start, start + target.size))
        start += target.size
    return columns


def named_responses(model: Model, codes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns (n, named_size) predictions from named dimensions of codes (n, d) in natural scale, as Target.responses.

    Raises TypeError for a model without named dimensions.
    """
    layout = named_layout(model)
    if layout is None:
        raise TypeError(f"{type(model).__name__} has no named dimensions")
    outputs = torch.from_numpy(codes[:, : layout.named_size])
    with torch.no_grad():
        head = getattr(model, "head", None)  # of a VAE whose named dimensions have a scale of their own
        if head is not None:
            outputs = head.outputs(outputs.to(head.scale.device)).cpu()
        parts = split_outputs(layout.targets, outputs)
        responses = [target.responses(part) for target, part in zip(layout.targets, parts, strict=True)]
    return torch.cat(responses, 1).numpy()
