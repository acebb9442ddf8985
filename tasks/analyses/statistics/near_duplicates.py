"""Images that nearly repeat in another part of the data, where held-out scores count them as new."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.vocabulary.batches import batches

Floats = NDArray[np.float64]
COMPONENTS = 32
# Images are compared as squares of at most so many pixels a side: what repeats does so at a low resolution too.
_SIDE = 16
# Closer than all but this share of random pairs, and than this share of what is usual between neighbours in a part, so
# that rendered grids do not warn about themselves.
CLOSER_THAN, OF_USUAL = 1 / 1000, 1 / 10
_PAIRS, _BATCH_SIZE = 20_000, 2_000
_NEIGHBOURS = 5


@dataclass(frozen=True)
class NearDuplicates:
    """Sampled images, how many of them nearly repeat in another part, and the rows of the closest such pairs."""

    sampled: int
    found: int
    pairs: tuple[tuple[int, int], ...]

    @property
    def share(self) -> float:
        """Of the sampled images."""
        return self.found / max(self.sampled, 1)


def find(
    images: NDArray[np.uint8], parts: NDArray[np.int8], most_images: int, seed: int, examples: int = 3
) -> NearDuplicates:
    """Returns near-duplicates across parts (n,) among at most so many images of (n, c, h, w)."""
    rows = draw_rows(len(images), most_images, seed, "near duplicates")
    part = parts[rows]
    with threadpool_limits(limits=1):
        points = _components(images, rows, seed)
        usual = _usual_distance(points, part)
        limit = min(_close(points, seed), OF_USUAL * usual)
        distances, neighbours = (
            NearestNeighbors(n_neighbors=min(_NEIGHBOURS + 1, len(rows)), algorithm="brute")
            .fit(points)
            .kneighbors(points)
        )
    near = (distances < limit) & (part[neighbours] != part[:, None])
    found = np.flatnonzero(near.any(axis=1))
    closest = found[np.argsort(np.where(near, distances, np.inf)[found].min(axis=1), kind="stable")]
    pairs: list[tuple[int, int]] = []
    for place in closest:
        other = int(neighbours[place][np.where(near[place], distances[place], np.inf).argmin()])
        pair = (int(rows[min(place, other)]), int(rows[max(place, other)]))
        if pair not in pairs:
            pairs.append(pair)
        if len(pairs) == examples:
            break
    return NearDuplicates(len(rows), len(found), tuple(pairs))


def _components(images: NDArray[np.uint8], rows: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
    """Returns the leading principal components (m, k) of the images at a low resolution."""
    side = images.shape[-1]
    step = max(1, side // _SIDE)
    kept = side // step * step
    small = []
    for some in batches(len(rows), _BATCH_SIZE):
        block = images[rows[some]][:, :, :kept, :kept].astype(np.float32)
        n, c = block.shape[:2]
        small.append(
            block.reshape(n, c, kept // step, step, kept // step, step).mean(axis=(3, 5)).reshape(n, -1)
        )
    flat = np.concatenate(small)
    return np.asarray(
        PCA(min(COMPONENTS, *flat.shape), svd_solver="randomized", random_state=seed).fit_transform(flat),
        dtype=np.float32,
    )


def _usual_distance(points: NDArray[np.float32], part: NDArray[np.int8]) -> float:
    """Returns the median distance of an image to its nearest neighbour in its own part."""
    found = []
    for number in np.unique(part):
        inside = points[part == number]
        if len(inside) > 1:
            near = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(inside).kneighbors(inside)[0]
            found.append(near[:, 1])
    return float(np.median(np.concatenate(found))) if found else 0.0


def _close(points: NDArray[np.float32], seed: int) -> float:
    """Returns the distance that only the closest of random pairs fall below."""
    rng = np.random.default_rng([seed, 56])
    first, second = rng.integers(len(points), size=(2, _PAIRS))
    apart = first != second
    distances = np.linalg.norm(points[first[apart]] - points[second[apart]], axis=1)
    return float(np.quantile(distances, CLOSER_THAN))
