"""Samples of a model, each beside its nearest training image, and a check of memorisation."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space.traversal import to_uint8
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.vocabulary.batches import batches


@dataclass(frozen=True)
class Samples:
    """Samples and their nearest training images, both uint8 (m, c, h, w).

    nearest_rows: int64 (m,) rows of the training images. distances, held_out_distances: root mean square
    pixel difference in [0, 1] to the nearest training image, of each sample and of each held-out image.
    closer_than_held_out: share of samples nearer to a training image than the 5 % nearest held-out images;
    about 0.05 for samples as new as held-out images, near 1 for copies. copied: share within one grey level.
    """

    images: NDArray[np.uint8] = field(metadata={"plain": False})
    nearest: NDArray[np.uint8] = field(metadata={"plain": False})
    nearest_rows: NDArray[np.int64] = field(metadata={"plain": False})
    distances: NDArray[np.float64] = field(metadata={"plain": False})
    held_out_distances: NDArray[np.float64] = field(metadata={"plain": False})
    closer_than_held_out: Estimate
    copied: Estimate


def sample_images(
    draw: Callable[[int, np.random.Generator], NDArray[np.floating]],
    count: int,
    training_images: NDArray[np.uint8],
    held_out_images: NDArray[np.uint8],
    rng: np.random.Generator,
    resamples: int = 1000,
) -> Samples:
    """Returns `count` samples with the training image nearest to each, and the memorisation check.

    draw: (count, generator) -> images (count, c, h, w) in [0, 1], from the model's own prior.
    training_images: uint8 (t, c, h, w), all or a stated sample; held_out_images: uint8 (m, c, h, w), never
    trained on, which say how near a new image comes by chance.
    """
    if len(held_out_images) == 0 or len(training_images) == 0:
        raise ValueError(
            "the memorisation check needs training images and held-out images, one side is empty"
        )
    images = to_uint8(draw(count, rng))
    rows, distances = nearest_images(images, training_images)
    _, usual = nearest_images(held_out_images, training_images)
    closer = (distances < np.quantile(usual, 0.05)).astype(np.float64)
    copied = (distances <= 1.0 / 255.0).astype(np.float64)
    return Samples(
        images=images,
        nearest=np.ascontiguousarray(training_images[rows]),
        nearest_rows=rows,
        distances=distances,
        held_out_distances=usual,
        closer_than_held_out=mean_estimate(closer, resamples, rng, "bootstrap over samples"),
        copied=mean_estimate(copied, resamples, rng, "bootstrap over samples"),
    )


def nearest_images(
    queries: NDArray[np.uint8], images: NDArray[np.uint8], chunk: int = 4096
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns (rows (m,), root mean square pixel distances (m,) in [0, 1]) of the nearest of `images`.

    Reads `images` (a memory map may be large) in chunks; the first of equally near images wins.
    """
    wanted = queries.reshape(len(queries), -1).astype(np.float32)
    best = np.full(len(queries), np.inf)
    rows = np.zeros(len(queries), dtype=np.int64)
    squares = (wanted.astype(np.float64) ** 2).sum(axis=1)
    for some in batches(len(images), chunk):
        block = np.asarray(images[some]).reshape(-1, wanted.shape[1]).astype(np.float32)
        # |a - b|^2 as sums and one matrix product; float32 rounds, which the exact distance below repairs.
        distances = squares[:, None] - 2.0 * (wanted @ block.T) + (block**2).sum(axis=1)[None, :]
        place = distances.argmin(axis=1)
        found = distances[np.arange(len(queries)), place]
        closer = found < best
        best[closer], rows[closer] = found[closer], some.start + place[closer]
    difference = wanted - np.asarray(images[rows]).reshape(len(queries), -1)
    return rows, np.sqrt((difference.astype(np.float64) ** 2).mean(axis=1)) / 255.0
