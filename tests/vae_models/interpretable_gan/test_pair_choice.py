"""Pairs of attributes for the discriminator: those that take something from the loss on images not fitted on."""

import numpy as np
import pytest
import torch

from latent_audit.vae_models.building import build
from latent_audit.vae_models.interpretable_gan.pair_choice import choose_pairs
from latent_audit.vae_models.model import ChoosesOnHeldOut
from latent_audit.vae_models.training.loop import train
from tests.vae_models.conftest import SHAPE, TARGETS

GROUPS = (0, 0, 0, 1, 2, 2, 3, 4)
KINDS = ("categorical", "binary", "cyclic", "continuous", "continuous")


def codes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Codes as the discriminator sees them: a class, yes or no, an angle, two numbers."""
    classes = 2 * np.eye(3)[rng.integers(3, size=count)] - 1
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.column_stack(
        [
            classes,
            rng.choice([-0.9, 0.9], count),
            np.cos(angle),
            np.sin(angle),
            rng.standard_normal((count, 2)),
        ]
    )


def chosen(interplay, most: int = 6, count: int = 4000, seed: int = 0):
    rng = np.random.default_rng(seed)
    presented = codes(rng, count)
    logits = 0.5 * presented[:, 6] + 0.3 * presented[:, 0]
    is_real = rng.random(count) < 1 / (1 + np.exp(-(logits + interplay(presented))))
    found = choose_pairs(presented, logits, is_real, GROUPS, KINDS, most, np.random.default_rng(seed))
    assert found.candidates == 10
    assert found.images == is_real.sum()
    return found


def test_pairs_with_an_interplay_are_chosen_best_first_and_no_others():
    found = chosen(lambda z: 1.6 * z[:, 3] * z[:, 6] + 0.9 * z[:, 0] * z[:, 4])
    assert [(pair.first, pair.second) for pair in found.pairs] == [(1, 3), (0, 2)]
    assert found.pairs[0].nats > found.pairs[1].nats > 0
    assert all(pair.nats > 2.5 * pair.standard_error for pair in found.pairs)


def test_only_as_many_as_asked_for_are_chosen():
    found = chosen(lambda z: 1.6 * z[:, 3] * z[:, 6] + 0.9 * z[:, 0] * z[:, 4], most=1)
    assert [(pair.first, pair.second) for pair in found.pairs] == [(1, 3)]


def test_none_is_chosen_where_none_takes_anything_however_wrong_the_main_terms_are():
    assert sum(bool(chosen(lambda z: 0 * z[:, 0], seed=seed).pairs) for seed in range(20)) <= 2
    # What each attribute says alone is not yet learnt: that is no interplay.
    wrong = [chosen(lambda z: z[:, 3] + z[:, 6] ** 2, seed=seed).pairs for seed in range(10)]
    assert sum(map(bool, wrong)) <= 1


@pytest.mark.parametrize("most", [0, 6])
def test_the_choice_is_made_once_in_training_and_kept_with_the_weights(tiny_gan, bars, most):
    settings = tiny_gan.model_copy(update={"pairwise_terms": most})
    gan = build(settings, SHAPE, TARGETS, seed=1)
    assert isinstance(gan, ChoosesOnHeldOut)
    assert 2 < gan.choice_step < 12
    images, values = bars
    train(
        gan,
        images[:240],
        values[:240],
        images[240:],
        settings.training,
        0,
        "cpu",
        None,
        lambda progress: None,
        lambda: False,
        validation_values=values[240:],
    )
    assert gan.discriminator.get_buffer("tried").tolist() == [6, 60]
    assert len(gan.discriminator.pairs) <= most
    again = build(settings, SHAPE, TARGETS, seed=2)
    again.load_state_dict(gan.state_dict())
    assert again.discriminator.names == gan.discriminator.names
    code = torch.randn(3, gan.latent_dim)
    torch.testing.assert_close(again.discriminator(code), gan.discriminator(code))
