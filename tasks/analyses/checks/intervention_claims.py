"""What the intervention says of one claim: effect on its own attribute and on the others, curve, consistency."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.checks.responses import (
    ROBUST_DEVIATIONS,
    column_names,
    effect_unit,
    leading_column,
)
from latent_audit.tasks.analyses.statistics.estimates import (
    CONFIDENCE,
    Estimate,
    NotApplicable,
    from_samples,
    interval,
)
from latent_audit.tasks.analyses.statistics.sample_rows import hold_out
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Mean response (7,) at each dose (7,), a value of the dimension, with its 95 % interval."""

    dose: Floats
    mean: Floats
    low: Floats
    high: Floats
    response: str


@dataclass(frozen=True)
class OffTarget:
    """Effect of the claimed dimension on another attribute, in that attribute's unit."""

    attribute: str
    effect: Estimate | NotApplicable


@dataclass(frozen=True)
class EffectNull:
    """What the claimed dimension's effect is held against, all in the attribute's own unit.

    `effect` is taken over the first, middle and last dose, as those of the null are. `random_directions` holds
    at most 40 sorted effects of equally long moves that leave the claimed dimension and its group alone;
    `untrained_decoder` those of every dimension of the untrained decoder. `p_adjusted` holds for all attributes
    and dimensions together.
    """

    effect: float
    random_directions: Floats
    untrained_decoder: Floats
    p_adjusted: float


@dataclass(frozen=True)
class ClaimedEffect:
    """What setting the claimed dimension does to its attribute, and to the others.

    Where the classifier did not pass its gate for an attribute, effects on that attribute are not applicable:
    what it says of these pictures means nothing.

    `consistency` is the share of images whose own response moves the way the mean does; `sign` is 1 or -1
    for a response that ends higher or lower than it starts, 0 for one that returns.
    """

    attribute: str
    dimension: int
    unit: str
    on_target: Estimate | NotApplicable
    consistency: Estimate | NotApplicable
    sign: int | None
    curve: Curve | NotApplicable
    off_target: tuple[OffTarget, ...]
    null: EffectNull | None


@dataclass(frozen=True)
class Measured:
    """Everything measured, from which one claim's details are taken.

    Responses (d, doses, m, columns), their means over images, levels (doses, d), effects (k, d), and bootstrap
    resamples of effects (r, d, k) and means (r, d, doses, columns); source: of these. robust: the attributes in
    robust units.
    """

    attributes: Sequence[Attribute]
    response_columns: Mapping[str, Sequence[int]]
    responses: NDArray[np.float32]
    means: Floats
    levels: NDArray[np.float32]
    effect: Floats
    drawn: Floats
    drawn_means: Floats
    gates: Sequence[Gate]
    source: str
    robust: Collection[str]

    def claim(self, k: int, j: int, null: EffectNull | None) -> ClaimedEffect:
        """Returns the details of the claim that dimension j carries attribute k."""
        attribute = self.attributes[k]
        off_target = tuple(
            OffTarget(other.name, self._estimate(i, j)) for i, other in enumerate(self.attributes) if i != k
        )
        closed = self._closed(k)
        if closed is not None:
            return ClaimedEffect(
                attribute.name,
                j,
                effect_unit(attribute, self.robust),
                closed,
                closed,
                None,
                closed,
                off_target,
                None,
            )
        columns = list(self.response_columns[attribute.name])
        column = leading_column(self.means[j], columns)
        mean = self.means[j][:, column]
        low, high = interval(self.drawn_means[:, j, :, column])
        return ClaimedEffect(
            attribute=attribute.name,
            dimension=j,
            unit=effect_unit(attribute, self.robust),
            on_target=self._estimate(k, j),
            consistency=self._consistency(j, column),
            sign=_sign(mean),
            curve=Curve(
                self.levels[:, j].astype(np.float64),
                mean,
                low,
                high,
                self._response(attribute, columns.index(column)),
            ),
            off_target=off_target,
            null=null,
        )

    def _response(self, attribute: Attribute, column: int) -> str:
        """Returns what a response column says, in the unit that it is measured in."""
        name = column_names(attribute)[column]
        unit = effect_unit(attribute, self.robust)
        return name if unit != ROBUST_DEVIATIONS else f"{attribute.name} in {unit}"

    def _closed(self, k: int) -> NotApplicable | None:
        """Returns why nothing is said of an attribute, or None where the classifier may judge."""
        gate = self.gates[k]
        return None if gate.status == "passed" else NotApplicable(gate.reason)

    def _estimate(self, k: int, j: int) -> Estimate | NotApplicable:
        closed = self._closed(k)
        if closed is not None:
            return closed
        return from_samples(
            float(self.effect[k, j]), self.drawn[:, j, k], self.responses.shape[2], self.source
        )

    def _consistency(self, j: int, column: int) -> Estimate:
        """The doses compared are chosen on one half of the images and tried on the other, both ways."""
        per_image = self.responses[j, :, :, column].astype(np.float64)
        m = per_image.shape[1]
        agrees = np.zeros(m)
        halves = hold_out(m, 0.5, 0, "halves of the images")
        for half in (0, 1):
            chosen, tried = halves[half], halves[1 - half]
            mean = per_image[:, chosen].mean(axis=1)
            agrees[tried] = per_image[int(mean.argmax())][tried] > per_image[int(mean.argmin())][tried]
        share = float(agrees.mean())
        return _share_estimate(share, m)


def _share_estimate(share: float, m: int) -> Estimate:
    """Returns a share with its Wilson interval, which unlike a bootstrap keeps a width at 0 and 1."""
    z = float(norm.ppf(0.5 + CONFIDENCE / 2.0))
    centre = (share + z * z / (2 * m)) / (1 + z * z / m)
    half = z / (1 + z * z / m) * float(np.sqrt(share * (1 - share) / m + z * z / (4 * m * m)))
    low, high = max(min(centre - half, share), 0.0), min(max(centre + half, share), 1.0)
    return Estimate(share, low, high, m, "Wilson interval over images")


def _sign(mean: Floats) -> int:
    """Returns the direction from the first to the last dose; 0 where that is under half of the range."""
    span, change = float(mean.max() - mean.min()), float(mean[-1] - mean[0])
    if span <= 0.0 or abs(change) < span / 2.0:
        return 0
    return 1 if change > 0 else -1
