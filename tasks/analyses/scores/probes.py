"""Probes: prediction of an attribute from the whole code, beside baselines without information."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.scores.classifier_scores import fewest_of_a_class
from latent_audit.tasks.analyses.statistics.binning import fit_code_bins
from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.analyses.statistics.probe_scores import (
    auroc,
    auroc_resamples,
    balanced_accuracy,
    balanced_accuracy_resamples,
    r_squared,
    r_squared_resamples,
)
from latent_audit.tasks.analyses.statistics.sample_rows import class_columns, draw_rows
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
SOURCE = "bootstrap over images"
BOOSTING_BINS = 255  # scikit-learn's own number, and its most


@dataclass(frozen=True)
class ProbeResult:
    """One probe on one kind of codes: "model", a control's name, "shuffled_labels" or "majority"."""

    probe: str
    codes: str
    estimate: Estimate


@dataclass(frozen=True)
class Probe:
    """All probes of one attribute by one statistic, and the selectivity of the best one on the model.

    Selectivity is its score minus that of the same probe on shuffled labels (Hewitt and Liang 2019).
    """

    attribute: str
    statistic: str
    results: tuple[ProbeResult, ...]
    selectivity: Estimate


def compute(
    attributes: Sequence[Attribute],
    fit_codes: NDArray[np.floating],
    fit_values: Floats,
    test_codes: NDArray[np.floating],
    test_values: Floats,
    controls: Mapping[str, tuple[NDArray[np.floating], NDArray[np.floating]]],
    seed: int,
    resamples: int = 300,
    boosting_iterations: int = 40,
    boosting_images: int = 2000,
    with_boosting: bool = True,
) -> tuple[Probe, ...]:
    """Returns one Probe per attribute, two for binary ones (balanced accuracy and AUROC).

    `controls` maps "random_init", "pca" to their (fit codes, test codes) on the same images. Probes are
    fitted on the fit part, scored on the test part, of the images that have the attribute (NaN: no value). Boosting is
    fitted on `boosting_images` of the fit part, drawn with every class of the attribute; without it the linear probe
    is the only one. One thread: models and seeds are what runs side by side.
    """
    rng = np.random.default_rng(seed)
    weights = image_weights(len(test_values), resamples, rng)
    sets = {"model": (fit_codes, test_codes), **controls}
    probes: list[Probe] = []
    with threadpool_limits(limits=1):
        for column, attribute in enumerate(attributes):
            inside, outside = (~np.isnan(values[:, column]) for values in (fit_values, test_values))
            labels = class_columns([attribute], fit_values[inside][:, [column]])
            every = np.arange(int(inside.sum()))
            drawn = weights if outside.all() else weights[:, outside]
            task = _Task(attribute, fit_values[inside, column], test_values[outside, column], drawn, rng)
            fitted_on = {task.linear_name: every}
            if with_boosting:
                fitted_on["boosting"] = draw_rows(
                    len(every), boosting_images, seed, "boosting", classes=labels
                )
            runs: list[tuple[str, str, _Scores]] = []
            for name, (fit, test) in [*sets.items(), ("shuffled_labels", sets["model"])]:
                for kind, rows in fitted_on.items():
                    predicted = task.predict(
                        kind,
                        fit[inside],
                        test[outside],
                        rows,
                        boosting_iterations,
                        name == "shuffled_labels",
                        seed,
                    )
                    runs.append((kind, name, task.score(predicted, name == "shuffled_labels")))
            probes += _tables(attribute, runs, task)
    return tuple(probes)


_Scores = dict[str, tuple[float, Floats]]  # statistic -> value, resampled values


class _Task:
    """The labels of one attribute, encoded for probes."""

    def __init__(
        self, attribute: Attribute, fit: Floats, test: Floats, weights: Floats, rng: np.random.Generator
    ) -> None:
        self.classifies = attribute.kind in ("binary", "categorical")
        self.binary = attribute.kind == "binary"
        self.linear_name = "logistic" if self.classifies else "linear"
        self.classes = len(attribute.classes)
        self.weights = weights
        self.fit, self.test = _encode(attribute, fit), _encode(attribute, test)
        # A control task: labels with the same frequencies that no image can tell.
        self.shuffled_fit = self.fit[rng.permutation(len(fit))]
        self.shuffled_test = self.test[rng.permutation(len(test))]
        self.fewest = fewest_of_a_class(attribute, test)

    def predict(
        self,
        kind: str,
        fit_codes: NDArray[np.floating],
        test_codes: NDArray[np.floating],
        rows: NDArray[np.int64],
        iterations: int,
        shuffled: bool,
        seed: int,
    ) -> Floats:
        """Returns class probabilities (n, classes) or predicted values (n, columns) on the test codes."""
        spread = fit_codes.std(axis=0)
        scale = np.where(spread > 1e-9, spread, 1.0)
        mean = fit_codes.mean(axis=0)
        fit, test = (fit_codes[rows] - mean) / scale, (test_codes - mean) / scale
        labels = (self.shuffled_fit if shuffled else self.fit)[rows]
        if not self.classifies:
            return _regress(kind, fit, labels, test, iterations, seed)
        present = np.unique(labels)
        probabilities = np.zeros((len(test), self.classes))
        if len(present) < 2:
            probabilities[:, int(present[0])] = 1.0
            return probabilities
        if kind == "boosting":
            # Bins that count every image alike: for those that count by class weight, scikit-learn sorts each
            # dimension once a bin, which takes longer than all the trees.
            binning = fit_code_bins(fit, BOOSTING_BINS)
            fit, test = binning.apply(fit), binning.apply(test)
            model = HistGradientBoostingClassifier(
                max_bins=BOOSTING_BINS,
                max_iter=iterations,
                max_leaf_nodes=15,
                learning_rate=0.2,
                early_stopping=False,
                class_weight="balanced",
                random_state=seed,
            )
        else:
            model = LogisticRegression(class_weight="balanced", max_iter=1000)
        probabilities[:, present.astype(np.int64)] = model.fit(fit, labels).predict_proba(test)
        return probabilities

    def score(self, predicted: Floats, shuffled: bool) -> _Scores:
        """Returns every statistic of this attribute for one set of predictions."""
        truth = self.shuffled_test if shuffled else self.test
        if not self.classifies:
            return {"R2": (r_squared(truth, predicted), r_squared_resamples(truth, predicted, self.weights))}
        chosen = predicted.argmax(axis=1)
        scores = {
            "balanced accuracy": (
                balanced_accuracy(truth, chosen),
                balanced_accuracy_resamples(truth, chosen, self.classes, self.weights),
            )
        }
        if self.binary:
            ranked = predicted[:, 1]
            scores["AUROC"] = (auroc(truth, ranked), auroc_resamples(truth, ranked, self.weights))
        return scores

    def majority(self) -> _Scores:
        """Returns the scores of the most frequent class, or of the mean, of the fit part."""
        if self.classifies:
            frequent = np.bincount(self.fit.astype(np.int64)).argmax()
            predicted = np.zeros((len(self.test), self.classes))
            predicted[:, frequent] = 1.0
            return self.score(predicted, shuffled=False)
        return self.score(np.broadcast_to(self.fit.mean(axis=0), self.test.shape), shuffled=False)


def _encode(attribute: Attribute, values: Floats) -> Floats:
    """Returns class codes (n,), or columns (n, 1) in the attribute's unit, (n, 2) cos and sin if cyclic."""
    if attribute.kind in ("binary", "categorical"):
        return values
    if attribute.kind == "cyclic":
        assert attribute.period is not None  # Attribute refuses a cyclic one without it
        angle = 2.0 * np.pi * values / attribute.period
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return values[:, None]


def _regress(kind: str, fit: Floats, labels: Floats, test: Floats, iterations: int, seed: int) -> Floats:
    if kind == "linear":
        return np.asarray(Ridge(alpha=1.0).fit(fit, labels).predict(test)).reshape(len(test), -1)
    columns = [
        HistGradientBoostingRegressor(
            max_iter=iterations, max_leaf_nodes=15, learning_rate=0.2, early_stopping=False, random_state=seed
        )
        .fit(fit, labels[:, column])
        .predict(test)
        for column in range(labels.shape[1])
    ]
    return np.stack(columns, axis=1)


def _tables(attribute: Attribute, runs: list[tuple[str, str, _Scores]], task: _Task) -> list[Probe]:
    majority = task.majority()
    n = len(task.test)
    probes = []
    for statistic in majority:
        scored = [(kind, name, *scores[statistic]) for kind, name, scores in runs]
        scored.append(("majority", "majority", *majority[statistic]))
        best = max((row for row in scored if row[1] == "model"), key=lambda row: row[2])
        control = next(row for row in scored if row[0] == best[0] and row[1] == "shuffled_labels")
        results = tuple(
            ProbeResult(kind, name, from_samples(value, samples, n, SOURCE, task.fewest))
            for kind, name, value, samples in scored
        )
        selectivity = from_samples(best[2] - control[2], best[3] - control[3], n, SOURCE, task.fewest)
        probes.append(Probe(attribute.name, statistic, results, selectivity))
    return probes
