"""The attribute classifier: columns, scales, and that it learns what it is shown."""

import numpy as np
import pytest
import torch

from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.building import build
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vae_models.inference import classify_images
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.precision import cpu_multiplies_bfloat16, use_bfloat16
from latent_audit.vae_models.training.settings import TrainingSettings
from tests.vae_models.conftest import SHAPE, TARGETS


def test_response_columns_say_whose_they_are():
    targets = (*TARGETS, Target("turn", "cyclic", 2, period=360.0), Target("lit", "binary", 1))
    classifier = build(AttributeClassifierSettings(), SHAPE, targets, seed=0)
    assert classifier.response_columns == {"tall": (0, 1), "x": (2,), "turn": (3, 4), "lit": (5,)}
    assert classifier.response_names == ("tall=wide", "tall=tall", "x", "turn.cos", "turn.sin", "lit")
    responses = classifier.responses(torch.rand(3, *SHAPE))
    assert responses.shape == (3, 6)
    assert responses.dtype == torch.float32
    np.testing.assert_allclose(responses[:, :2].sum(1).detach().numpy(), 1, rtol=1e-5)
    assert classifier.features(torch.rand(3, *SHAPE)).shape == (3, 128)


def test_it_learns_what_a_bar_shows(bars):
    images, values = bars
    settings = AttributeClassifierSettings(
        training=TrainingSettings(steps=250, batch_size=32, evaluate_every=50, precision="fp32")
    )
    classifier = build(settings, SHAPE, TARGETS, seed=0)
    train(
        classifier, images[:220], values[:220], images[220:], settings.training, 0, "cpu", None,
        lambda _: None, lambda: False, values[220:],
    )  # fmt: skip
    responses = classify_images(classifier, images[220:])
    assert np.mean(responses[:, :2].argmax(1) == values[220:, 0]) == 1
    error = responses[:, 2] - (values[220:, 1] - 10) / 5
    assert 1 - error.var() / np.var((values[220:, 1] - 10) / 5) > 0.95


def test_alexnet_reads_grey_and_colour_of_any_size(bars):
    images, values = bars
    settings = AttributeClassifierSettings(
        network="alexnet", learning_rate=3e-4,
        training=TrainingSettings(steps=60, batch_size=16, evaluate_every=20, precision="fp32", patience=None),
    )  # fmt: skip
    classifier = build(settings, SHAPE, TARGETS, seed=0)
    result = train(
        classifier, images[:220], values[:220], images[220:], settings.training, 0, "cpu", None,
        lambda _: None, lambda: False, values[220:],
    )  # fmt: skip
    held_out = [value for _, value in result.curves["held_out"]]
    assert held_out[-1] < 0.8 * held_out[0]
    colour = build(settings, (3, 64, 64), TARGETS, seed=0)
    assert colour.responses(torch.rand(2, 3, 64, 64)).shape == (2, 3)


def test_uint8_and_unit_floats_are_the_same_images(bars):
    classifier = build(AttributeClassifierSettings(width=4, hidden=8), SHAPE, TARGETS, 0)
    floats = bars[0][:5].astype(np.float32) / 255
    np.testing.assert_allclose(classify_images(classifier, bars[0][:5]), classify_images(classifier, floats))


def test_what_changes_between_images_is_the_same_in_bf16(bars):
    images, _ = bars
    classifier = build(AttributeClassifierSettings(width=8, hidden=16), SHAPE, TARGETS, 0)
    exact = classify_images(classifier, images)
    fast = classify_images(classifier, images, precision="bf16")
    assert fast.dtype == np.float32
    assert (fast != exact).any()
    changes, seen = np.diff(exact, axis=0), np.diff(fast, axis=0)
    assert np.abs(seen - changes).max() < 0.1 * changes.std()
    assert np.abs((seen - changes).mean(0)).max() < 0.002 * changes.std()


def test_nothing_to_predict_is_refused():
    with pytest.raises(BadSettings, match="at least one attribute to predict"):
        build(AttributeClassifierSettings(), SHAPE, (), seed=0)


def test_automatic_precision_is_bf16_where_the_hardware_multiplies_in_it(tmp_path):
    described = tmp_path / "cpuinfo"
    described.write_text("flags : avx2 avx512_bf16")
    assert cpu_multiplies_bfloat16(described)
    described.write_text("flags : avx2")
    assert not cpu_multiplies_bfloat16(described)
    assert not cpu_multiplies_bfloat16(tmp_path / "absent")
    assert use_bfloat16("auto", torch.device("cuda"))
    assert use_bfloat16("bf16", torch.device("cpu"))
    assert not use_bfloat16("fp32", torch.device("cuda"))
