"""Sanity checks of attributions: completeness, infidelity, sensitivity and randomisation of weights.

Infidelity and max-sensitivity are Captum's (Yeh et al. 2019), fed with maps of all outputs at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from captum.metrics import infidelity, sensitivity_max
from numpy.typing import NDArray
from torch import Tensor

from latent_audit.tasks.analyses.attributions.attribution_maps import Function
from latent_audit.tasks.analyses.attributions.weight_randomisation import LayerCorrelation
from latent_audit.vocabulary.reasons import Reason, reason

Scale = Literal["share_of_change", "slope"]
Word = Literal["passed", "passed_in_sign_only", "failed", "not_checked"]


@dataclass(frozen=True)
class Verdict:
    """Whether maps depend on the model's weights, with the reason in a sentence; None if not tested.

    faithful: the map as shown, signs included. faithful_places: its absolute value alone, that is, where
    the map is large. A map can change its signs with the weights and still be large wherever there is an
    edge; then it shows the direction of change, not where the model looks.
    """

    faithful: bool | None
    faithful_places: bool | None
    reason: Reason

    @property
    def word(self) -> Word:
        """The verdict in one word: a map whose locations do not depend on the weights passes in sign only."""
        if self.faithful is None:
            return "not_checked"
        if not self.faithful:
            return "failed"
        return "passed_in_sign_only" if self.faithful_places is False else "passed"


def completeness_gap(maps: Tensor, outputs: Tensor, baseline_outputs: Tensor) -> Tensor:
    """Returns sum of the map - (output - baseline's output), (n, r), in units of the output; 0 is exact.

    maps: (n, r, ...); outputs: (n, r); baseline_outputs: (n, r) or (r,). Captum's convergence delta.
    """
    return maps.flatten(2).sum(2) - (outputs - baseline_outputs)


def unexplained_shares(
    function: Function,
    images: Tensor,
    baseline: Tensor,
    maps: Tensor,
    columns: Sequence[int],
    scale: Scale,
    seed: int,
    samples: int = 16,
) -> NDArray[np.float64]:
    """Returns infidelity as a share, (n, r) in [0, 1]: the part of output changes that the map fails to predict.

    Random patches are replaced by the baseline; a map of scale "share_of_change" (integrated gradients,
    occlusion) foresees its own sum over the patches, one of scale "slope" (a gradient) the sum of slope
    times change. Captum's infidelity with the best scaling of the map for each image, over the mean square
    of the true change: 0 all foreseen, 1 nothing. NaN where removing patches never changed the output.
    """
    remembered = Remembered(function)

    def remove(inputs: Tensor) -> tuple[Tensor, Tensor]:
        patches = random_patches(len(inputs), inputs.shape[-2], inputs.shape[-1], seed).to(inputs)
        change = (inputs - baseline) * patches
        return (patches.expand_as(inputs) if scale == "share_of_change" else change), inputs - change

    shares = []
    for place, column in enumerate(columns):
        missed = infidelity(
            remembered,
            remove,
            images,
            maps[:, place].contiguous(),
            target=column,
            n_perturb_samples=samples,
            normalize=True,
        )
        change = infidelity(
            remembered,
            remove,
            images,
            torch.zeros_like(images),
            target=column,
            n_perturb_samples=samples,
        )
        still = change <= 1e-12
        share = (missed / torch.where(still, torch.ones_like(change), change)).clamp(0.0, 1.0)
        shares.append(torch.where(still, torch.full_like(share, torch.nan), share))
    return torch.stack(shares, dim=1).double().cpu().numpy()


def max_sensitivities(
    explain: Callable[[Tensor], Tensor], inputs: Tensor, outputs: int, seed: int, radius: float, samples: int
) -> NDArray[np.float64]:
    """Returns the largest relative change of each map under small noise: (n, outputs), 0 or more.

    explain: inputs -> maps (n, outputs, ...). Noise is uniform in [-radius, radius] on every input value.
    Captum's sensitivity_max; the maps of all outputs are computed once and handed to it one by one.
    """
    remembered = Remembered(explain)

    def disturb(values: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return values + radius * (2.0 * torch.rand(values.shape, generator=generator).to(values) - 1.0)

    def one_output(place: int) -> Callable[[Tensor | tuple[Tensor, ...]], Tensor | tuple[Tensor, ...]]:
        # Captum asks with a tuple first and with a tensor after that, and wants its answers likewise, and
        # laid out row by row (models give channels_last).
        return lambda values: (
            (remembered(values[0])[:, place].contiguous(),)
            if isinstance(values, tuple)
            else remembered(values)[:, place].contiguous()
        )

    found = [
        sensitivity_max(one_output(place), inputs, perturb_func=disturb, n_perturb_samples=samples)
        for place in range(outputs)
    ]
    return torch.stack(found, dim=1).double().cpu().numpy()


def randomisation_verdict(layers: Sequence[LayerCorrelation], threshold: float) -> Verdict:
    """Returns faithful when the maps of the wholly randomised model no longer resemble the trained model's.

    threshold: the largest |rank correlation|, mean over images, at which a map still counts as changed.
    A map that turned into its own negative shows the same picture, hence the absolute value.
    """
    if not layers:
        return Verdict(None, None, reason("faithful.no_weights"))
    last = layers[-1]
    if last.rank_correlation is None:
        return Verdict(None, None, reason("faithful.constant"))
    correlation, limit = f"{last.rank_correlation:.2f}", f"{threshold:g}"
    faithful = abs(last.rank_correlation) <= threshold
    places = None if last.of_magnitudes is None else faithful and abs(last.of_magnitudes) <= threshold
    if not faithful:
        return Verdict(False, places, reason("faithful.failed", correlation=correlation, limit=limit))
    if places is False:
        why = reason(
            "faithful.in_sign_only",
            correlation=correlation,
            limit=limit,
            magnitudes=f"{last.of_magnitudes:.2f}",
        )
        return Verdict(True, False, why)
    return Verdict(True, places, reason("faithful.passed", correlation=correlation, limit=limit))


def random_patches(
    count: int, height: int, width: int, seed: int, cells: int = 6, share: float = 0.3
) -> Tensor:
    """Returns float (count, 1, h, w) masks of 0 and 1: each cell of a coarse grid is on by chance `share`."""
    generator = torch.Generator().manual_seed(seed)
    grid = (
        torch.rand((count, 1, min(cells, height), min(cells, width)), generator=generator) < share
    ).float()
    return torch.nn.functional.interpolate(grid, size=(height, width), mode="nearest")


class Remembered:
    """A function of tensors that caches its last few results.

    Captum's metrics ask for one output at a time and repeat the same inputs for each; the model answers all
    outputs at once.
    """

    def __init__(self, function: Callable[[Tensor], Tensor], kept: int = 3) -> None:
        self._function = function
        self._kept = kept
        self._answers: list[tuple[Tensor, Tensor]] = []

    def __call__(self, inputs: Tensor) -> Tensor:
        """Returns the function's result, without its gradient."""
        for known, answer in self._answers:
            if known.shape == inputs.shape and torch.equal(known, inputs):
                return answer
        answer = self._function(inputs).detach()
        self._answers = [*self._answers[1 - self._kept :], (inputs.detach().clone(), answer)]
        return answer
