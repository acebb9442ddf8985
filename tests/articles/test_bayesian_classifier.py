"""The CNN explained by variational inference: what it does not know, where the answer is known."""

from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.linalg import hadamard
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from latent_audit.tasks.analyses.weight_posterior.entropies import Entropies, split_entropy
from latent_audit.vae_models.attribute_classifier.bayesian_classifier import BayesianClassifier
from latent_audit.vae_models.attribute_classifier.bayesian_settings import BayesianClassifierSettings
from latent_audit.vae_models.attribute_classifier.classifier import AttributeClassifier
from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.building import build
from latent_audit.vae_models.inference import classify_images
from latent_audit.vae_models.model import Batch
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.settings import TrainingSettings

Images = NDArray[np.uint8]
Values = NDArray[np.float64]
SHAPE, SIDE = (1, 16, 16), 2
LEFT_OUT, CLASSES = 8, 9
DIGIT = (Target("digit", "categorical", CLASSES, classes=tuple("012345679")),)
NETWORK = AttributeClassifierSettings(
    width=16,
    hidden=32,
    class_weight=1.0,
    training=TrainingSettings(
        steps=500, batch_size=64, precision="fp32", evaluate_every=100, patience=None, learning_rate_decay=0.5
    ),
)
DRAWS = 100


@cache
def digits() -> tuple[Images, Values, Images, Values]:
    """Returns training digits without one class, with their labels, and held-out digits of all with true labels."""
    found = load_digits()
    images = np.kron(found.images / 16, np.ones((1, SIDE, SIDE)))[:, None]
    images, labels = np.round(images * 255).astype(np.uint8), found.target
    order = np.random.default_rng(0).permutation(len(images))
    learnt, held_out = order[:1400], order[1400:]
    learnt = learnt[labels[learnt] != LEFT_OUT]
    return images[learnt], coded(labels[learnt]), images[held_out], labels[held_out].astype(float)


def coded(labels: NDArray[np.int64]) -> Values:
    """Returns the classes of digits as they are numbered without the one that is left out."""
    return (labels - (labels > LEFT_OUT)).astype(np.float64)[:, None]


def learn(model: AttributeClassifier, images: Images, values: Values, seed: int = 0) -> AttributeClassifier:
    train(
        model, images, values, images[:50], NETWORK.training, seed, "cpu", None, lambda _: None, lambda: False,
        values[:50],
    )  # fmt: skip
    return model


@cache
def learnt(count: int, swapped: float = 0.0, seed: int = 0) -> Entropies:
    """Returns entropies of held-out digits, for a classifier of so many digits, a share of them with other labels."""
    images, values, held_out, _ = digits()
    rng = np.random.default_rng(1)
    values = values[:count].copy()
    other = rng.random(count) < swapped
    values[other, 0] = (values[other, 0] + rng.integers(1, CLASSES, int(other.sum()))) % CLASSES
    model = build(BayesianClassifierSettings(classifier=NETWORK), SHAPE, DIGIT, seed)
    learn(model, images[:count], values, seed)
    assert isinstance(model, BayesianClassifier)
    return split_entropy(model.responses_by_draws(held_out, DRAWS, 0))


@pytest.mark.endurance
def test_what_was_never_shown_is_told_by_what_more_data_would_settle() -> None:
    images, values, held_out, labels = digits()
    strange = labels == LEFT_OUT
    by_weights, by_confidence = [], []
    for seed in range(3):
        by_weights.append(roc_auc_score(strange, learnt(len(images), seed=seed).mutual))
        plain = learn(build(NETWORK, SHAPE, DIGIT, seed), images, values, seed)
        confidence = classify_images(plain, held_out).max(axis=1)
        by_confidence.append(roc_auc_score(strange, 1 - confidence))
    assert min(by_weights) >= 0.8
    assert np.mean(by_weights) >= np.mean(by_confidence) - 0.02


@pytest.mark.endurance
def test_ten_times_the_data_halves_what_more_data_would_settle() -> None:
    known, count = digits()[3] != LEFT_OUT, len(digits()[0])
    few, many = learnt(count // 10).mutual[known].mean(), learnt(count).mutual[known].mean()
    assert few > 0.02  # else there is nothing to halve
    assert many <= few / 2


@pytest.mark.endurance
def test_swapped_labels_raise_what_more_data_would_not_settle() -> None:
    known, count = digits()[3] != LEFT_OUT, len(digits()[0])
    clean, swapped = learnt(count), learnt(count, 0.25)
    assert swapped.expected[known].mean() > clean.expected[known].mean() + 0.3
    assert swapped.mutual[known].mean() < swapped.expected[known].mean()


class Orthogonal(nn.Module):
    """Features of an image that are known: the row of a Hadamard matrix that its brightness names."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = torch.from_numpy(hadamard(16)[:, 1:]).float()  # without the constant, which the bias is

    def forward(self, images: Tensor) -> Tensor:
        return self.rows[(images[:, 0, 0, 0] * 255).round().long()]


def test_a_last_layer_on_orthogonal_features_has_the_variance_of_exact_bayesian_regression() -> None:
    prior, count = 0.5, 64
    target = (Target("y", "continuous", 1),)
    network = AttributeClassifierSettings(width=2, hidden=15, learning_rate=1e-2)
    settings = BayesianClassifierSettings(classifier=network, prior_deviation=prior)
    model = build(settings, (1, 2, 2), target, seed=0)
    model.trunk = Orthogonal()
    names = np.arange(count, dtype=np.uint8) % 16
    images = np.broadcast_to(names[:, None, None, None], (count, 1, 2, 2)).copy()
    rng = np.random.default_rng(0)
    values = (hadamard(16)[names, 1:] @ rng.normal(0, prior, 15) + rng.normal(0, 1, count))[:, None]
    encoded = model.training_values(values, 0)
    batch = Batch(torch.from_numpy(images).float() / 255, torch.from_numpy(encoded))
    stream = torch.Generator().manual_seed(0)
    steps = 1500
    for step in range(steps):
        for group in model.optimizers()["adam"].param_groups:
            group["lr"] = (0.05 if step < 500 else 0.05 * (1.001 - step / steps)) * 0.2
        model.update(batch, step, stream)
    features = np.column_stack([np.ones(16), hadamard(16)[:, 1:]])
    given = features[names]
    covariance = np.linalg.inv(given.T @ given + np.eye(16) / prior**2)
    new = features * np.linspace(0.5, 1.5, 16)[:, None]
    exact = np.einsum("ni,ij,nj->n", new, covariance, new)
    deviations = [weights.detach().exp().numpy().ravel() for weights in model.uncertainty.log_deviations]
    of_weights, of_bias = deviations
    ours = new[:, 1:] ** 2 @ of_weights**2 + new[:, 0] ** 2 * of_bias[0] ** 2
    np.testing.assert_allclose(ours, exact, rtol=0.1)
    drawn = model.responses_by_draws(images[:16], 4000, 1)[:, :, 0]
    np.testing.assert_allclose(
        drawn.var(axis=0), np.einsum("ni,ij,nj->n", features, covariance, features), rtol=0.1
    )


@pytest.mark.parametrize("weights", ["last", "all"])
def test_copies_at_draws_read_as_the_draws_do(weights: str) -> None:
    images = digits()[2][:5]
    settings = BayesianClassifierSettings(
        classifier=AttributeClassifierSettings(width=4, hidden=8), weights=weights, initial_deviation=0.3
    )
    model = build(settings, SHAPE, DIGIT, seed=0)
    drawn = model.responses_by_draws(images, 3, seed=2)
    for one, responses in zip(model.at_draws(3, seed=2), drawn, strict=True):
        np.testing.assert_allclose(classify_images(one, images), responses, rtol=1e-5, atol=1e-6)
    assert np.abs(drawn[0] - drawn[1]).max() > 0.01
    with_bias = 8 * CLASSES + CLASSES
    total = sum(weight.numel() for weight in (*model.trunk.parameters(), *model.heads.parameters()))
    assert model.uncertain_weights == (with_bias if weights == "last" else total)
