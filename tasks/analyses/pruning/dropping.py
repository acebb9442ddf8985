"""Which dimensions of a code are unused, and the code without them: each is fixed at its mean, as a bias would be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

Codes = NDArray[np.float32]


@dataclass(frozen=True)
class RebuiltWithout:
    """Mean squared error of reconstructions from the whole code, from what is kept, and the difference, in pixels."""

    whole: Estimate
    kept: Estimate
    difference: Estimate


def unused(active: Sequence[bool], groups: Sequence[int]) -> NDArray[np.bool_]:
    """Returns which dimensions (d,) to drop: those of groups of which none is active."""
    live = {group for group, used in zip(groups, active, strict=True) if used}
    return np.array([group not in live for group in groups], dtype=bool)


def without(codes: Codes, dropped: NDArray[np.bool_], mean: NDArray[np.floating]) -> Codes:
    """Returns codes (n, d) whose dropped dimensions are all at their mean (d,)."""
    return np.where(dropped, np.asarray(mean, np.float32), codes).astype(np.float32)


def rebuild_without(
    images: NDArray[np.uint8],
    codes: Codes,
    pruned: Codes,
    rows: NDArray[np.int64],
    decode: Decode,
    resamples: int,
    rng: np.random.Generator,
) -> RebuiltWithout:
    """Returns the errors of images (n, c, h, w) decoded from their codes (n, d) as they are, and pruned."""
    real = images.astype(np.float32) / 255.0
    whole, kept = (
        ((decode(code, rows) - real) ** 2).mean(axis=(1, 2, 3), dtype=np.float64) for code in (codes, pruned)
    )
    source = "bootstrap over images"
    return RebuiltWithout(
        *(mean_estimate(values, resamples, rng, source) for values in (whole, kept, kept - whole))
    )
