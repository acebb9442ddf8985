"""What an additive discriminator decides by: a function of each attribute, a few pairs, single decisions as sums."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.attributions.attribute_axes import Axis, AxisKind
from latent_audit.tasks.analyses.attributions.purified_terms import PurifiedTerms
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

Floats = NDArray[np.float64]
LARGEST_SUM_ERROR = 1e-4
# With fewer real or fewer generated images at a place, what the discriminator says there has hardly been trained.
FEWEST_IMAGES = 20
_PLACES_OF_A_PAIR = 9
SOURCE = "bootstrap over images"


@dataclass(frozen=True)
class Term:
    """importance: the mean absolute value over held-out real images, over which the term is 0 on average."""

    name: str
    importance: Estimate


@dataclass(frozen=True)
class AttributeFunction:
    """What one attribute adds to the logit at places `at`; labels: of classes, else none.

    real, generated: how many images lie at each place; few: whether that is fewer than FEWEST_IMAGES of either.
    """

    attribute: str
    kind: AxisKind
    at: tuple[float, ...]
    labels: tuple[str, ...]
    value: tuple[float, ...]
    real: tuple[int, ...]
    generated: tuple[int, ...]
    few: tuple[bool, ...]


@dataclass(frozen=True)
class PairFunction:
    """What two attributes add together beyond their own functions; value[i][j] at places i of first and j of second.

    taken: nats a decision that the pair took from the loss on held-out images when it was chosen, with standard error.
    """

    first: str
    second: str
    taken: float
    standard_error: float
    first_at: tuple[float, ...]
    second_at: tuple[float, ...]
    first_labels: tuple[str, ...]
    second_labels: tuple[str, ...]
    value: Floats


@dataclass(frozen=True)
class Decision:
    """One held-out real image's decision: base + terms = logit. picked: the rule that selects it."""

    row: int
    picked: str
    logit: float
    terms: tuple[float, ...]


@dataclass(frozen=True)
class DiscriminatorTerms:
    """Everything that the last step's discriminator decides by.

    images: held-out real images that terms are centred over. base: mean logit of these. largest_sum_error: the largest
    difference between base + terms and the logit. pairs_tried, pairs_tried_on: candidates of the choice, and held-out
    images it was made on, beside as many samples.
    """

    images: int
    base: float
    fewest_images: int
    terms: tuple[Term, ...]
    functions: tuple[AttributeFunction, ...]
    pairs: tuple[PairFunction, ...]
    pairs_tried: int
    pairs_tried_on: int
    examples: tuple[Decision, ...]
    largest_sum_error: float
    adds_up: bool


def compute(
    purified: PurifiedTerms,
    axes: Sequence[Axis],
    generated: NDArray[np.float32],
    logits: Floats,
    taken: Sequence[tuple[float, float]],
    tried: tuple[int, int],
    rng: np.random.Generator,
    resamples: int = 500,
) -> DiscriminatorTerms:
    """Returns what is said of a discriminator whose terms were purified over held-out real images.

    axes: one an attribute, in order. generated: (n, d) codes of samples as the discriminator sees them. logits: (m,) of
    the reference images, from the discriminator itself. taken: of each pair; tried: candidates, and images tried on.
    """
    terms = purified.of(purified.reference)
    error = float(np.abs(purified.base + terms.sum(axis=1) - logits).max())
    return DiscriminatorTerms(
        images=len(terms),
        base=purified.base,
        fewest_images=FEWEST_IMAGES,
        terms=tuple(
            Term(name, mean_estimate(np.abs(terms[:, place]), resamples, rng, SOURCE))
            for place, name in enumerate(purified.names)
        ),
        functions=tuple(_function(purified, number, axis, generated) for number, axis in enumerate(axes)),
        pairs=tuple(
            _pair(purified, number, axes[first], axes[second], taken[number])
            for number, (first, second) in enumerate(purified.model.pairs)
        ),
        pairs_tried=tried[0],
        pairs_tried_on=tried[1],
        examples=decisions(logits, terms),
        largest_sum_error=error,
        adds_up=error <= LARGEST_SUM_ERROR,
    )


def decisions(logits: Floats, terms: Floats) -> tuple[Decision, ...]:
    """Returns the most real, the median and the least real of images with logits (n,) and terms (n, t)."""
    order = np.argsort(-logits, kind="stable")
    picks = (("most real", order[0]), ("median", order[len(order) // 2]), ("least real", order[-1]))
    return tuple(
        Decision(int(row), picked, float(logits[row]), tuple(float(term) for term in terms[row]))
        for picked, row in picks
    )


def _function(
    purified: PurifiedTerms, number: int, axis: Axis, generated: NDArray[np.float32]
) -> AttributeFunction:
    columns = list(purified.model.columns[number])
    real, made = axis.counts(purified.reference[:, columns]), axis.counts(generated[:, columns])
    return AttributeFunction(
        axis.attribute,
        axis.kind,
        tuple(axis.at.tolist()),
        axis.labels,
        tuple(purified.of_attribute(number, axis.values).tolist()),
        tuple(real.tolist()),
        tuple(made.tolist()),
        tuple((np.minimum(real, made) < FEWEST_IMAGES).tolist()),
    )


def _pair(
    purified: PurifiedTerms, number: int, first: Axis, second: Axis, taken: tuple[float, float]
) -> PairFunction:
    one, other = _places(first), _places(second)
    value = purified.of_pair(
        number, first.values[one].repeat(len(other), axis=0), np.tile(second.values[other], (len(one), 1))
    )
    return PairFunction(
        first.attribute,
        second.attribute,
        *taken,
        tuple(first.at[one].tolist()),
        tuple(second.at[other].tolist()),
        first.labels,
        second.labels,
        value.reshape(len(one), len(other)),
    )


def _places(axis: Axis) -> NDArray[np.int64]:
    """Returns which places of an axis a pair is drawn at: all classes, some of a number's or an angle's."""
    count = len(axis.at)
    if axis.kind == "classes":
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, min(count, _PLACES_OF_A_PAIR)).round().astype(np.int64))
