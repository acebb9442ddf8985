"""Augmentation: a probe with generated images against one without, on held-out real images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.latent_space.attribute_classes import AttributeClass, Bools
from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.analyses.statistics.probe_scores import balanced_accuracy, balanced_accuracy_resamples
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows

LABELLED = (40, 80, 160, 320)


@dataclass(frozen=True)
class AugmentationPoint:
    """Balanced accuracy on held-out real images of probes of `labelled` real images, without and with
    `generated` ones; difference: with minus without, over the same resampled images.
    """

    labelled: int
    generated: int
    without: Estimate
    with_generated: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Augmentation:
    """One attribute's curve over the number of labelled images."""

    attribute: str
    meaning: str
    points: tuple[AugmentationPoint, ...]


def augment(
    codes: NDArray[np.floating],
    images: NDArray[np.uint8],
    labels: Bools,
    test_images: NDArray[np.uint8],
    test_labels: Bools,
    attribute_classes: Sequence[AttributeClass],
    decode: Decode,
    rng: np.random.Generator,
    labelled: Sequence[int] = LABELLED,
    generated: int = 300,
    components: int = 30,
    resamples: int = 500,
) -> tuple[Augmentation, ...]:
    """Returns one curve per attribute.

    codes (n, d), images (n, c, h, w) and labels (n, k) are of the fitting part, the others of held-out real
    images. With and without the attribute, codes of the labelled images give a normal distribution (a
    dimension by itself); codes drawn from both in equal shares are decoded and labelled by where they came
    from, so no label is used that the probe without them does not have. The probe is a logistic regression
    on the main components of pixels, which need no labels.
    """
    real, test = _flat(images), _flat(test_images)
    axes = PCA(min(components, len(real), real.shape[1]), svd_solver="randomized", random_state=0).fit(real)
    shown, asked = axes.transform(real), axes.transform(test)
    weights = image_weights(len(test), resamples, rng)
    seed = int(rng.integers(2**31))
    curves = []
    for place, attribute_class in enumerate(attribute_classes):
        points = []
        for count in labelled:
            rows = draw_rows(len(real), count, seed, f"{count} labelled images", classes=labels[:, [place]])
            own = labels[rows, place]
            if count > len(real) or min(own.sum(), (~own).sum()) < 4:
                continue
            half = generated // 2
            drawn = np.concatenate([draw_like(codes[rows][own == side], half, rng) for side in (True, False)])
            made = axes.transform(_flat(np.asarray(decode(drawn, np.arange(len(drawn))))))
            truth = test_labels[:, place]
            alone = _probe(shown[rows], own, asked)
            both = _probe(
                np.concatenate([shown[rows], made]),
                np.concatenate([own, np.repeat([True, False], half)]),
                asked,
            )
            points.append(_point(count, 2 * half, truth, alone, both, weights))
        curves.append(Augmentation(attribute_class.attribute.name, attribute_class.name, tuple(points)))
    return tuple(curves)


def draw_like(codes: NDArray[np.floating], count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns (count, d) draws of a normal distribution with mean and deviation of codes (n, d), by dimension."""
    normal = rng.standard_normal((count, codes.shape[1]))
    return (codes.mean(axis=0) + normal * codes.std(axis=0)).astype(np.float32)


def _probe(points: NDArray[np.floating], labels: Bools, asked: NDArray[np.floating]) -> NDArray[np.int64]:
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=500))
    return np.asarray(probe.fit(points, labels).predict(asked), dtype=np.int64)


def _point(
    count: int,
    generated: int,
    truth: Bools,
    alone: NDArray[np.int64],
    both: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> AugmentationPoint:
    labels = truth.astype(np.float64)
    values = [balanced_accuracy(labels, chosen) for chosen in (alone, both)]
    draws = [balanced_accuracy_resamples(labels, chosen, 2, weights) for chosen in (alone, both)]
    n, source = len(labels), "bootstrap over images"
    return AugmentationPoint(
        count,
        generated,
        from_samples(values[0], draws[0], n, source),
        from_samples(values[1], draws[1], n, source),
        from_samples(values[1] - values[0], draws[1] - draws[0], n, source),
    )


def _flat(images: NDArray[np.generic]) -> NDArray[np.float32]:
    """Returns (n, values) in [0, 1] of uint8 images or of decoded ones."""
    flat = images.reshape(len(images), -1).astype(np.float32)
    return flat / 255.0 if images.dtype == np.uint8 else flat
