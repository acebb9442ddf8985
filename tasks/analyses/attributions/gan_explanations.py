"""Exact contributions to the additive discriminator's decisions, and Captum's agreement with them.

The discriminator's logit is a bias plus one function of each semantic dimension (plus stated pairs), so
its explanation is the list of terms; integrated gradients over the code must find the same numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import IntegratedGradients
from numpy.typing import NDArray
from torch import Tensor

LARGEST_SUM_ERROR = 1e-4


@dataclass(frozen=True)
class ContributionExample:
    """One image's decision: its logit is the bias plus the contributions; `picked` names the selection rule."""

    row: int
    picked: str
    logit: float
    bias: float
    contributions: tuple[float, ...]


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


@dataclass(frozen=True)
class Contributions:
    """`gan.contributions` of audit.json.

    mean_absolute: (terms,) mean |contribution - its own mean|, what a term decides between images; means:
    (terms,) its mean, what it adds to every image. largest_sum_error: largest |bias + sum - logit| over
    images, which must stay below 1e-4 (`adds_up`). captum: from `agree_with_captum`, None if not asked.
    """

    names: tuple[str, ...]
    mean_absolute: tuple[float, ...]
    means: tuple[float, ...]
    examples: tuple[ContributionExample, ...]
    largest_sum_error: float
    adds_up: bool
    captum: CaptumAgreement | None


def explain_discriminator(
    names: Sequence[str],
    contributions: NDArray[np.floating],
    bias: float,
    logits: NDArray[np.floating],
    captum: CaptumAgreement | None = None,
) -> Contributions:
    """Returns what each term of the additive discriminator contributes, checked to add up to the logit.

    contributions: (n, terms); logits: (n,) from the discriminator itself, for the same images. Examples are
    picked by rule: the images with the largest, the median and the least logit.
    """
    if contributions.shape != (len(logits), len(names)) or len(logits) == 0:
        raise ValueError(
            f"contributions must be (images, terms) = ({len(logits)}, {len(names)}) with at least one image, "
            f"got {contributions.shape}"
        )
    terms = contributions.astype(np.float64)
    error = float(np.abs(bias + terms.sum(axis=1) - logits.astype(np.float64)).max())
    order = np.argsort(-logits, kind="stable")
    picks = (("most real", order[0]), ("median", order[len(order) // 2]), ("least real", order[-1]))
    means = terms.mean(axis=0)
    return Contributions(
        names=tuple(names),
        mean_absolute=tuple(float(v) for v in np.abs(terms - means).mean(axis=0)),
        means=tuple(float(v) for v in means),
        examples=tuple(
            ContributionExample(
                int(row), picked, float(logits[row]), float(bias), tuple(float(v) for v in terms[row])
            )
            for picked, row in picks
        ),
        largest_sum_error=error,
        adds_up=error <= LARGEST_SUM_ERROR,
        captum=captum,
    )


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
