"""Which labels a model learned from is found by asking the model, not by knowing its kind."""

from typing import Any

import numpy as np
import pytest

from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.building import build
from latent_audit.vae_models.presets.attribute_vae import AttributeVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.presets.semi_supervised_settings import SemiSupervisedVaeSettings
from latent_audit.vae_models.supervision import Supervision, as_stated, supervision_of
from tests.vae_models.conftest import SHAPE, TARGETS

NAMES = ("tall", "x")


@pytest.mark.parametrize(
    ("settings", "attributes", "share"),
    [
        (VaeSettings(network="mlp"), (), 0.0),
        (AttributeVaeSettings(network="mlp"), NAMES, 1.0),
        (AttributeVaeSettings(network="mlp", named=("x",), labelled_share=0.25), ("x",), 0.25),
        (SemiSupervisedVaeSettings(network="mlp", label="tall", labelled_share=0.1), ("tall",), 0.1),
        (AttributeClassifierSettings(width=4, hidden=8), NAMES, 1.0),
    ],
)
def test_the_labels_that_reach_the_training(
    bars: Any, settings: Any, attributes: tuple[str, ...], share: float
) -> None:
    found = supervision_of(build(settings, SHAPE, TARGETS, seed=0), NAMES, bars[1], seed=0)
    assert found == Supervision(attributes, pytest.approx(share), "training")  # type: ignore[arg-type]  # equals a number


def test_a_named_gan_uses_what_it_names_and_asking_changes_nothing(
    bars: Any, gan: Any, tiny_gan: Any
) -> None:
    before = {name: tensor.clone() for name, tensor in gan.state_dict().items()}
    values = bars[1].copy()
    assert supervision_of(gan, NAMES, values, seed=0) == Supervision(NAMES, 1.0, "training")
    assert all(tensor.equal(before[name]) for name, tensor in gan.state_dict().items())
    np.testing.assert_array_equal(values, bars[1])
    named = build(tiny_gan.model_copy(update={"named": ("tall",)}), SHAPE, TARGETS, seed=1)
    assert supervision_of(named, NAMES, values, seed=0).attributes == ("tall",)


def test_of_a_model_trained_elsewhere_its_owner_says_it_or_nobody_does() -> None:
    assert as_stated(None) == Supervision(None, None, None)
    assert as_stated(()) == Supervision((), 0.0, "user")
    assert as_stated(("Smiling",)) == Supervision(("Smiling",), None, "user")
