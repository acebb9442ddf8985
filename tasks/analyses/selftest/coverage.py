"""Coverage of 95 % intervals for known values of synthetic data."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from latent_audit.tasks.analyses.checks import association, intervention
from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.statistics.binning import fit_code_bins
from latent_audit.tasks.analyses.statistics.estimates import centred_interval, expanded_confidence, interval
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.analyses.statistics.mutual_information import joint_tables, uncertainty_coefficient
from latent_audit.tasks.analyses.statistics.probe_scores import (
    auroc_resamples,
    balanced_accuracy_resamples,
    r_squared_resamples,
)
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import NO_REASON

Floats = NDArray[np.float64]
_RESAMPLES = 300
# Of images of a class in each part: the default of `evidence.fewest_of_a_class`.
FEWEST_OF_A_CLASS = 10


def uncertainty_coverage(simulations: int, seed: int, images: int = 1000) -> float:
    """Returns the coverage of U for a known joint distribution of four levels and ten bins, U about 0.2."""
    rng = np.random.default_rng([seed, 11])
    joint = np.exp(-0.5 * ((np.arange(10)[None] - 3.0 * np.arange(4)[:, None]) / 3.0) ** 2)
    joint /= joint.sum()
    truth = float(uncertainty_coefficient(joint * 1e9, corrected=False))
    covered = 0
    for _ in range(simulations):
        cells = rng.choice(joint.size, size=images, p=joint.ravel())
        levels, binned = (cells // 10)[:, None], (cells % 10)[:, None]
        value = uncertainty_coefficient(joint_tables(levels, 4, binned, 10)[0, 0])
        draws = rng.integers(images, size=(_RESAMPLES, images))
        index = levels[draws, 0] * 10 + binned[draws, 0] + np.arange(_RESAMPLES)[:, None] * 40
        tables = np.bincount(index.ravel(), minlength=_RESAMPLES * 40).reshape(_RESAMPLES, 4, 10)
        low, high = centred_interval(value, uncertainty_coefficient(tables, corrected=False))
        covered += bool(low <= truth <= high)
    return covered / simulations


def score_coverage(simulations: int, seed: int, images: int = 500) -> dict[str, float]:
    """Returns the coverage of AUROC (two normals a unit apart) and of R2 (0.5) over images."""
    rng = np.random.default_rng([seed, 12])
    true_auroc, true_r_squared = float(norm.cdf(1.0 / np.sqrt(2.0))), 0.5
    covered = {"auroc": 0, "r_squared": 0}
    for _ in range(simulations):
        weights = image_weights(images, _RESAMPLES, rng)
        label = (rng.random(images) < 0.4).astype(np.float64)
        score = label + rng.standard_normal(images)
        low, high = interval(auroc_resamples(label, score, weights))
        covered["auroc"] += bool(low <= true_auroc <= high)
        predicted = rng.standard_normal((images, 1))
        outcome = predicted + rng.standard_normal((images, 1))
        low, high = interval(r_squared_resamples(outcome, predicted, weights))
        covered["r_squared"] += bool(low <= true_r_squared <= high)
    return {name: count / simulations for name, count in covered.items()}


def prevalence_coverage(prevalence: float, images: int, simulations: int, seed: int) -> Mapping[str, float]:
    """Returns the coverage of U, AUROC and balanced accuracy of a binary attribute that is true for a share of images.

    The code has three dimensions: one without the attribute, and two in which its images lie one and two standard
    deviations further. Where a part has fewer images of the class than an audit asks for nothing is shown; "shown" is
    the share of the other simulations, over which coverage is taken. images: of each of the two parts.
    """
    rng = np.random.default_rng([seed, images, round(1000 * prevalence), 14])
    attribute, shifts = Attribute("rare", "binary", ("no", "yes")), np.array([0.0, 1.0, 2.0])
    covered: dict[str, list[bool]] = {"u": [], "auroc": [], "balanced_accuracy": []}
    shown = 0
    for simulation in range(simulations):
        label = (rng.random((2, images)) < prevalence).astype(np.float64)
        if label.sum(axis=1).min() < FEWEST_OF_A_CLASS:
            continue
        shown += 1
        codes = rng.standard_normal((2, images, len(shifts))) + shifts * label[:, :, None]
        found = association.compute(
            [attribute], codes[0], label[0][:, None], codes[1], label[1][:, None], simulation, 99, _RESAMPLES
        )
        bins = fit_code_bins(codes[0], association.CODE_BINS)
        weights, fewest = image_weights(images, _RESAMPLES, rng), int(label[1].sum())
        for dimension, shift in enumerate(shifts):
            truth = _binned_uncertainty(prevalence, shift, bins.edges[dimension])
            low, high = found.low[0, dimension], found.high[0, dimension]
            covered["u"].append(bool(low <= truth + 1e-9 and truth <= high))
            score = codes[1, :, dimension]
            chosen = (score > shift / 2.0).astype(np.int64)
            drawn = {
                "auroc": auroc_resamples(label[1], score, weights),
                "balanced_accuracy": balanced_accuracy_resamples(label[1], chosen, 2, weights),
            }
            truths = {"auroc": norm.cdf(shift / np.sqrt(2.0)), "balanced_accuracy": norm.cdf(shift / 2.0)}
            for name, samples in drawn.items():
                low, high = interval(samples, expanded_confidence(fewest))
                covered[name].append(bool(low <= truths[name] <= high))
    return {"shown": shown / simulations, **{name: _mean(hits) for name, hits in covered.items()}}


def _mean(hits: list[bool]) -> float:
    return float(np.mean(hits)) if hits else float("nan")


def _binned_uncertainty(prevalence: float, shift: float, edges: Floats) -> float:
    """Returns U of a class a `shift` further along a normal code that is cut at `edges`."""
    bounds = np.concatenate([[-np.inf], edges, [np.inf]])
    cells = np.stack(
        [
            (1.0 - prevalence) * np.diff(norm.cdf(bounds)),
            prevalence * np.diff(norm.cdf(bounds - shift)),
        ]
    )
    return max(float(uncertainty_coefficient(1e9 * cells, corrected=False)), 0.0)


def effect_coverage(simulations: int, seed: int, images: int = 256) -> float:
    """Returns the coverage of the on-target effect when every image follows the dose with its own slope."""
    rng = np.random.default_rng([seed, 13])
    attribute = Attribute("target", "continuous")
    gate = Gate("target", "passed", "R2", 1.0, 0.5, NO_REASON)
    grid = np.stack([np.linspace(-1.0, 1.0, 101), np.zeros(101)], axis=1).astype(np.float32)
    span = float(np.quantile(grid[:, 0], 0.98) - np.quantile(grid[:, 0], 0.02))
    covered = 0
    for _ in range(simulations):
        slopes = 1.0 + rng.standard_normal(images)
        codes = np.stack([rng.uniform(-1.0, 1.0, images), slopes], axis=1).astype(np.float32)
        found = intervention.compute(
            (attribute,),
            codes,
            grid,
            lambda latents, rows: (latents[:, :1] * latents[:, 1:])[:, :, None, None],
            lambda made: made[:, :, 0, 0],
            {"target": (0,)},
            (gate,),
            (0,),
            (0, 1),
            seed,
            resamples=_RESAMPLES,
            null_images=2,
            null_directions_per_dimension=1,
        )
        # A fixed `seed` draws the same resamples each time; the data are what varies.
        covered += bool(found.effect_low[0, 0] <= span <= found.effect_high[0, 0])
    return covered / simulations
