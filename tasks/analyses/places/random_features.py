"""A fast nonlinear probe: ridge regression on random rectified features (Rahimi and Recht 2008, NeurIPS 21)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEATURES = 120
RIDGE = 1e-3
# Kinks lie where standardised codes do.
_REACH = 2.0


def features_of(codes: Floats, seed: int) -> NDArray[np.float32]:
    """Returns (n, d + features): the standardised codes (n, d) themselves, and rectified random projections."""
    rng = np.random.default_rng([seed, codes.shape[1]])
    directions = rng.standard_normal((codes.shape[1], FEATURES))
    directions /= np.maximum(np.linalg.norm(directions, axis=0), 1e-12)
    kinks = rng.uniform(-_REACH, _REACH, FEATURES)
    single = codes.astype(np.float32)
    bent = np.maximum(single @ directions.astype(np.float32) - kinks.astype(np.float32), 0.0)
    return np.concatenate([single, bent], axis=1)


def predict(fit: NDArray[np.floating], targets: Floats, test: NDArray[np.floating]) -> Floats:
    """Returns predictions (m, c) for features `test` of a ridge regression of targets (n, c) on features `fit`."""
    mean, centre = fit.mean(axis=0), targets.mean(axis=0)
    inner = fit - mean
    gram = (inner.T @ inner / len(fit)).astype(np.float64)
    spread = np.sqrt(np.maximum(np.diag(gram), 1e-12))
    gram = gram / spread[:, None] / spread[None, :] + RIDGE * np.eye(len(gram))
    common = inner.T @ (targets - centre).astype(fit.dtype) / len(fit)
    weights = np.linalg.solve(gram, common / spread[:, None]) / spread[:, None]
    return np.asarray(centre - mean @ weights + test @ weights.astype(fit.dtype), dtype=np.float64)


def crossed_predictions(codes: Floats, targets: Floats, half: NDArray[np.bool_], seed: int) -> Floats:
    """Returns predictions (n, c) of every row by the probe that was fitted on the other half."""
    features = features_of(codes, seed)
    found = np.empty_like(targets)
    found[half] = predict(features[~half], targets[~half], features[half])
    found[~half] = predict(features[half], targets[half], features[~half])
    return found
