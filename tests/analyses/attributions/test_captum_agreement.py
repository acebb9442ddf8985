"""Captum finds the terms of an additive discriminator that are known, and samples are scored by what they obey."""

import numpy as np
import pytest
import torch
from torch import Tensor

from latent_audit.tasks.analyses.attributions.captum_agreement import agree_with_captum
from latent_audit.tasks.analyses.scores import classifier_scores
from latent_audit.tasks.datasets.attributes import Attribute


def terms(codes: Tensor) -> Tensor:
    return torch.stack([2.0 * codes[:, 0], torch.tanh(codes[:, 1]), codes[:, 2] ** 2], dim=1)


@pytest.fixture
def codes() -> Tensor:
    return torch.randn((50, 3), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_integrated_gradients_find_the_exact_terms(codes: Tensor, level: float) -> None:
    agreement = agree_with_captum(terms, codes, torch.full((1, 3), level))
    assert agreement.term_difference < 1e-4
    assert agreement.completeness_gap < 1e-4


def test_pairs_leave_the_terms_and_the_sum_exact(codes: Tensor) -> None:
    def with_a_pair(points: Tensor) -> Tensor:
        return torch.cat([terms(points), points[:, :1] * torch.tanh(points[:, 2:])], dim=1)

    agreement = agree_with_captum(with_a_pair, codes, torch.zeros((1, 3)))
    assert agreement.term_difference < 1e-4
    assert agreement.completeness_gap < 1e-4


def test_integrated_gradients_object_to_terms_in_the_wrong_place(codes: Tensor) -> None:
    agreement = agree_with_captum(lambda s: terms(s).flip(1), codes, torch.zeros((1, 3)))
    assert agreement.term_difference > 0.5
    assert agreement.completeness_gap < 1e-4


def test_samples_that_obey_score_one_and_samples_that_do_not_score_chance() -> None:
    rng = np.random.default_rng(0)
    attributes = (Attribute("shape", "categorical", ("a", "b", "c")), Attribute("size", "continuous"))
    asked = np.stack([np.arange(300) % 3, rng.random(300)], axis=1).astype(float)
    obeyed = np.concatenate([np.eye(3)[asked[:, 0].astype(int)], (asked[:, 1:] - 0.5) / 0.3], axis=1)
    columns, scale = {"shape": (0, 1, 2), "size": (3,)}, {"size": (0.5, 0.3)}
    source = "bootstrap over samples"
    good = classifier_scores.compute(attributes, asked, obeyed, columns, scale, seed=0, source=source)
    assert [(s.attribute, s.statistic, s.estimate.source) for s in good] == [
        ("shape", "balanced accuracy", "bootstrap over samples"),
        ("size", "R2", "bootstrap over samples"),
    ]
    assert [s.estimate.value for s in good] == pytest.approx([1.0, 1.0])
    bad = classifier_scores.compute(attributes, asked, rng.permutation(obeyed), columns, scale, seed=0)
    assert bad[0].estimate.value == pytest.approx(1 / 3, abs=0.1)
    assert bad[1].estimate.value < 0.1
