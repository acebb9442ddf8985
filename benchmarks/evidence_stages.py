"""Bootstraps, projections and rendering, with their least work."""

import numpy as np

from benchmarks.limits import Work
from benchmarks.measuring import temporary_folder
from benchmarks.model_stages import Stage
from benchmarks.report_size import write_run
from latent_audit.reports.page.render import render
from latent_audit.tasks.analyses.latent_space.projection import Method, project
from latent_audit.tasks.analyses.statistics.estimates import mean_estimate, table_resamples
from latent_audit.tasks.analyses.statistics.mutual_information import resampled_uncertainty
from latent_audit.tasks.datasets.attributes import Attribute

SHAPE = Attribute("shape", "categorical", classes=("a", "b", "c"))
# Neighbours that t-SNE attracts at perplexity 30 (three times as many), and UMAP: edges, repulsions an edge.
TSNE_NEIGHBOURS, UMAP_NEIGHBOURS, UMAP_REPULSIONS = 90, 15, 5
OPERATIONS_PER_PAIR = 10  # a difference, a squared distance and a force, in two dimensions


def bootstraps(quick: bool) -> list[Stage]:
    """Returns bootstraps of a mean, of a table of counts, and of all cells' uncertainty."""
    images, resamples = (300, 10) if quick else (10_000, 1000)
    rng = np.random.default_rng(0)
    values = rng.normal(size=images)
    table = rng.integers(100, size=(10, 20))
    levels, bins = rng.integers(10, size=(images, 5)), rng.integers(20, size=(images, 10))
    draws = rng.integers(images, size=(resamples, images))
    size = f"{resamples:,} resamples of {images:,} images"
    return [
        Stage(
            f"bootstrap of a mean, {size}",
            lambda: mean_estimate(values, resamples, np.random.default_rng(1), "images"),
            Work(2.0 * resamples * images, 8.0 * resamples * images),  # each image's count is written once
        ),
        Stage(
            f"bootstrap of a table of 10 x 20 counts, {resamples:,} resamples",
            lambda: table_resamples(table, resamples, np.random.default_rng(1)),
            Work(bytes=8.0 * resamples * table.size),
        ),
        Stage(
            f"bootstrap of 10 x 5 cells of information, {size}",
            lambda: resampled_uncertainty(levels, bins, 20, list(draws)),
            Work(bytes=resamples * images * (8.0 + 15.0)),  # a drawn index, and a byte of each level and bin
        ),
    ]


def projections(quick: bool) -> list[Stage]:
    """Returns PCA, t-SNE and UMAP of a sample, each with its trust and its clusters."""
    points, iterations, epochs = (100, 250, 10) if quick else (1000, 500, 200)
    rng = np.random.default_rng(0)
    classes = rng.integers(3, size=points)
    codes = rng.normal(size=(points, 10)) + 4 * np.eye(3, 10)[classes]
    ranking = 4.0 * points * points * 12  # distances of all pairs before and after, in 10 and 2 dimensions
    pairs = {
        "pca": 0.0,
        "tsne": float(iterations * points * TSNE_NEIGHBOURS),
        "umap": float(epochs * points * UMAP_NEIGHBOURS * (1 + UMAP_REPULSIONS)),
    }

    def stage(method: Method) -> Stage:
        def run() -> object:
            return project(
                codes, (SHAPE,), classes[:, None].astype(float), (0, 1), sample=points, methods=(method,),
                tsne_iterations=iterations, umap_epochs=epochs,
            )  # fmt: skip

        pictures = 1 if method == "pca" else 2
        operations = pictures * (ranking + OPERATIONS_PER_PAIR * pairs[method])
        what = f"{method}, {points:,} points of 10 dimensions, {pictures} picture{'s' * (pictures > 1)}"
        return Stage(what, run, Work(operations))

    return [stage("pca"), stage("tsne"), stage("umap")]


def rendering(quick: bool) -> Stage:
    """Returns writing a report of the default job's size; what is read and written passes memory once."""
    folder = temporary_folder()
    write_run(folder, *((4, 3, 2, 2) if quick else (10, 5, 3, 3)))
    report = render(folder)
    read = sum(file.stat().st_size for file in folder.rglob("*") if file.suffix in (".json", ".npy"))
    size = report.stat().st_size
    what = f"rendering a report of {size / 1e6:.1f} MB"
    return Stage(what, lambda: render(folder), Work(bytes=float(read + size)))
