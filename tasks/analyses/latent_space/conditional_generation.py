"""Conditional generation: decodes each image with a binary attribute set and not set, all else unchanged.

Check C moves a dimension over the codes that images have. Of an attribute that few images have, those hardly reach
"yes"; here the generator is asked for it outright, as in its training.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.tasks.datasets.attributes import Attribute

# An attribute that goes along with the edited one may change with it; one below this correlation should not.
UNRELATED_BELOW = 0.1
RESAMPLES = 1000
# (attribute, yes or no) -> the classifier's responses (m, R) to the images drawn so
Ask = Callable[[str, bool], NDArray[np.float32]]


@dataclass(frozen=True)
class AskedEdit:
    """`gan.edits[]` of audit.json, of one binary attribute.

    change: mean probability of it when it is set, minus that when it is not. moved: share of images in which
    that difference is positive. off_target: of the binary attributes whose correlation with it is below
    UNRELATED_BELOW, the one that changes most, and its mean change; None where there is none.
    """

    attribute: str
    change: Estimate
    moved: Estimate
    off_target: str | None
    off_target_change: Estimate | None


def compute(
    attributes: Sequence[Attribute],
    values: NDArray[np.float64],
    ask: Ask,
    columns: dict[str, tuple[int, ...]],
    named: Sequence[str],
    rng: np.random.Generator,
) -> tuple[AskedEdit, ...]:
    """Returns the effect of setting each binary attribute in `named` on the classifier's predictions.

    values: (n, k) of held-out images, for correlations. columns: which responses are an attribute's.
    """
    binary = [k for k, attribute in enumerate(attributes) if attribute.kind == "binary"]
    edits = []
    for k in binary:
        name = attributes[k].name
        if name not in named:
            continue
        changes = ask(name, True).astype(np.float64) - ask(name, False)
        unrelated = [
            attributes[other].name
            for other in binary
            if other != k and _correlation(values[:, k], values[:, other]) < UNRELATED_BELOW
        ]
        off = {other: changes[:, columns[other][0]] for other in unrelated}
        most = max(off, key=lambda other: abs(float(off[other].mean())), default=None)
        on = changes[:, columns[name][0]]
        edits.append(
            AskedEdit(
                name,
                _mean(on, rng),
                _mean((on > 0).astype(np.float64), rng),
                most,
                None if most is None else _mean(off[most], rng),
            )
        )
    return tuple(edits)


def _mean(found: NDArray[np.float64], rng: np.random.Generator) -> Estimate:
    return mean_estimate(found, RESAMPLES, rng, "bootstrap over images")


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Absolute correlation; 0 if an attribute is constant."""
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return abs(float(np.corrcoef(one, other)[0, 1]))
