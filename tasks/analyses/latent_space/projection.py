"""Projections of the latent space by PCA, t-SNE and UMAP, with their distortion.

Distances and group sizes in t-SNE and UMAP are not evidence; trustworthiness and continuity say how far
neighbourhoods are preserved. van der Maaten & Hinton 2008; McInnes et al. 2018.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.latent_space.clusters import Clusters, find_clusters
from latent_audit.tasks.analyses.latent_space.neighbourhoods import (
    continuity,
    neighbour_ranks,
    trustworthiness,
)
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import Reason, reason

Method = Literal["pca", "tsne", "umap"]
MIN_POINTS = 30


@dataclass(frozen=True)
class Projection:
    """One projection of the codes: coordinates float32 (m, components) and their distortion."""

    method: Method
    components: int
    seed: int | None
    coordinates: NDArray[np.float32] = field(metadata={"plain": False})
    trustworthiness: float
    continuity: float
    neighbours: int
    clusters: Clusters


@dataclass(frozen=True)
class Projections:
    """All projections of one sample of codes.

    rows: int64 (m,) ascending, which of the `available` codes are shown; values: float64 (m, k) their
    attributes. not_applicable holds the reason where there is no picture to draw, else None.
    """

    pictures: tuple[Projection, ...]
    rows: NDArray[np.int64] = field(metadata={"plain": False})
    values: NDArray[np.float64] = field(metadata={"plain": False})
    available: int
    not_applicable: Reason | None = None

    def as_records(self) -> list[dict[str, object]]:
        """Returns the `projections` list of audit.json, arrays still arrays, ready to be stored."""
        return [
            {
                "method": picture.method,
                "components": picture.components,
                "seed": picture.seed,
                "coordinates": picture.coordinates,
                "rows": self.rows,
                "values": self.values,
                "shown": len(self.rows),
                "available": self.available,
                "trustworthiness": picture.trustworthiness,
                "continuity": picture.continuity,
                "neighbours": picture.neighbours,
                "clusters": picture.clusters.as_record(),
            }
            for picture in self.pictures
        ]


def project(
    codes: NDArray[np.floating],
    attributes: Sequence[Attribute],
    values: NDArray[np.float64],
    seeds: Sequence[int] = (0, 1),
    components: int = 2,
    sample: int = 1000,
    methods: Sequence[Method] = ("pca", "tsne", "umap"),
    neighbours: int = 10,
    tsne_iterations: int = 500,
    umap_epochs: int = 200,
) -> Projections:
    """Returns PCA once and the stochastic projections once per seed, of one stratified sample of the codes.

    codes: (n, d) posterior means, used unscaled, so that dimensions a model leaves unused stay small.
    values: (n, k). seeds: at least two, since one t-SNE or UMAP picture is an anecdote; the first also
    draws the sample, stratified by the discrete attribute with the fewest classes. components: 2 or 3.
    The same arguments give the same bytes: everything runs on one thread.
    """
    _refuse(codes, values, seeds, components)
    rows = draw_rows(len(codes), sample, seeds[0], "projection", strata=_strata(attributes, values))
    points, shown = np.ascontiguousarray(codes[rows], dtype=np.float64), values[rows]
    why = _nothing_to_draw(points, components)
    if why is not None:
        return Projections((), rows, shown, len(codes), why)
    neighbours = min(neighbours, (len(points) - 1) // 2 - 1)
    original = neighbour_ranks(points, np.random.default_rng(seeds[0]))
    pictures = []
    # Sums over threads end in an order, and so in last digits, that differ from run to run.
    with threadpool_limits(limits=1):
        for method in methods:
            for seed in (None,) if method == "pca" else seeds:
                coordinates = _coordinates(method, points, components, seed, tsne_iterations, umap_epochs)
                ranks = neighbour_ranks(coordinates, np.random.default_rng((seeds[0], seed or 0)))
                pictures.append(
                    Projection(
                        method,
                        components,
                        seed,
                        coordinates,
                        trustworthiness(original, ranks, neighbours),
                        continuity(original, ranks, neighbours),
                        neighbours,
                        find_clusters(
                            coordinates, points, attributes, shown, seeds[0] if seed is None else seed
                        ),
                    )
                )
    return Projections(tuple(pictures), rows, shown, len(codes))


def _coordinates(
    method: Method,
    points: NDArray[np.float64],
    components: int,
    seed: int | None,
    tsne_iterations: int,
    umap_epochs: int,
) -> NDArray[np.float32]:
    """Returns coordinates (n, components); seed None: principal components.

    t-SNE and UMAP see the points in an order drawn with the seed, since both treat points that lie in the same place
    by the order in which they come.
    """
    linear = PCA(components, svd_solver="full").fit_transform(points)
    if seed is None:
        return linear.astype(np.float32)
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(points))
    found = np.empty(linear.shape, dtype=np.float32)
    found[shuffled] = _stochastic(
        method, points[shuffled], linear[shuffled], seed, rng, tsne_iterations, umap_epochs
    )
    return found


def _stochastic(
    method: Method,
    points: NDArray[np.float64],
    linear: NDArray[np.float64],
    seed: int,
    rng: np.random.Generator,
    tsne_iterations: int,
    umap_epochs: int,
) -> NDArray[np.float32]:
    # scikit-learn starts every seed at the same PCA, so its seeds would differ in name only. Here noise as
    # large as the PCA is added to the start, and pictures of two seeds agree only where the data make them.
    noise = rng.standard_normal(linear.shape)
    start = (linear / linear[:, 0].std() + noise).astype(np.float32)
    if method == "tsne":
        return _tsne(points, start * np.float32(1e-4), seed, tsne_iterations)
    return _umap(points, neighbour_ranks(points, rng), start * np.float32(5.0), seed, umap_epochs)


def _tsne(
    points: NDArray[np.float64], start: NDArray[np.float32], seed: int, iterations: int
) -> NDArray[np.float32]:
    fit = TSNE(
        start.shape[1],
        perplexity=min(30.0, (len(points) - 1) / 3),
        init=start,
        max_iter=iterations,
        random_state=seed,
        n_jobs=1,
    )
    return np.asarray(fit.fit_transform(points.astype(np.float32)), dtype=np.float32)


def _umap(
    points: NDArray[np.float64], ranks: NDArray[np.int32], start: NDArray[np.float32], seed: int, epochs: int
) -> NDArray[np.float32]:
    with warnings.catch_warnings():
        # The package announces that its TensorFlow variant, which we do not use, is not installed.
        warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
        # Imported here: it pulls in numba, seconds that an audit without a UMAP picture need not wait for.
        _leave_the_search_uncompiled()
        from umap import UMAP, layouts, umap_

    # umap-learn has numba compile these anew in every process, for seven seconds; numba can keep them on disk.
    for compiled in (
        umap_.smooth_knn_dist,
        umap_.compute_membership_strengths,
        layouts._nb_optimize_layout_euclidean_single_epoch,
    ):
        compiled.enable_caching()
    count = min(15, len(points) - 1)
    # Exact neighbours, which `ranks` has already; umap-learn would compile its own search for seconds.
    nearest = np.argsort(ranks, axis=1, kind="stable")[:, :count]
    distances = np.linalg.norm(points[nearest] - points[:, None, :], axis=2).astype(np.float32)
    fit = UMAP(
        n_components=start.shape[1],
        n_neighbors=count,
        n_epochs=epochs,
        init=start,
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(nearest, distances, None),
    )
    with warnings.catch_warnings():
        # New points are never placed on an old map here, which is all that a search index is for.
        warnings.filterwarnings("ignore", message="precomputed_knn.2.", category=UserWarning)
        return np.asarray(fit.fit_transform(points.astype(np.float32)), dtype=np.float32)


def _leave_the_search_uncompiled() -> None:
    """Imports umap-learn's neighbour search, which is not used here, without compiling it for fourteen seconds."""
    config = import_module("numba").config
    wish = config.DISABLE_JIT
    config.DISABLE_JIT = True
    try:
        import_module("pynndescent")
    finally:
        config.DISABLE_JIT = wish


def _strata(attributes: Sequence[Attribute], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns (n,) codes of the discrete attribute with the fewest classes; one stratum where none is."""
    discrete = [
        np.unique(column, return_inverse=True)[1].astype(np.int64)
        for attribute, column in zip(attributes, values.T, strict=True)
        if attribute.kind in ("binary", "categorical", "ordinal")
    ]
    varied = [codes for codes in discrete if codes.max(initial=0) > 0]
    if not varied:
        return np.zeros(len(values), dtype=np.int64)
    return min(varied, key=lambda codes: int(codes.max()))


def _nothing_to_draw(points: NDArray[np.float64], components: int) -> Reason | None:
    if len(points) < MIN_POINTS:
        return reason("projection.few_images", least=str(MIN_POINTS), images=str(len(points)))
    varied = int((points.std(axis=0) > 1e-9).sum())
    if varied < components:
        return reason("projection.few_dimensions", varied=str(varied), components=str(components))
    return None


def _refuse(
    codes: NDArray[np.floating], values: NDArray[np.float64], seeds: Sequence[int], components: int
) -> None:
    if codes.ndim != 2 or len(codes) != len(values):
        raise ValueError(f"codes (n, d) and values (n, k) must agree in n, got {codes.shape}, {values.shape}")
    if not np.isfinite(codes).all():
        raise ValueError("codes hold NaN or infinity; the model that gave them has diverged: train it again")
    if len(set(seeds)) < 2:
        raise ValueError(f"stochastic maps need at least two different seeds, got {list(seeds)}")
    if components not in (2, 3):
        raise ValueError(f"a map has 2 or 3 components, got {components}")
