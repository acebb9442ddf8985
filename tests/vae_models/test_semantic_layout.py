"""A code whose first dimensions have names: its layout, and the discriminator that reads it by those names."""

import math

import numpy as np
import pytest
import torch

from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.interpretable_gan.additive_discriminator import AdditiveDiscriminator
from latent_audit.vae_models.interpretable_gan.pair_choice import Choice
from latent_audit.vae_models.interpretable_gan.semantic_layout import CERTAIN_LOGIT, SemanticLayout
from tests.vae_models.conftest import all_pairs, generator

MANY = (
    Target("lit", "binary", 1),
    Target("shape", "categorical", 3, classes=("square", "ellipse", "heart")),
    Target("turn", "cyclic", 2, period=360.0),
    Target("x", "continuous", 1),
)
LAYOUT = SemanticLayout(MANY, free_dimensions=2)


def test_a_code_names_the_datas_attributes_first():
    assert LAYOUT.names == (
        "lit",
        "shape=square",
        "shape=ellipse",
        "shape=heart",
        "turn.cos",
        "turn.sin",
        "x",
        "free0",
        "free1",
    )
    assert LAYOUT.groups == (0, 1, 1, 1, 2, 2, 3, 4, 5)
    assert LAYOUT.size == 9


def test_asking_for_values_gives_centred_logits_values_cos_and_sin():
    code = LAYOUT.named_code(torch.tensor([[1.0, 2.0, math.pi / 2, -1.5]]))[0]
    third = CERTAIN_LOGIT / 3
    expected = [CERTAIN_LOGIT / 2, -third, -third, CERTAIN_LOGIT - third, 0, 1, -1.5]
    np.testing.assert_allclose(code.numpy(), expected, atol=1e-6)


def test_asking_for_a_binary_attribute_leaves_all_else():
    code = torch.randn(4, 9, generator=generator())
    for yes, logit in ((True, CERTAIN_LOGIT / 2), (False, -CERTAIN_LOGIT / 2)):
        edited = LAYOUT.conditioned_on(code, "lit", yes)
        assert torch.equal(edited[:, 0], torch.full((4,), logit))
        assert torch.equal(edited[:, 1:], code[:, 1:])
    with pytest.raises(BadSettings, match="no binary attribute of this code is called 'shape'"):
        LAYOUT.conditioned_on(code, "shape", True)


def test_generator_and_discriminator_see_bounded_classes():
    code = torch.zeros(1, 9)
    code[0, :4] = torch.tensor([100.0, -4.0, -4.0, 8.0])
    seen = LAYOUT.presented(code)[0]
    np.testing.assert_allclose(seen[:4].numpy(), [1.0, -1.0, -1.0, 1.0], atol=1e-4)
    assert torch.equal(seen[4:], code[0, 4:])


def test_a_term_reads_only_the_dimensions_in_its_name():
    torch.manual_seed(0)
    judge = AdditiveDiscriminator(LAYOUT, pairwise_terms=8)
    judge.take_pairs(all_pairs(LAYOUT.attribute_names, 8))
    torch.nn.init.ones_(judge.pair_weight)
    torch.nn.init.ones_(judge.slope)
    torch.nn.init.ones_(judge.unit_weight)
    before = torch.randn(1, 9)
    for dimension, name in enumerate(LAYOUT.names):
        after = before.clone()
        after[0, dimension] += 1
        changed = (judge.terms(after) != judge.terms(before))[0]
        attribute = LAYOUT.attribute_names[LAYOUT.groups[dimension]]
        expected = [name == label for label in LAYOUT.names]
        expected += [attribute in label.split(" × ") for label in judge.names[len(expected) :]]
        assert changed.tolist() == expected


def test_there_is_no_pair_until_some_are_taken_and_new_ones_change_no_decision():
    judge = AdditiveDiscriminator(LAYOUT, pairwise_terms=3)
    torch.nn.init.ones_(judge.slope)
    code = torch.randn(5, 9)
    assert judge.pairs == ()
    assert judge.names == LAYOUT.names
    before = judge(code)
    judge.take_pairs(all_pairs(LAYOUT.attribute_names, 2))
    assert judge.names[9:] == ("lit × shape", "lit × turn")
    torch.testing.assert_close(judge(code), before)
    again = AdditiveDiscriminator(LAYOUT, pairwise_terms=3)
    again.load_state_dict(judge.state_dict())
    assert again.names == judge.names
    torch.testing.assert_close(again(code), before)
    judge.take_pairs(Choice((), 10, 100))
    assert judge.names == LAYOUT.names
