import json

import numpy as np
import pytest
from scipy.linalg import sqrtm

from latent_audit.tasks.analyses.scores.disentanglement_scores import ONE_ATTRIBUTE, ONE_DIMENSION, compute
from latent_audit.tasks.analyses.scores.information_scores import (
    histogram_bins,
    mig,
    modularity,
    modularity_of_information,
)
from latent_audit.tasks.analyses.scores.predictor_scores import (
    completeness,
    dci,
    dci_extra_trees,
    disentanglement,
    explicitness,
    sap,
)
from latent_audit.tasks.analyses.scores.robustness_score import irs
from latent_audit.tasks.analyses.scores.sampling_scores import beta_vae_score, factor_vae_score
from latent_audit.tasks.analyses.scores.score_meanings import comparing
from latent_audit.tasks.analyses.scores.unsupervised_scores import udr, unsupervised_scores
from latent_audit.tasks.analyses.statistics.estimates import NotApplicable

SIZES = (3, 4, 5)
CASES = ("identity", "duplicated", "rotated", "two_factors_in_one", "zeros")


@pytest.fixture(scope="module")
def reference(real_data):
    folder = real_data / "reference" / "disentanglement_metrics"
    with np.load(folder / "cases.npz", allow_pickle=False) as arrays:
        cases = {name: arrays[f"code_{name}"].T for name in CASES}
        factors, fitted = arrays["factors"].T.astype(np.int64), int(arrays["n_train"])
    return cases, factors, fitted, json.loads((folder / "values.json").read_text())["values"]


@pytest.mark.parametrize("case", CASES)
def test_deterministic_scores_agree_with_disentanglement_lib(reference, case):
    cases, factors, fitted, values = reference
    codes, known = cases[case][:fitted], factors[:fitted]
    assert mig(codes, known).score == pytest.approx(values[case]["mig_hist20"], abs=1e-6)
    assert modularity(codes, known).score == pytest.approx(values[case]["modularity_hist20"], abs=1e-6)
    assert sap(codes, known).score == pytest.approx(values[case]["sap_continuous"], abs=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_discrete_sap_agrees_with_disentanglement_lib(reference, case):
    cases, factors, fitted, values = reference
    codes = cases[case]
    found = sap(codes[:fitted], factors[:fitted], codes[fitted:], factors[fitted:])
    assert found.score == pytest.approx(values[case]["sap_discrete"], abs=0.02)


@pytest.mark.parametrize("case", ["rotated", "two_factors_in_one", "zeros"])
def test_dci_agrees_with_disentanglement_lib(reference, case):
    cases, factors, fitted, values = reference
    codes = cases[case]
    found = dci(codes[:fitted], factors[:fitted], codes[fitted:], factors[fitted:], seed=0)
    for name in ("disentanglement", "completeness", "informativeness_train", "informativeness_test"):
        assert getattr(found, name) == pytest.approx(values[case][f"dci_{name}"], abs=0.02)


def test_exact_disentanglement_and_completeness_of_known_importances():
    identity = np.eye(4)
    assert disentanglement(identity) == pytest.approx(1.0)
    assert completeness(identity) == pytest.approx(1.0)
    stacked = np.vstack([identity, identity])
    assert disentanglement(stacked) == pytest.approx(1.0)
    assert completeness(stacked) == pytest.approx(1.0 - np.log(2) / np.log(8))
    beside = np.hstack([identity, identity])
    assert disentanglement(beside) == pytest.approx(1.0 - np.log(2) / np.log(8))
    assert completeness(beside) == pytest.approx(1.0)


def test_exact_modularity_of_known_information():
    assert modularity_of_information(np.eye(3)).score == 1.0
    assert modularity_of_information(np.zeros((3, 3))).score == 0.0
    assert modularity_of_information(np.ones((3, 4))).score == pytest.approx(0.0)
    assert modularity_of_information(np.array([[2.0, 1.0, 0.0]])).score == pytest.approx(1 - 1 / 8)
    assert modularity_of_information(np.array([[1.0, 0.0], [0.0, 0.0]])).score == 0.5


def grid(n=2400):
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(size, size=n) for size in SIZES], axis=1)


def code(kind):
    rng, factors = np.random.default_rng(1), grid()
    clean = factors / np.array(SIZES) + 0.01 * rng.normal(size=factors.shape)
    mixing = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    return {
        "identity": clean,
        "duplicated": np.hstack([clean, clean + 1e-9 * rng.normal(size=clean.shape)]),
        "rotated": (clean - clean.mean(axis=0)) @ mixing,
        "zeros": np.zeros_like(clean),
        "noise": rng.normal(size=clean.shape),
    }[kind]


def scores_of(kind):
    codes, factors = code(kind), grid()
    parts = (codes[:1200], factors[:1200], codes[1200:], factors[1200:])
    trees = dci_extra_trees(*parts, seed=0)
    return {
        "mig": mig(codes, factors).score,
        "modularity": modularity(codes, factors).score,
        "sap": sap(codes, factors).score,
        "sap_discrete": sap(*parts).score,
        "disentanglement": trees.disentanglement,
        "completeness": trees.completeness,
        "informativeness": trees.informativeness_test,
        "explicitness": explicitness(*parts).score_test,
        "irs": irs(codes, factors).score,
        "factor_vae": factor_vae_score(codes, factors, 0, 600, 300).accuracy_test,
        "beta_vae": beta_vae_score(codes, factors, 0, 600, 300).accuracy_test,
    }


def test_identity_scores_near_one():
    found = scores_of("identity")
    for name in ("mig", "modularity", "sap", "disentanglement", "completeness", "informativeness"):
        assert found[name] > 0.95, name
    for name in ("explicitness", "factor_vae", "beta_vae"):
        assert found[name] > 0.95, name
    assert found["sap_discrete"] > 0.2
    assert found["irs"] > 0.9


def test_rotated_code_scores_low():
    found, clean = scores_of("rotated"), scores_of("identity")
    for name in ("mig", "sap", "sap_discrete", "disentanglement", "completeness", "irs", "modularity"):
        assert found[name] < clean[name] - 0.1, name
    assert found["mig"] < 0.4


def test_duplicated_dimensions_have_no_gap_and_half_completeness():
    found = scores_of("duplicated")
    assert found["mig"] == pytest.approx(0.0, abs=1e-3)
    assert found["sap"] == pytest.approx(0.0, abs=1e-6)
    assert found["sap_discrete"] == pytest.approx(0.0, abs=1e-6)
    assert found["completeness"] == pytest.approx(1.0 - np.log(2) / np.log(6), abs=0.03)
    for name in ("disentanglement", "modularity", "factor_vae", "beta_vae", "explicitness"):
        assert found[name] > 0.95, name


def test_zeros_score_nothing_and_noise_next_to_nothing():
    zeros, noise = scores_of("zeros"), scores_of("noise")
    for name in ("mig", "modularity", "sap", "sap_discrete", "disentanglement", "completeness", "irs"):
        assert zeros[name] == pytest.approx(0.0, abs=1e-9), name
    assert zeros["factor_vae"] == 0.0
    assert zeros["explicitness"] == 0.5
    assert zeros["beta_vae"] == pytest.approx(1 / 3, abs=0.1)
    for name in ("mig", "sap", "sap_discrete", "disentanglement", "completeness"):
        assert noise[name] < 0.06, name
    assert noise["explicitness"] == pytest.approx(0.5, abs=0.05)
    assert noise["factor_vae"] == pytest.approx(1 / 3, abs=0.12)
    assert noise["irs"] < 0.35


def test_bins_are_those_of_numpy():
    rng = np.random.default_rng(0)
    for values in (
        rng.normal(size=5000),
        np.round(rng.normal(size=5000), 1),
        rng.integers(20, size=500) / 19.0,
    ):
        edges = np.histogram(values, 20)[1][:-1]
        assert np.array_equal(histogram_bins(values), np.digitize(values, edges) - 1)


def test_unsupervised_scores_of_known_covariances():
    rng = np.random.default_rng(0)
    independent = rng.normal(size=(4000, 3))
    found = unsupervised_scores(independent)
    assert found.gaussian_total_correlation_nats == pytest.approx(0.0, abs=0.002)
    assert found.gaussian_wasserstein_correlation_normalised == pytest.approx(0.0, abs=0.001)
    paired = independent.copy()
    paired[:, 1] = 0.6 * paired[:, 0] + 0.8 * paired[:, 1]
    found = unsupervised_scores(paired)
    assert found.gaussian_total_correlation_nats == pytest.approx(-0.5 * np.log(1 - 0.36), abs=0.02)
    covariance = np.cov(paired.T)
    diagonal = np.diag(np.diag(covariance))
    half = sqrtm(diagonal)
    distance = np.trace(covariance + diagonal - 2 * sqrtm(half @ covariance @ half)).real
    assert found.gaussian_wasserstein_correlation == pytest.approx(distance, abs=1e-9)
    assert found.mutual_information_nats > unsupervised_scores(independent).mutual_information_nats + 0.05
    assert unsupervised_scores(np.zeros((50, 2))).mutual_information_nats == 0.0


@pytest.mark.parametrize("correlation", ["lasso", "spearman"])
def test_udr_knows_relabelled_codes_from_rotated_ones(correlation):
    codes = np.random.default_rng(0).normal(size=(1500, 3))
    kl = np.ones(3)
    alike = udr([codes, -codes[:, [2, 0, 1]], codes[:, [1, 2, 0]]], [kl, kl, kl], correlation)
    assert (alike.scores > 0.85).all()
    mixing = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
    rotated = udr([codes, codes @ mixing, codes @ mixing @ mixing], [kl, kl, kl], correlation)
    assert (rotated.scores < alike.scores - 0.2).all()
    dead = udr([codes, codes, codes], [kl, kl, 0 * kl], correlation)
    assert dead.pairwise[0, 2] == 0.0
    with pytest.raises(ValueError, match="needs at least two"):
        udr([codes], [kl])


def test_reported_scores_have_intervals_or_a_reason():
    codes, factors = code("identity"), grid()
    parts = (codes[:1200], factors[:1200], codes[1200:], factors[1200:])
    found = compute(*parts, seed=0, has_factor_grid=False, resamples=10)
    assert isinstance(found["factor_vae_score"], NotApplicable)
    assert isinstance(found["beta_vae_score"], NotApplicable)
    assert found["mig"].low <= found["mig"].value <= found["mig"].high
    assert found["explicitness"].low is None
    on_grid = compute(*parts, seed=0, has_factor_grid=True, resamples=2, votes=300)
    assert on_grid["factor_vae_score"].value > 0.95
    twice = np.hstack([codes, codes])
    singular = compute(twice[:600], factors[:600], twice[600:], factors[600:], 0, False, resamples=2)
    reason = singular["gaussian_total_correlation_nats"]
    assert isinstance(reason, NotApplicable) or reason.value > 5.0


@pytest.mark.parametrize(
    ("dimensions", "attributes", "undefined"),
    [
        (3, 1, ONE_ATTRIBUTE),
        (1, 3, ONE_DIMENSION),
    ],
)
def test_scores_that_compare_are_not_defined_for_one(dimensions, attributes, undefined):
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (300, attributes))
    codes = factors[:, [0] * dimensions] + 0.1 * rng.standard_normal((300, dimensions))
    found = compute(codes, factors, codes, factors, 0, True, published_dci=True, resamples=5, votes=50)
    names = comparing("attributes" if attributes == 1 else "dimensions")
    assert {name for name, score in found.items() if score == NotApplicable(undefined)} == names & set(found)
    assert all(np.isfinite(score.value) for name, score in found.items() if name not in names)


def test_one_dimension_and_one_attribute_leave_what_needs_neither():
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 2, (200, 1))
    found = compute(factors + 0.0, factors, factors + 0.0, factors, 0, False, resamples=5)
    known = {name: score.value for name, score in found.items() if not isinstance(score, NotApplicable)}
    assert set(known) == {"irs", "explicitness", "dci_extra_trees_informativeness"}
    assert known["explicitness"] == known["dci_extra_trees_informativeness"] == 1.0


def test_the_published_formulas_say_that_one_is_undefined():
    importance = np.array([[0.2], [0.8]])
    assert np.isnan(disentanglement(importance))
    assert completeness(importance) == pytest.approx(1 - (0.2 * np.log2(5) + 0.8 * np.log2(1.25)))
    assert np.isnan(completeness(importance.T))
