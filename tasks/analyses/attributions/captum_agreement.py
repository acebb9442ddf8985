"""Captum's agreement with the exact terms of an additive discriminator.

The discriminator's logit is a bias plus one function of each semantic dimension (plus pairs of attributes), so its
explanation is the list of terms; integrated gradients over the code must find the same numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from captum.attr import IntegratedGradients
from torch import Tensor


@dataclass(frozen=True)
class CaptumAgreement:
    """Largest differences over images between integrated gradients and the exact contributions; 0 is exact.

    term_difference: of one dimension, between its integrated gradient and the change of its own term from
    the baseline, which are equal for terms of one dimension. completeness_gap: between the sum of the
    integrated gradients of the whole logit, pairs included, and the change of the logit.
    """

    term_difference: float
    completeness_gap: float
    steps: int


def agree_with_captum(
    terms: Callable[[Tensor], Tensor], codes: Tensor, baseline: Tensor, steps: int = 64
) -> CaptumAgreement:
    """Returns the largest differences between integrated gradients over the semantic code and the exact contributions.

    terms: codes (n, s) -> contributions (n, t), t >= s, the first s of them one a dimension, in order, the
    rest of several dimensions. baseline: (1, s), for instance the mean code.
    """
    start = baseline.expand_as(codes)
    size = codes.shape[1]

    def single(points: Tensor) -> Tensor:
        return terms(points)[:, :size].sum(1)

    def logit(points: Tensor) -> Tensor:
        return terms(points).sum(1)

    alone = IntegratedGradients(single).attribute(codes, start, n_steps=steps).detach()
    whole = IntegratedGradients(logit).attribute(codes, start, n_steps=steps).detach()
    with torch.no_grad():
        exact = terms(codes)[:, :size] - terms(start)[:, :size]
        change = logit(codes) - logit(start)
    return CaptumAgreement(
        float((alone - exact).abs().max()), float((whole.sum(1) - change).abs().max()), steps
    )
