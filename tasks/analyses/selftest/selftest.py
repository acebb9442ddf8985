"""Tests of the evidence on synthetic data with known answers: error rates, power, coverage, invariances."""

import hashlib
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.checks import association
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.selftest import absence_rows, fold_rows, place_rows
from latent_audit.tasks.analyses.selftest.coverage import (
    effect_coverage,
    prevalence_coverage,
    score_coverage,
    uncertainty_coverage,
)
from latent_audit.tasks.analyses.selftest.row import Row
from latent_audit.tasks.analyses.selftest.synthetic_audit import audit_synthetic_data
from latent_audit.tasks.analyses.selftest.synthetic_data import (
    MAP_KINDS,
    SyntheticData,
    duplication,
    linear_data,
    null_data,
    planted_data,
    rotation,
)
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.estimates import CONFIDENCE
from latent_audit.vocabulary.checks import SPECIFICITY
from latent_audit.vocabulary.verdicts import NOT_TESTED, SUPPORTED

Floats = NDArray[np.float64]
# The error rates are those of the defaults.
LIMITS = Thresholds()
# The least uncertainty coefficient at which naming the right dimension is promised, at 500 images a part.
DETECTABLE_UNCERTAINTY = 0.1
PLANTED_NOISE = (0.2, 0.5, 1.0)
PREVALENCES = (0.01, 0.02, 0.05, 0.1)
# Images of a part at the default shares: of 3,000 images, and of 10,000.
PREVALENCE_IMAGES = (450, 1500)


@dataclass(frozen=True)
class Sizes:
    """Number of simulations of each row."""

    null_worlds: int
    planted_worlds: int
    judged_worlds: int
    simulations: int
    null_places: int
    places: int
    few_images: int
    absence: int


# Four thousand null worlds and two thousand simulations, so that a rate that holds is not missed by luck.
FULL = Sizes(
    null_worlds=4000,
    planted_worlds=100,
    judged_worlds=40,
    simulations=2000,
    null_places=400,
    places=60,
    few_images=100,
    absence=20,
)
REDUCED = Sizes(
    null_worlds=200,
    planted_worlds=10,
    judged_worlds=2,
    simulations=200,
    null_places=1,
    places=2,
    few_images=4,
    absence=2,
)


def run(
    sizes: Sizes, seed: int = 0, report: Callable[[Row], None] = lambda row: None, processes: int = 1
) -> list[Row]:
    """Returns every row of the table "Tests of the evidence itself", in its order, measured at `sizes`.

    `report` is called with each row as soon as it and those before it are measured: a full run takes minutes. Rows are
    measured side by side in `processes` processes of one thread each, which changes no figure.
    """
    rows: list[tuple[Callable[[int, int], Row], int]] = [
        (null_row, sizes.null_worlds),
        (planted_row, sizes.planted_worlds),
        (entangled_row, sizes.judged_worlds),
        (confounded_row, sizes.judged_worlds),
        (leaky_row, sizes.judged_worlds),
        (interval_row, sizes.simulations),
        (prevalence_row, sizes.simulations // 2),
        (relabelling_row, max(1, sizes.judged_worlds // 2)),
        (place_rows.null_row, sizes.null_places),
        *((row, sizes.places) for row in place_rows.ROWS),
        (fold_rows.few_images_row, sizes.few_images),
        (absence_rows.absence_row, sizes.absence),
    ]
    results = []
    with _measure(rows, seed, processes) as measured:
        for row in measured:
            results.append(row)
            report(row)
    return results


@contextmanager
def _measure(
    rows: Sequence[tuple[Callable[[int, int], Row], int]], seed: int, processes: int
) -> Iterator[Iterator[Row]]:
    if processes == 1:
        yield (_timed(row, count, seed) for row, count in rows)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=threadpool_limits, initargs=(1,)) as pool:
        begun = [pool.submit(_timed, row, count, seed) for row, count in rows]
        yield (row.result() for row in begun)


def _timed(row: Callable[[int, int], Row], count: int, seed: int) -> Row:
    started = time.perf_counter()
    return replace(row(count, seed), seconds=time.perf_counter() - started)


def digest(rows: Sequence[Row]) -> str:
    """Returns the SHA-256 of the measured figures, without the times."""
    plain = [{k: v for k, v in to_json(row).items() if k != "seconds"} for row in rows]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def null_row(worlds: int, seed: int, images: int = 600, dimensions: int = 6) -> Row:
    """Returns how often anything is called associated, and could be called Supported, without any association.

    A verdict is at most its association check, so "the association check passed" bounds false Supported.
    """
    false_families = false_supported = claims = 0
    for world in range(worlds):
        made = null_data(2 * images, dimensions, np.random.default_rng([seed, world, 1]))
        found = _associate(made, seed=world, permutations=199, resamples=1)
        false_families += bool((found.p_adjusted <= LIMITS.significance).any())
        best = found.fit_uncertainty.argmax(axis=1)
        picked = np.arange(len(best))
        passed = (found.p_adjusted[picked, best] <= LIMITS.significance) & (
            found.uncertainty[picked, best] >= LIMITS.uncertainty_min
        )
        false_supported += int(passed.sum())
        claims += len(best)
    rate, supported = false_families / worlds, false_supported / claims
    promised = LIMITS.significance
    limit = promised + 2.0 * float(np.sqrt(promised * (1.0 - promised) / worlds))
    return Row(
        "null world",
        f"family-wise false 'associated' <= {promised:g} + 2 standard errors; false 'Supported' <= 0.005",
        {"worlds": worlds, "false_associated": rate, "limit": limit, "false_supported": supported},
        rate <= limit and supported <= 0.005,
    )


def planted_row(worlds: int, seed: int, images: int = 500, dimensions: int = 8) -> Row:
    """Returns, over maps and noise levels, how often the planted dimension is named and associated."""
    named: dict[str, list[bool]] = {kind: [] for kind in MAP_KINDS}
    for row, kind in enumerate(MAP_KINDS):
        for level, noise in enumerate(PLANTED_NOISE):
            for world in range(worlds):
                rng = np.random.default_rng([seed, row, level, world, 2])
                planted = int(rng.integers(dimensions))
                made = planted_data(kind, noise, 2 * images, dimensions, planted, rng)
                found = _associate(made, seed=world, permutations=199, resamples=1)
                if found.uncertainty[0, planted] < DETECTABLE_UNCERTAINTY:
                    continue
                chosen = int(found.fit_uncertainty[0].argmax())
                named[kind].append(
                    chosen == planted and bool(found.p_adjusted[0, planted] <= LIMITS.significance)
                )
    rates = {kind: float(np.mean(hits)) if hits else float("nan") for kind, hits in named.items()}
    counted = sum(len(hits) for hits in named.values())
    return Row(
        "planted world",
        f"the right dimension named in >= 98 % where U >= {DETECTABLE_UNCERTAINTY} at {images} images a part",
        {"worlds": counted, **rates},
        all(hits and np.mean(hits) >= 0.98 for hits in named.values()),
    )


def entangled_row(worlds: int, seed: int) -> Row:
    """Returns how often rotated codes and duplicated dimensions are called Supported, and the reason named."""
    supported = specific = judged = 0
    mixings = {"rotated": rotation(45.0, 0, 2), "duplicated": duplication()}
    for row, mixing in enumerate(mixings.values()):
        for world in range(worlds):
            audit = audit_synthetic_data(_seeds(mixing, seed, row, world), seed=world)
            for verdict in audit["verdicts"]:
                if verdict["attribute"] not in ("first", "third"):
                    continue
                judged += 1
                supported += verdict["verdict"] == SUPPORTED
                specific += verdict["checks"][SPECIFICITY]["verdict"] != SUPPORTED
    return Row(
        "entangled world",
        "rotated codes and duplicated dimensions never 'Supported'; specificity named",
        {"verdicts": judged, SUPPORTED: supported / judged, "specificity_fails": specific / judged},
        supported == 0 and specific == judged,
    )


def confounded_row(worlds: int, seed: int) -> Row:
    """Returns how often the driving attribute keeps its verdict and its copy is found confounded by it."""
    kept = capped = explained = judged = 0
    for world in range(worlds):
        audit = audit_synthetic_data(_seeds(np.eye(5), seed, 7, world, shares=0.8), seed=world)
        by_attribute = {v["attribute"]: v for v in audit["verdicts"] if v["seed"] == 0}
        claims = {c["attribute"]: c for c in audit["models"][0]["specificity"]}
        judged += 1
        kept += by_attribute["first"]["verdict"] == SUPPORTED
        capped += by_attribute["second"]["verdict"] != SUPPORTED
        explained += "first" in claims["second"]["explained_away_by"]
    return Row(
        "confounded world",
        "the driving attribute stays 'Supported'; its copy is at most 'Partly' and explained away by it",
        {
            "worlds": judged,
            "driver_supported": kept / judged,
            "copy_capped": capped / judged,
            "copy_explained_away": explained / judged,
        },
        kept >= 0.95 * judged and capped == judged and explained >= 0.95 * judged,
    )


def leaky_row(worlds: int, seed: int) -> Row:
    """Returns how often a classifier that responds to a decoder's artefact is refused."""
    refused = 0
    for world in range(worlds):
        audit = audit_synthetic_data(_seeds(np.eye(5), seed, 8, world, leaky=True), seed=world)
        verdict = next(v for v in audit["verdicts"] if v["attribute"] == "first")
        refused += verdict["verdict"] == NOT_TESTED
    return Row(
        "leaky classifier",
        "the gate trips, 'not tested'",
        {"worlds": worlds, NOT_TESTED: refused / worlds},
        refused == worlds,
    )


def interval_row(simulations: int, seed: int) -> Row:
    """Returns the coverage of 95 % intervals: uncertainty coefficient, AUROC, R2, effect of an intervention."""
    measured = {
        "uncertainty": uncertainty_coverage(simulations, seed),
        **score_coverage(simulations, seed),
        "effect": effect_coverage(simulations, seed),
    }
    # Fewer than 1,000 simulations scatter more: allow two standard errors of the smaller number beyond it.
    slack = 2.0 * float(np.sqrt(CONFIDENCE * (1.0 - CONFIDENCE) / simulations)) if simulations < 1000 else 0.0
    return Row(
        "intervals",
        "95 % intervals cover the true value in 93 to 97 %",
        {"simulations": simulations, **measured},
        all(0.93 - slack <= share <= 0.97 + slack for share in measured.values()),
    )


def prevalence_row(simulations: int, seed: int) -> Row:
    """Returns the coverage of 95 % intervals of attributes that few images have, and how often any is shown."""
    measured, coverages = {}, []
    # The number of simulations decides how much coverage scatters; where few show anything, it scatters more.
    for prevalence in PREVALENCES:
        cells = [prevalence_coverage(prevalence, images, simulations, seed) for images in PREVALENCE_IMAGES]
        shown = np.array([cell["shown"] for cell in cells])
        percent = f"{100 * prevalence:g}_percent"
        measured[f"shown_at_{percent}"] = float(shown.mean())
        for name in ("u", "auroc", "balanced_accuracy"):
            weighted = sum(cell[name] * cell["shown"] for cell in cells if cell["shown"])
            measured[f"{name}_at_{percent}"] = float(weighted / max(shown.sum(), 1e-9))
            if shown.sum():
                effective = simulations * shown.sum()
                slack = 2.0 * float(np.sqrt(CONFIDENCE * (1.0 - CONFIDENCE) / effective))
                coverages.append(measured[f"{name}_at_{percent}"] + (slack if effective < 1000 else 0.0))
    return Row(
        "rare attributes",
        "where enough images of a class are there to show an interval, it covers the true value in at least 93 %",
        {"simulations": simulations, **measured},
        min(coverages) >= 0.93,
    )


def relabelling_row(worlds: int, seed: int) -> Row:
    """Returns the largest changes under permuted dimensions and under a flipped sign; both must be zero."""
    permuted = flipped = 0.0
    for world in range(worlds):
        rng = np.random.default_rng([seed, world, 3])
        made = linear_data(np.eye(5), 1200, 0.3, rng)
        order = rng.permutation(5)
        signs = np.where(np.arange(5) == order[0], -1.0, 1.0).astype(np.float32)
        plain = _associate(made, seed=world, permutations=99, resamples=30)
        moved = _associate(
            replace(made, codes=made.codes[:, order]), seed=world, permutations=99, resamples=30
        )
        mirrored = _associate(
            replace(made, codes=made.codes * signs), seed=world, permutations=99, resamples=30
        )
        for name in ("uncertainty", "low", "high", "p_adjusted"):
            before = getattr(plain, name)
            permuted = max(permuted, float(np.abs(getattr(moved, name) - before[:, order]).max()))
            flipped = max(flipped, float(np.abs(getattr(mirrored, name) - before).max()))
    return Row(
        "relabelling",
        "permuting dimensions permutes the result; flipping a sign changes only the sign of the effect",
        {"worlds": worlds, "change_by_permuting": permuted, "change_by_flipping": flipped},
        permuted <= 1e-9 and flipped <= 1e-9,
    )


def _associate(world: SyntheticData, seed: int, permutations: int, resamples: int) -> association.Association:
    fit, test = world.halves()
    return association.compute(
        world.attributes,
        world.codes[fit],
        world.values[fit],
        world.codes[test],
        world.values[test],
        seed,
        permutations=permutations,
        resamples=resamples,
    )


def _seeds(
    mixing: Floats, seed: int, row: int, world: int, shares: float = 0.0, leaky: bool = False
) -> list[SyntheticData]:
    """Returns simulated training seeds for stability: the same images, with dimensions in another order."""
    worlds = []
    for training_seed in range(LIMITS.seeds_min):
        rng = np.random.default_rng([seed, row, world, 4])
        order = np.random.default_rng([seed, training_seed, 5]).permutation(mixing.shape[1])
        worlds.append(linear_data(mixing[:, order], 2000, 0.1, rng, shares, leaky))
    return worlds


def table(rows: Sequence[Row]) -> str:
    """Returns the rows as lines of text for a terminal."""
    lines = []
    for row in rows:
        figures = ", ".join(f"{name} {value:.4g}" for name, value in row.measured.items())
        lines.append(f"{'holds' if row.holds else 'FAILS':5}  {row.name}: {figures}  ({row.seconds:.1f} s)")
        lines.append(f"       must show: {row.must_show}")
    return "\n".join(lines)
