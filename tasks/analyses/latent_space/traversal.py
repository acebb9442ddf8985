"""Traversals: change one latent dimension at a time, within the range of its codes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate

QUANTILES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)


@dataclass(frozen=True)
class TraversalRow:
    """One dimension's strip: its index, its KL, and the change of the image from end to end.

    moved: mean over anchors of the mean absolute pixel change between the two ends, in [0, 1].
    """

    dimension: int
    name: str
    kl_nats: float | None
    moved: Estimate


@dataclass(frozen=True)
class Traversal:
    """Strips of all dimensions, most informative first.

    sheet: uint8 (anchors * dims * steps, c, h, w), anchor by anchor, row by row; the first dims * steps
    belong to the first anchor. values: float64 (dims, steps), what the dimension was set to; quantiles: the
    levels they stand at. anchors: row numbers of the images the strips start from.
    """

    sheet: NDArray[np.uint8] = field(metadata={"plain": False})
    rows: tuple[TraversalRow, ...]
    quantiles: tuple[float, ...]
    values: NDArray[np.float64]
    anchors: tuple[int, ...]

    def first_sheet(self) -> NDArray[np.uint8]:
        """Returns the first anchor's strips, (dims * steps, c, h, w): `traversal.sheet` of audit.json."""
        return self.sheet[: self.values.size]


def traverse(
    decode: Decode,
    means: NDArray[np.floating],
    kl_nats: Sequence[float] | NDArray[np.floating] | None,
    names: Sequence[str],
    rng: np.random.Generator,
    anchors: Sequence[int] | None = None,
    quantiles: Sequence[float] = QUANTILES,
    most_dimensions: int | None = None,
    resamples: int = 500,
) -> Traversal:
    """Returns traversal strips at quantiles of each dimension's own aggregate posterior.

    decode: draws every strip of an anchor with the noise of the anchor's row. means: posterior means (n, d) of
    held-out images; kl_nats: (d,) mean KL, which orders the rows; None for a model without a KL, whose
    rows are ordered by the variance of the posterior mean. anchors: rows of `means` to start from;
    by default the image nearest to the middle, and three others drawn with rng.
    """
    codes = np.asarray(means, dtype=np.float64)
    informative = codes.var(axis=0) if kl_nats is None else np.asarray(kl_nats, dtype=np.float64)
    _refuse(codes, informative, names, quantiles)
    chosen = np.argsort(-informative, kind="stable")[:most_dimensions]
    starts = tuple(int(a) for a in anchors) if anchors is not None else default_anchors(codes, rng)
    levels = np.quantile(codes[:, chosen], quantiles, axis=0).T  # (dims, steps)
    latents = np.concatenate([_strips(codes[start], chosen, levels) for start in starts])
    of_starts = np.repeat(np.asarray(starts, dtype=np.int64), levels.size)
    images = to_uint8(decode(latents.astype(np.float32), of_starts))
    ends = images.reshape(len(starts), len(chosen), len(quantiles), -1)[:, :, [0, -1]].astype(np.float64)
    moved = np.abs(ends[:, :, 1] - ends[:, :, 0]).mean(axis=2) / 255.0  # (anchors, dims)
    rows = tuple(
        TraversalRow(
            int(j),
            names[j],
            None if kl_nats is None else float(kl_nats[j]),
            mean_estimate(moved[:, i], resamples, rng, "bootstrap over anchors"),
        )
        for i, j in enumerate(chosen)
    )
    return Traversal(images, rows, tuple(float(q) for q in quantiles), levels, starts)


def shifted(
    decode: Decode,
    means: NDArray[np.floating],
    dimensions: Sequence[int],
    anchor: int,
    shifts: Sequence[float],
) -> NDArray[np.uint8]:
    """Returns uint8 (dims * shifts, c, h, w): the anchor's picture with each shift added to one dimension of its code,
    a row a dimension.

    shifts: in units of the code itself, not of quantiles. anchor: a row of `means` (n, d).
    """
    chosen = np.asarray(dimensions, dtype=np.int64)
    start = np.asarray(means[anchor], dtype=np.float64)
    latents = _strips(start, chosen, start[chosen, None] + np.asarray(shifts, dtype=np.float64))
    return to_uint8(decode(latents.astype(np.float32), np.full(len(latents), anchor, dtype=np.int64)))


def default_anchors(
    means: NDArray[np.floating], rng: np.random.Generator, others: int = 3
) -> tuple[int, ...]:
    """Returns the row nearest to the median code, then `others` different rows drawn at random."""
    scale = np.maximum(means.std(axis=0), 1e-12)
    middle = int(np.argmin((((means - np.median(means, axis=0)) / scale) ** 2).sum(axis=1)))
    rest = np.delete(np.arange(len(means)), middle)
    drawn = rng.choice(rest, size=min(others, len(rest)), replace=False)
    return (middle, *(int(row) for row in drawn))


def to_uint8(images: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Returns images in [0, 1] as uint8, rounded; values outside are clipped."""
    return np.asarray(np.round(np.clip(images, 0.0, 1.0) * 255.0), dtype=np.uint8)


def no_images(decode: Decode, codes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Returns uint8 (0, c, h, w), of the shape that decoded codes have."""
    return np.empty((0, *np.asarray(decode(codes[[0]], np.zeros(1, np.int64))).shape[1:]), np.uint8)


def _strips(
    start: NDArray[np.float64], chosen: NDArray[np.int64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Returns (dims * steps, d): the anchor with one dimension set to each of its levels."""
    latents = np.tile(start, (levels.shape[0], levels.shape[1], 1))
    for i, j in enumerate(chosen):
        latents[i, :, j] = levels[i]
    return latents.reshape(-1, len(start))


def _refuse(
    means: NDArray[np.float64],
    kl_nats: NDArray[np.float64],
    names: Sequence[str],
    quantiles: Sequence[float],
) -> None:
    if means.ndim != 2 or not len(names) == len(kl_nats) == means.shape[1]:
        raise ValueError(
            f"traversal needs means (n, d) and a KL and a name a dimension, got {means.shape}, "
            f"{len(kl_nats)}, {len(names)}"
        )
    if (
        len(quantiles) < 2
        or list(quantiles) != sorted(quantiles)
        or not 0 <= quantiles[0] <= quantiles[-1] <= 1
    ):
        raise ValueError(f"quantile levels must be at least two, ascending, in [0, 1]; got {list(quantiles)}")
