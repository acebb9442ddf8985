"""Tiny images whose attributes are known, and tiny settings, for the tests of this room."""

from itertools import combinations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.building import build
from latent_audit.vae_models.interpretable_gan.model import InterpretableGan
from latent_audit.vae_models.interpretable_gan.pair_choice import Choice, ChosenPair
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.training.settings import TrainingSettings

SHAPE = (1, 28, 28)
TARGETS = (
    Target("tall", "categorical", 2, classes=("wide", "tall")),
    Target("x", "continuous", 1, mean=10.0, std=5.0),
)


def generator(seed: int = 0) -> torch.Generator:
    """Returns random numbers that start at `seed`."""
    return torch.Generator().manual_seed(seed)


def pixels(bars: tuple[NDArray[np.uint8], NDArray[np.float64]], count: int = 8) -> torch.Tensor:
    """Returns the first images of `bars`, float (count, 1, 28, 28) in [0, 1]."""
    return torch.from_numpy(bars[0][:count]).float() / 255


def all_pairs(attributes: tuple[str, ...], most: int) -> Choice:
    """Returns the choice of the first pairs of attributes, at most so many."""
    both = list(combinations(range(len(attributes)), 2))
    return Choice(tuple(ChosenPair(*pair, 0.1, 0.01) for pair in both[:most]), len(both), 100)


def decided(gan: InterpretableGan) -> InterpretableGan:
    """Gives the model a discriminator that judges, as training does: a new one says nothing of any image."""
    random = generator(3)
    gan.discriminator.take_pairs(all_pairs(gan.layout.attribute_names, gan.settings.pairwise_terms))
    with torch.no_grad():
        for weight in gan.discriminator.parameters():
            weight.copy_(torch.randn(weight.shape, generator=random))
    return gan


@pytest.fixture(scope="session")
def bars() -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Returns 300 images uint8 (300, 1, 28, 28) of a bar, and raw values (300, 2): tall or wide, column."""
    random = np.random.default_rng(0)
    values = np.stack([random.integers(0, 2, 300), random.integers(2, 19, 300)], 1).astype(np.float64)
    images = np.zeros((300, *SHAPE), np.uint8)
    for image, (tall, column) in zip(images, values.astype(int), strict=True):
        height, width = (16, 4) if tall else (4, 8)
        image[0, 6 : 6 + height, column : column + width] = 255
    return images, values


@pytest.fixture
def tiny_training() -> TrainingSettings:
    """Returns twelve steps in fp32 with an evaluation and a checkpoint every four."""
    return TrainingSettings(
        steps=12, batch_size=16, precision="fp32", evaluate_every=4, checkpoint_every=4, evaluation_images=40
    )


@pytest.fixture
def tiny_gan(tiny_training: TrainingSettings) -> InterpretableGanSettings:
    """Returns the InterpretableGAN with few units."""
    return InterpretableGanSettings(
        free_dimensions=2,
        noise_dimensions=2,
        hidden=16,
        warm_up_steps=2,
        encoder_width=4,
        training=tiny_training,
    )


@pytest.fixture
def gan(
    tiny_gan: InterpretableGanSettings, bars: tuple[NDArray[np.uint8], NDArray[np.float64]]
) -> InterpretableGan:
    """Returns that InterpretableGAN, untrained, which knows the values of the bars."""
    built = build(tiny_gan, SHAPE, TARGETS, seed=1)
    built.training_values(bars[1], seed=0)
    return built
