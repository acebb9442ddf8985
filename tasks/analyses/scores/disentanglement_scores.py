"""Global scores of a code, by name, as an audit reports them: MIG, DCI, SAP, modularity, IRS and others."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.scores.information_scores import mig, modularity_of_information
from latent_audit.tasks.analyses.scores.predictor_scores import Dci, dci, dci_extra_trees, explicitness, sap
from latent_audit.tasks.analyses.scores.robustness_score import irs
from latent_audit.tasks.analyses.scores.sampling_scores import beta_vae_score, factor_vae_score
from latent_audit.tasks.analyses.scores.score_meanings import comparing
from latent_audit.tasks.analyses.scores.unsupervised_scores import unsupervised_scores
from latent_audit.tasks.analyses.statistics.estimates import Estimate, NotApplicable, centred_interval
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.vocabulary.reasons import reason

Codes = NDArray[np.floating]
Factors = NDArray[np.int64]
SOURCE = "bootstrap over images"
SINGULAR = reason("score.singular")
NO_GRID = reason("score.no_grid")
ONE_ATTRIBUTE = reason("score.one_attribute")
ONE_DIMENSION = reason("score.one_dimension")
NOT_FINITE = reason("score.not_finite")


def compute(
    fit_codes: Codes,
    fit_factors: Factors,
    test_codes: Codes,
    test_factors: Factors,
    seed: int,
    has_factor_grid: bool,
    published_dci: bool = False,
    resamples: int = 50,
    predictor_images: int = 2000,
    votes: int = 2000,
) -> dict[str, Estimate | NotApplicable]:
    """Returns the scores of codes (n, d) for integer factors (n, k), by name.

    MIG, modularity, SAP by correlation, IRS and the unsupervised scores come from the test part, with
    bootstrap intervals; predictors are fitted on `predictor_images` of the fit part, drawn at random
    with every level of every factor, and have none. FactorVAE and beta-VAE scores need a factor grid.
    `published_dci` adds the gradient boosting estimator, which takes minutes. A score that compares attributes is
    not applicable to one attribute, and a score that compares dimensions is not applicable to one dimension.
    """
    rng = np.random.default_rng(seed)
    scores = _resampled(test_codes, test_factors, resamples, rng)
    drawn = draw_rows(len(fit_codes), predictor_images, seed, "predictors", classes=fit_factors)
    fit_codes, fit_factors = fit_codes[drawn], fit_factors[drawn]
    n = len(fit_codes)
    trees = dci_extra_trees(fit_codes, fit_factors, test_codes, test_factors, seed)
    scores |= _dci_scores("dci_extra_trees", trees, n)
    if published_dci:
        scores |= _dci_scores("dci", dci(fit_codes, fit_factors, test_codes, test_factors, seed), n)
    scores["sap_discrete"] = _exact(sap(fit_codes, fit_factors, test_codes, test_factors, seed).score, n)
    scores["explicitness"] = _exact(
        explicitness(fit_codes, fit_factors, test_codes, test_factors).score_test, n
    )
    half = max(votes // 2, 1)
    for name, score in (("factor_vae_score", factor_vae_score), ("beta_vae_score", beta_vae_score)):
        scores[name] = (
            _exact(score(test_codes, test_factors, seed, votes, half).accuracy_test, half)
            if has_factor_grid
            else NotApplicable(NO_GRID)
        )
    undefined = _undefined(test_codes.shape[1], test_factors.shape[1])
    return {name: undefined.get(name, score) for name, score in scores.items()}


def _undefined(dimensions: int, attributes: int) -> dict[str, NotApplicable]:
    """Returns the scores that are not defined for a code and attributes of these sizes, with the reason."""
    found: dict[str, NotApplicable] = {}
    if dimensions == 1:
        found |= dict.fromkeys(comparing("dimensions"), NotApplicable(ONE_DIMENSION))
    if attributes == 1:
        found |= dict.fromkeys(comparing("attributes"), NotApplicable(ONE_ATTRIBUTE))
    return found


def _of_information(codes: Codes, factors: Factors) -> dict[str, float]:
    found = mig(codes, factors)
    modular = modularity_of_information(found.information_nats)
    return {"mig": found.score, "modularity": modular.score}


def _of_dependence(codes: Codes, _: Factors) -> dict[str, float]:
    found = unsupervised_scores(codes)
    return {
        "gaussian_total_correlation_nats": found.gaussian_total_correlation_nats,
        "gaussian_wasserstein_correlation_normalised": found.gaussian_wasserstein_correlation_normalised,
        "mutual_information_nats": found.mutual_information_nats,
    }


# Scores that follow from one thing are computed from it together.
_SCORED_BY_RESAMPLING: Sequence[Callable[[Codes, Factors], dict[str, float]]] = (
    _of_information,
    lambda codes, factors: {"sap_continuous": sap(codes, factors).score},
    lambda codes, factors: {"irs": irs(codes, factors).score},
    _of_dependence,
)


def _resampled(
    codes: Codes, factors: Factors, resamples: int, rng: np.random.Generator
) -> dict[str, Estimate | NotApplicable]:
    draws = rng.integers(len(codes), size=(resamples, len(codes)))
    found: dict[str, Estimate | NotApplicable] = {}
    for scores in _SCORED_BY_RESAMPLING:
        values = scores(codes, factors)
        drawn = [scores(codes[rows], factors[rows]) for rows in draws]
        for name, value in values.items():
            if not np.isfinite(value):
                found[name] = NotApplicable(SINGULAR)
                continue
            low, high = centred_interval(np.asarray(value), np.array([one[name] for one in drawn]))
            found[name] = Estimate(value, float(low), float(high), len(codes), SOURCE)
    return found


def _exact(value: float, n: int) -> Estimate | NotApplicable:
    if not np.isfinite(value):
        return NotApplicable(NOT_FINITE)
    return Estimate(value, None, None, n, "one fit, no interval")


def _dci_scores(name: str, scores: Dci, n: int) -> dict[str, Estimate | NotApplicable]:
    return {
        f"{name}_disentanglement": _exact(scores.disentanglement, n),
        f"{name}_completeness": _exact(scores.completeness, n),
        f"{name}_informativeness": _exact(scores.informativeness_test, n),
    }
