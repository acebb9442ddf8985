"""Label efficiency: accuracy of a model trained with labels of a share of the images, beside a plain classifier and a
CNN trained on the labelled images alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.analyses.statistics.probe_scores import balanced_accuracy, balanced_accuracy_resamples
from latent_audit.tasks.datasets.attributes import Attribute

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Named:
    """The classes (n,) that each learner names in held-out images, after so many labelled images."""

    labelled_images: int
    model: Labels
    baseline: Labels
    cnn: Labels


@dataclass(frozen=True)
class LabelledShare:
    """One share of labels, its number of images, and the balanced accuracies on held-out images."""

    share: float
    labelled_images: int
    model: Estimate
    baseline: Estimate
    cnn: Estimate


@dataclass(frozen=True)
class LabelEfficiency:
    """Balanced accuracies by labelled share; `chance` is the score of guessing."""

    attribute: str
    chance: float
    shares: tuple[LabelledShare, ...]


def compute(
    attribute: Attribute,
    truth: NDArray[np.float64],
    named: Mapping[float, Named],
    resamples: int,
    rng: np.random.Generator,
) -> LabelEfficiency:
    """Returns accuracies with bootstrap intervals over the same held-out images for every share.

    truth: (n,) class codes. named: by share.
    """
    classes = len(attribute.classes)
    weights = image_weights(len(truth), resamples, rng)

    def score(chosen: Labels) -> Estimate:
        samples = balanced_accuracy_resamples(truth, chosen, classes, weights)
        return from_samples(balanced_accuracy(truth, chosen), samples, len(truth), "bootstrap over images")

    shares = tuple(
        LabelledShare(share, by.labelled_images, score(by.model), score(by.baseline), score(by.cnn))
        for share, by in sorted(named.items())
    )
    return LabelEfficiency(attribute.name, 1.0 / classes, shares)


def baseline(fit: NDArray[np.floating], labels: Labels, held_out: NDArray[np.floating]) -> Labels:
    """Returns the classes (n,) that logistic regression on labelled features (m, f) gives held-out ones (n, f).

    Where all labels are of one class, that class.
    """
    if len(np.unique(labels)) == 1:
        return np.full(len(held_out), labels[0])
    spread = np.maximum(fit.std(axis=0), 1e-6)
    centre = fit.mean(axis=0)
    model = LogisticRegression(max_iter=500).fit((fit - centre) / spread, labels)
    return np.asarray(model.predict((held_out - centre) / spread), dtype=np.int64)
