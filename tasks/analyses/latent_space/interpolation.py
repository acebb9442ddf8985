"""Linear and spherical interpolation between images in the latent space, and its smoothness."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.latent_space.traversal import to_uint8
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows

Features = Callable[[NDArray[np.floating]], NDArray[np.floating]]


@dataclass(frozen=True)
class Path:
    """One kind of interpolation: linear, spherical, or pixels, which cross-fades the images for comparison.

    straightness: distance of the ends over the length of the path in the classifier's features, 1 for no
    detour. largest_step: the longest of the steps over the mean step, 1 for an even pace.
    """

    kind: str
    straightness: Estimate
    largest_step: Estimate


@dataclass(frozen=True)
class Interpolation:
    """All interpolations of the same pairs of held-out images.

    pictures: uint8 (shown * kinds * steps, c, h, w): pair by pair, way by way in the order of `paths`.
    """

    paths: tuple[Path, ...]
    pairs: int
    steps: int
    shown: int
    pictures: NDArray[np.uint8] = field(metadata={"plain": False})


def linear_path(start: NDArray[np.floating], end: NDArray[np.floating], steps: int) -> NDArray[np.float64]:
    """Returns (n, steps, d) codes from start (n, d) to end (n, d), ends included, at even steps."""
    share = np.linspace(0.0, 1.0, steps)[None, :, None]
    return np.asarray((1.0 - share) * start[:, None] + share * end[:, None])


def spherical_path(start: NDArray[np.floating], end: NDArray[np.floating], steps: int) -> NDArray[np.float64]:
    """Returns (n, steps, d) codes that turn at an even pace and change length evenly.

    On a sphere these are great circles (Shoemake 1985; White 2016, "Sampling generative networks"). Codes
    that point the same way, opposite ways, or nowhere are joined by the straight line.
    """
    lengths = [np.linalg.norm(codes, axis=1, keepdims=True) for codes in (start, end)]
    one, other = (
        codes / np.maximum(length, 1e-12) for codes, length in zip((start, end), lengths, strict=True)
    )
    angle = np.arccos(np.clip((one * other).sum(axis=1), -1.0, 1.0))[:, None, None]
    share = np.linspace(0.0, 1.0, steps)[None, :, None]
    sine = np.sin(angle)
    turning = (sine > 1e-3) & (np.minimum(*lengths) > 1e-12)[:, :, None]
    safe = np.where(turning, sine, 1.0)
    turned = (np.sin((1 - share) * angle) * one[:, None] + np.sin(share * angle) * other[:, None]) / safe
    length = (1.0 - share) * lengths[0][:, None] + share * lengths[1][:, None]
    return np.asarray(np.where(turning, turned * length, linear_path(start, end, steps)))


def interpolate(
    codes: NDArray[np.floating],
    decode: Decode,
    features: Features | None,
    rng: np.random.Generator,
    pairs: int = 32,
    steps: int = 9,
    shown: int = 3,
    resamples: int = 500,
) -> Interpolation:
    """Returns both interpolations between random pairs of held-out codes (n, d), beside cross-fading pixels.

    features: images (m, c, h, w) in [0, 1] -> the attribute classifier's features (m, f); None: no path
    is measured.
    """
    pairs = min(pairs, len(codes) // 2)
    if pairs < 1 or steps < 3:
        raise ValueError(f"interpolation needs two codes and three steps, got {len(codes)} and {steps}")
    rows = np.array_split(rng.choice(len(codes), 2 * pairs, replace=False), 2)
    start, end = (codes[side].astype(np.float64) for side in rows)
    ways = {}
    for kind, path in (("linear", linear_path), ("spherical", spherical_path)):
        latents = path(start, end, steps).reshape(-1, codes.shape[1]).astype(np.float32)
        images = np.asarray(decode(latents, np.arange(pairs).repeat(steps)))
        ways[kind] = images.reshape(pairs, steps, *images.shape[1:])
    share = np.linspace(0.0, 1.0, steps, dtype=np.float32)[None, :, None, None, None]
    ends = ways["linear"][:, [0, -1]]
    ways["pixels"] = (1 - share) * ends[:, :1] + share * ends[:, 1:]
    some = draw_rows(pairs, shown, int(rng.integers(2**31)), "shown interpolations")
    pictures = np.stack([images[some] for images in ways.values()], axis=1)
    return Interpolation(
        ()
        if features is None
        else tuple(_smoothness(kind, images, features, rng, resamples) for kind, images in ways.items()),
        pairs,
        steps,
        len(some),
        to_uint8(pictures.reshape(-1, *pictures.shape[3:])),
    )


def _smoothness(
    kind: str, images: NDArray[np.floating], features: Features, rng: np.random.Generator, resamples: int
) -> Path:
    """Returns the smoothness of images (pairs, steps, c, h, w) along one interpolation."""
    seen = np.asarray(features(images.reshape(-1, *images.shape[2:])), dtype=np.float64)
    seen = seen.reshape(*images.shape[:2], -1)
    lengths = np.linalg.norm(np.diff(seen, axis=1), axis=2)  # (pairs, steps - 1)
    total = lengths.sum(axis=1)
    moved = total > 1e-9  # two images that the classifier cannot tell apart say nothing of the way between
    straight = np.where(
        moved, np.linalg.norm(seen[:, -1] - seen[:, 0], axis=1) / np.where(moved, total, 1), 1.0
    )
    largest = np.where(moved, lengths.max(axis=1) / np.where(moved, lengths.mean(axis=1), 1), 1.0)
    source = "bootstrap over pairs of images"
    return Path(
        kind,
        mean_estimate(straight, resamples, rng, source),
        mean_estimate(largest, resamples, rng, source),
    )
