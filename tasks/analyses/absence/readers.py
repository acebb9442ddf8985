"""Readers of a whole code: linear, boosting and nearest neighbours, each by least squares on centred targets."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.neighbors import KNeighborsRegressor
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.absence.evidence import BOOSTING, LINEAR, NEIGHBOURS, ReaderName
from latent_audit.tasks.analyses.places.boosted import boosting_settings
from latent_audit.tasks.analyses.places.linear_readers import FOLDS, ridge_path
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows

Floats = NDArray[np.float64]
# From codes, targets and other codes to predictions for the latter.
Predict = Callable[[Floats, Floats, Floats], Floats]


@dataclass(frozen=True)
class Read:
    """What a reader predicts of targets: for images of probe_fit by a fit without them (n, c), and of probe_test."""

    fit: Floats
    test: Floats


def linear_reader(fit: Floats, test: Floats, targets: Floats, seed: int, groups: ImageGroups) -> Read:
    """Returns ridge predictions of targets (n, c); the strength by cross-validation over groups of images."""
    fold = (np.random.default_rng([seed, 51]).permutation(groups.count) % FOLDS)[groups.labels]
    by_strength: list[Floats] = []
    for held_out in range(FOLDS):
        inside, outside = fold != held_out, fold == held_out
        for place, (weights, intercept) in enumerate(ridge_path(fit[inside], targets[inside])):
            if held_out == 0:
                by_strength.append(np.empty_like(targets))
            by_strength[place][outside] = fit[outside] @ weights + intercept
    losses = [float(((targets - predicted) ** 2).sum()) for predicted in by_strength]
    best = int(np.argmin(losses))
    weights, intercept = ridge_path(fit, targets)[best]
    return Read(by_strength[best], test @ weights + intercept)


class Readers:
    """The three readers of standardised codes (n, d) of probe_fit and (m, d) of probe_test."""

    def __init__(
        self,
        fit: Floats,
        test: Floats,
        boosting_images: int,
        boosting_iterations: int,
        seed: int,
        groups: ImageGroups,
    ) -> None:
        self._fit, self._test, self._seed = fit, test, seed
        self._boosting_images, self._iterations = boosting_images, boosting_iterations
        self._groups = groups
        self._half = (np.random.default_rng([seed, 52]).random(groups.count) < 1 / 2)[groups.labels]

    def read(self, targets: Floats) -> dict[ReaderName, Read]:
        """Returns what each reader predicts of targets (n, c)."""
        with threadpool_limits(limits=1):
            return {
                LINEAR: linear_reader(self._fit, self._test, targets, self._seed, self._groups),
                BOOSTING: self._crossed(self._boosted, targets),
                NEIGHBOURS: self._crossed(self._neighbours, targets),
            }

    def _crossed(self, predict: Predict, targets: Floats) -> Read:
        half, crossed = self._half, np.empty_like(targets)
        crossed[half] = predict(self._fit[~half], targets[~half], self._fit[half])
        crossed[~half] = predict(self._fit[half], targets[half], self._fit[~half])
        return Read(crossed, predict(self._fit, targets, self._test))

    def _boosted(self, fit: Floats, targets: Floats, test: Floats) -> Floats:
        rows = draw_rows(len(fit), self._boosting_images, self._seed, "boosting for absence")
        settings = boosting_settings(self._iterations, self._seed)
        columns = [
            HistGradientBoostingRegressor(**settings).fit(fit[rows], column[rows]).predict(test)
            for column in targets.T
        ]
        return np.stack(columns, axis=1)

    def _neighbours(self, fit: Floats, targets: Floats, test: Floats) -> Floats:
        # As many as vary least in all, by the usual rule: the square root of the images.
        count = max(1, round(float(np.sqrt(len(fit)))))
        found = KNeighborsRegressor(count, algorithm="brute").fit(fit, targets).predict(test)
        return np.asarray(found, dtype=np.float64).reshape(len(test), -1)
