"""Functions whose growth is measured: pure parts of the pipeline, on synthetic data of any size.

Codes follow the attributes through a random linear map with noise, so that there is something to find. Analyses get
15 % of the images to fit and 15 % to test, as a run deals them out.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import temporary_folder
from latent_audit.tasks.analyses.checks import (
    association,
    attribute_correlation,
    comparison,
    intervention,
    specificity,
)
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.latent_space.projection import project
from latent_audit.tasks.analyses.places import ladder
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.scores import disentanglement_scores
from latent_audit.tasks.analyses.scores.factor_levels import factor_levels
from latent_audit.tasks.analyses.scores.information_scores import mig
from latent_audit.tasks.analyses.statistics import sample_rows, splits
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.attribute_kinds import AttributeKind
from latent_audit.vocabulary.reasons import NO_REASON

Run = Callable[[], object]
# As many as an audit fits probes on at most.
PROBE_IMAGES = 3000


@dataclass(frozen=True)
class Size:
    """Numbers of images, dimensions, attributes and models; the defaults are those of the default job."""

    images: int = 40_000
    latent_size: int = 10
    attributes: int = 5
    models: int = 3


@dataclass(frozen=True)
class SyntheticData:
    """Attributes, their values (n, k), and codes (n, d), of a size."""

    attributes: tuple[Attribute, ...]
    values: NDArray[np.float64]
    codes: NDArray[np.float32]

    def parts(
        self,
    ) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float32], NDArray[np.float64]]:
        """Returns codes and values of the two probe parts."""
        part = int(0.15 * len(self.values))
        fit, test = slice(part), slice(part, 2 * part)
        return self.codes[fit], self.values[fit], self.codes[test], self.values[test]


def world(size: Size) -> SyntheticData:
    """Returns binary, categorical, ordinal and continuous attributes in turns, and codes that follow them."""
    rng = np.random.default_rng(0)
    kinds: list[tuple[AttributeKind, tuple[str, ...]]] = [
        ("binary", ("no", "yes")), ("categorical", ("a", "b", "c")), ("ordinal", ()), ("continuous", ())
    ]  # fmt: skip
    named = tuple(Attribute(f"attribute_{i}", *kinds[i % 4]) for i in range(size.attributes))
    draw: Sequence[Callable[[], NDArray[np.generic]]] = (
        lambda: rng.integers(2, size=size.images),
        lambda: rng.integers(3, size=size.images),
        lambda: rng.integers(6, size=size.images),
        lambda: rng.normal(size=size.images),
    )
    values = np.stack([draw[i % 4]().astype(np.float64) for i in range(size.attributes)], axis=1)
    codes = rng.standard_normal((size.images, size.latent_size), dtype=np.float32)
    codes += (values @ rng.normal(size=(size.attributes, size.latent_size)) / size.attributes).astype(
        np.float32
    )
    return SyntheticData(named, values, codes)


def splitting(size: Size) -> Run:
    """Splits images into the four parts, as the stage `prepare` does."""
    made = world(size)
    return lambda: splits.split(made.attributes, made.values, 0)


def correlations(size: Size) -> Run:
    """Correlations of attributes, as in the stage `prepare`."""
    made = world(size)
    return lambda: attribute_correlation.compute(made.attributes, made.values)


def encoding(size: Size) -> Run:
    """Encodes 32x32 images from a memory map, in the parts that the stage takes."""
    from latent_audit.vae_models.building import build
    from latent_audit.vae_models.inference import encode_images
    from latent_audit.vae_models.presets.plain_vae import VaeSettings

    with tempfile.TemporaryFile() as file:  # empty blocks: content does not matter, and no disk is filled
        file.truncate(size.images * 32 * 32)
        images = np.memmap(file, np.uint8, "r", shape=(size.images, 1, 32, 32))
    model = build(VaeSettings(latent_dim=size.latent_size), (1, 32, 32), (), seed=0)

    def run() -> None:
        means = np.empty((size.images, size.latent_size), np.float32)
        for start in range(0, size.images, 10_000):
            rows = slice(start, start + 10_000)
            means[rows] = encode_images(model, images[rows])[0]

    return run


def associations(size: Size) -> Run:
    """Check A at its defaults."""
    made = world(size)
    return lambda: association.compute(made.attributes, *made.parts(), seed=0)


def specificities(size: Size) -> Run:
    """Check B at its defaults, given a check A with few permutations."""
    made = world(size)
    found = association.compute(made.attributes, *made.parts(), seed=0, permutations=19, resamples=20)
    groups = range(size.latent_size)
    limits = Thresholds()
    return lambda: specificity.compute(
        made.attributes,
        *made.parts(),
        found,
        groups,
        0,
        significance=limits.significance,
        survives_from=limits.survives_min,
        gap_min=limits.gap_min,
    )


def columns_of(attributes: Sequence[Attribute]) -> tuple[dict[str, tuple[int, ...]], int]:
    """Returns the columns of each attribute among the outputs of a classifier, and how many there are."""
    columns: dict[str, tuple[int, ...]] = {}
    start = 0
    for attribute in attributes:
        count = len(attribute.classes) if attribute.kind == "categorical" else 1
        columns[attribute.name] = tuple(range(start, start + count))
        start += count
    return columns, start


def ladders(size: Size) -> Run:
    """Places of every attribute at their defaults, with a decoder and a classifier of one matrix each.

    Each attribute lies along a direction of its own, so that all checks are made of every one.
    """
    made = world(size)
    rng = np.random.default_rng(2)
    spread = (made.values - made.values.mean(axis=0)) / made.values.std(axis=0)
    mixing = rng.standard_normal((size.attributes, size.latent_size))
    mixing *= 3.0 / np.linalg.norm(mixing, axis=1, keepdims=True)
    codes = (spread @ mixing + rng.standard_normal((size.images, size.latent_size))).astype(np.float32)
    part = replace(made, codes=codes).parts()
    columns, outputs = columns_of(made.attributes)
    weights = rng.normal(size=(size.latent_size, outputs)).astype(np.float32)
    limits, names = Thresholds(), [f"z{j}" for j in range(size.latent_size)]
    fitted = sample_rows.draw_rows(len(part[0]), PROBE_IMAGES, 0, "places")
    code = ladder.Code(
        made.attributes, part[0][fitted], part[1][fitted], part[2], part[3], names, range(size.latent_size),
        lambda latents, rows: latents[:, :, None, None], lambda images: images[:, :, 0, 0] @ weights, columns,
        [None] * size.attributes,
    )  # fmt: skip
    sizes = Sizes(PROBE_IMAGES, 1000, 2000, 1000, 40, 2000)
    return lambda: ladder.measure(code, limits, sizes, 0)


def interventions(size: Size) -> Run:
    """Check C of 256 images, with a decoder and a classifier of one matrix each to time the analysis alone."""
    made = world(size)
    rng = np.random.default_rng(1)
    columns, outputs = columns_of(made.attributes)
    weights = rng.normal(size=(size.latent_size, outputs)).astype(np.float32)
    gates = [Gate(a.name, "passed", "R2", 1.0, 0.5, NO_REASON) for a in made.attributes]
    claimed = [k % size.latent_size for k in range(size.attributes)]
    return lambda: intervention.compute(
        made.attributes, made.codes[:256], made.codes, lambda latents, rows: latents, lambda codes: codes @ weights,
        columns, gates, claimed, range(size.latent_size), 0,
    )  # fmt: skip


def information_gap(size: Size) -> Run:
    """MIG of all images."""
    made = world(size)
    factors = factor_levels(made.attributes, made.values, made.values)
    return lambda: mig(made.codes, factors)


def scores(size: Size) -> Run:
    """All global scores, as probing computes them."""
    made = world(size)
    fit_codes, fit_values, test_codes, test_values = made.parts()
    fit, test = (factor_levels(made.attributes, fit_values, part) for part in (fit_values, test_values))
    return lambda: disentanglement_scores.compute(fit_codes, fit, test_codes, test, 0, has_factor_grid=False)


def maps(size: Size) -> Run:
    """The PCA map of a sample, with its trust and clusters; t-SNE and UMAP see the same sample."""
    made = world(size)
    return lambda: project(made.codes, made.attributes, made.values, methods=("pca",))


def comparisons(size: Size) -> Run:
    """Compares models over three seeds."""
    rng = np.random.default_rng(0)
    values = {f"model_{i}": rng.normal(size=3).tolist() for i in range(size.models)}
    return lambda: comparison.compute("mig", "", "higher", values, bounded=True)


def reports(size: Size) -> Run:
    """Renders a report of three seeds."""
    from benchmarks.report_size import write_run
    from latent_audit.reports.page.render import render

    folder = temporary_folder()
    write_run(folder, size.latent_size, size.attributes, size.models, 3)
    return lambda: render(folder)


# What is measured, by its word on the command line, and the axes that it depends on.
WORK: dict[str, tuple[Callable[[Size], Run], tuple[str, ...]]] = {
    "splitting": (splitting, ("images", "attributes")),
    "correlations": (correlations, ("images", "attributes")),
    "encoding": (encoding, ("images", "latent_size")),
    "associations": (associations, ("images", "latent_size", "attributes")),
    "specificities": (specificities, ("images", "latent_size", "attributes")),
    "ladders": (ladders, ("latent_size", "attributes")),
    "interventions": (interventions, ("images", "latent_size", "attributes")),
    "information_gap": (information_gap, ("images", "latent_size", "attributes")),
    "scores": (scores, ("images", "latent_size", "attributes")),
    "maps": (maps, ("images", "latent_size", "attributes")),
    "comparisons": (comparisons, ("models",)),
    "reports": (reports, ("latent_size", "attributes", "models")),
}
