"""What must hold where images are few and judged in folds: error rates, power and coverage, on worlds of 300 images."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import multivariate_normal, norm

from latent_audit.tasks.analyses.checks import association, specificity
from latent_audit.tasks.analyses.checks.association import ATTRIBUTE_BINS, FEW_CODE_BINS
from latent_audit.tasks.analyses.places.evidence import DIMENSION, DIRECTION, READ
from latent_audit.tasks.analyses.places.rules import where
from latent_audit.tasks.analyses.selftest import place_worlds
from latent_audit.tasks.analyses.selftest.place_audit import LIMITS, measure_world, record_of
from latent_audit.tasks.analyses.selftest.row import Row
from latent_audit.tasks.analyses.selftest.synthetic_data import SyntheticData
from latent_audit.tasks.analyses.statistics.estimates import CONFIDENCE
from latent_audit.tasks.analyses.statistics.folds import deal_folds
from latent_audit.tasks.analyses.statistics.mutual_information import uncertainty_coefficient
from latent_audit.vocabulary.verdicts import SUPPORTED

Floats = NDArray[np.float64]
Folds = NDArray[np.int8]
# With a classifier that people bring all images are audited; of our own, a third trains it.
AUDITED = {"brought": 300, "ours": 200}
CLASSIFIER_IMAGES = 100
DIMENSIONS = 8
# Noise of a code, in standard deviations of the attribute, with which its dimension has a U of 0.4 in twenty bins.
NOISE = 0.385
LEAST_POWER, MOST_FALSE = 0.6, 0.005


def few_images_row(worlds: int, seed: int) -> Row:
    """Returns how often anything holds falsely, how often what is planted is found, and the coverage of U."""
    nulls = [_null_world(classifier, world, seed) for classifier in AUDITED for world in range(worlds)]
    associated = float(np.mean([families for families, _, _ in nulls]))
    supported = sum(found for _, found, _ in nulls) / sum(claims for _, _, claims in nulls)
    promised = LIMITS.significance
    limit = promised + 2.0 * float(np.sqrt(promised * (1.0 - promised) / len(nulls)))
    measured = {
        "worlds": float(worlds),
        "false_associated": associated,
        "limit": limit,
        "false_supported": supported,
    }
    covered: list[bool] = []
    powers = []
    for rung in (DIMENSION, DIRECTION):
        for classifier in AUDITED:
            found = [_planted_world(rung, classifier, world, seed) for world in range(worlds)]
            power = float(np.mean([hit for hits, _ in found for hit in hits]))
            measured[f"{rung}_{classifier}"] = power
            powers.append(power)
            covered += [hit for _, hits in found for hit in hits]
    coverage = float(np.mean(covered))
    slack = 2.0 * float(np.sqrt(CONFIDENCE * (1.0 - CONFIDENCE) / len(covered)))
    measured["coverage"] = coverage
    return Row(
        "few images in folds",
        "family-wise false 'associated' <= 0.05 + 2 standard errors, false 'Supported' <= 0.005; a planted dimension "
        "and direction (U 0.4, 300 images) found in >= 60 %; U in its interval in 92 to 98 %",
        measured,
        associated <= limit
        and supported <= MOST_FALSE
        and min(powers) >= LEAST_POWER
        and 0.92 - (slack if len(covered) < 1000 else 0.0) <= coverage
        and coverage <= 0.98 + (slack if len(covered) < 1000 else 0.0),
    )


def _null_world(classifier: str, world: int, seed: int) -> tuple[bool, int, int]:
    """Returns whether anything is associated, how many rungs are Supported, and how many there are."""
    rng = np.random.default_rng([seed, world, 51, AUDITED[classifier]])
    images = AUDITED[classifier]
    made = place_worlds.null_world(images, DIMENSIONS, rng, heavy_tailed=world % 2 == 1, skewed=world % 4 > 1)
    found = measure_world(made, world, folds=_folds(images, rng))
    coordinates = [row.association for place in found.attributes for row in place.rungs]
    rungs = [
        rung
        for row in where.places_of_control(record_of(made, found), LIMITS)
        for rung in row.rungs
        if rung.rung != READ
    ]
    return (
        any(one.p_adjusted <= LIMITS.significance for one in coordinates),
        sum(rung.verdict == SUPPORTED for rung in rungs),
        len(rungs),
    )


def _planted_world(rung: str, classifier: str, world: int, seed: int) -> tuple[list[bool], list[bool]]:
    """Returns whether each attribute has the planted place, Supported, and whether U of it is in its interval."""
    rng = np.random.default_rng([seed, world, 52, AUDITED[classifier], rung == DIRECTION])
    images = AUDITED[classifier]
    # A direction lies between the axes of three dimensions, where no single one of them comes near.
    mixing = np.eye(3) if rung == DIMENSION else _between_axes(rng)
    trained = CLASSIFIER_IMAGES if classifier == "ours" else 0
    signals = rng.standard_normal((images + trained, 3))
    made = place_worlds.continuous_world(
        signals, lambda s: s @ mixing, lambda z: z @ mixing.T, rng, DIMENSIONS - 3, NOISE
    )
    if trained:
        made = _read_as_learnt(made, trained)
    folds = _folds(images, rng)
    found = measure_world(made, world, folds=folds)
    rows = where.places_of_control(record_of(made, found), LIMITS)
    truth = binned_uncertainty(1.0 / np.sqrt(1.0 + NOISE**2))
    hits = [row.rung == rung and row.verdict == SUPPORTED for row in rows]
    if rung == DIMENSION:
        estimates = [claim.uncertainty for claim in _claims(made, folds, world)]
    else:
        estimates = [
            next(row.association.uncertainty for row in place.rungs if row.rung == rung)
            for place in found.attributes
        ]
    inside = [
        one.low is not None and one.high is not None and one.low <= truth <= one.high for one in estimates
    ]
    return hits, inside


def _claims(made: SyntheticData, folds: Folds, seed: int) -> tuple[specificity.Specificity, ...]:
    """Returns the claims on single dimensions."""
    parts = (made.codes, made.values, made.codes, made.values)
    found = association.compute(
        made.attributes, *parts, seed, permutations=199, resamples=200, code_bins=FEW_CODE_BINS
    )
    return specificity.compute(
        made.attributes,
        *parts,
        found,
        range(made.codes.shape[1]),
        seed,
        significance=LIMITS.significance,
        survives_from=LIMITS.survives_min,
        gap_min=LIMITS.gap_min,
        resamples=60,
        folds=folds,
    )


def _between_axes(rng: np.random.Generator) -> Floats:
    """Returns a random rotation (3, 3) that has no entry above 0.8 in magnitude."""
    while True:
        rotation, _ = np.linalg.qr(rng.standard_normal((3, 3)))
        if np.abs(rotation).max() <= 0.8:
            return np.asarray(rotation)


def _read_as_learnt(made: SyntheticData, trained: int) -> SyntheticData:
    """Returns the world without its first images, read by a regression that was fitted on these."""
    images = made.decode(made.codes)[:, :, 0, 0]
    mean, spread = made.values.mean(axis=0), made.values.std(axis=0)
    extended = np.concatenate([images, np.ones((len(images), 1))], axis=1)
    training = np.arange(len(images)) < trained
    weights = np.linalg.lstsq(extended[training], ((made.values - mean) / spread)[training], rcond=None)[0]

    def respond(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(pictures[:, :, 0, 0] @ weights[:-1] + weights[-1], dtype=np.float32)

    return replace(made, values=made.values[~training], codes=made.codes[~training], respond=respond)


def _folds(images: int, rng: np.random.Generator) -> Folds:
    return deal_folds(rng.permutation(images), images, rng)


def binned_uncertainty(correlation: float, levels: int = ATTRIBUTE_BINS, bins: int = FEW_CODE_BINS) -> float:
    """Returns U of two normals with a correlation, each cut at its quantiles."""
    from_levels, from_bins = (
        np.concatenate([[-8.0], norm.ppf(np.arange(1, count) / count), [8.0]]) for count in (levels, bins)
    )
    joint = multivariate_normal(cov=[[1.0, correlation], [correlation, 1.0]])
    grid = np.stack(np.meshgrid(from_levels, from_bins, indexing="ij"), axis=-1)
    cumulative = np.asarray(joint.cdf(grid))
    cells = np.diff(np.diff(cumulative, axis=0), axis=1)
    return float(uncertainty_coefficient(1e9 * np.maximum(cells, 0.0), corrected=False))
