"""Targets: known answers of encodings, losses and responses."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latent_audit.vae_models.attribute_classifier import targets as t
from latent_audit.vae_models.attribute_classifier.targets import Target, fit_targets, spread_of
from latent_audit.vae_models.errors import BadSettings
from latent_audit.vocabulary.attribute_kinds import AttributeKind


@dataclass(frozen=True)
class Column:
    name: str
    kind: AttributeKind
    classes: tuple[str, ...] = ()
    period: float | None = None


COLUMNS = (
    Column("lit", "binary", ("no", "yes")),
    Column("shape", "categorical", ("square", "ellipse", "heart")),
    Column("level", "ordinal"),
    Column("x", "continuous"),
    Column("turn", "cyclic", period=360.0),
)
VALUES = np.array([[0, 0, 1, 0.0, 0], [1, 1, 2, 1.0, 90], [0, 2, 3, 2.0, 180], [1, 0, 4, 5.0, 270]], float)


def test_fit_takes_sizes_names_means_and_deviations_from_the_training_values():
    lit, shape, level, x, turn = t.fit_targets(COLUMNS, VALUES)
    assert [target.size for target in (lit, shape, level, x, turn)] == [1, 3, 1, 1, 2]
    assert shape.columns == ("shape=square", "shape=ellipse", "shape=heart")
    assert turn.columns == ("turn.cos", "turn.sin")
    assert lit.columns == ("lit",)
    assert (x.mean, x.std) == (2.0, pytest.approx(math.sqrt(3.5)))
    assert (level.mean, level.std) == (2.5, pytest.approx(math.sqrt(1.25)))
    assert turn.period == 360.0


def test_encoding_standardises_scales_and_turns_periods_into_radians():
    fitted = t.fit_targets(COLUMNS, VALUES)
    encoded = t.encode_all(fitted, VALUES)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(encoded[:, 1], [0, 1, 2, 0])
    np.testing.assert_allclose(encoded[:, 3], (VALUES[:, 3] - 2) / math.sqrt(3.5), rtol=1e-6)
    np.testing.assert_allclose(encoded[:, 4], np.array([0, 0.5, 1, 1.5]) * math.pi, rtol=1e-6)
    np.testing.assert_allclose(t.decode_all(fitted, encoded), VALUES, atol=1e-4)


@given(st.floats(-1e3, 1e3), st.floats(0.1, 1e3), st.floats(-1e3, 1e3))
def test_decode_undoes_encode(mean, std, value):
    target = Target("x", "continuous", 1, mean=mean, std=std)
    back = target.decode(target.encode(np.array([value])))
    assert back[0] == pytest.approx(value, abs=1e-5 * (abs(mean) + abs(value) + std) + 1e-4)


def test_losses_are_the_known_nats():
    uniform = Target("shape", "categorical", 3).loss(torch.zeros(1, 3), torch.tensor([2.0]))
    assert uniform.item() == pytest.approx(math.log(3))
    coin = Target("lit", "binary", 1).loss(torch.zeros(1, 1), torch.tensor([1.0]))
    assert coin.item() == pytest.approx(math.log(2))
    off_by_two = Target("x", "continuous", 1).loss(torch.tensor([[3.0]]), torch.tensor([1.0]))
    assert off_by_two.item() == pytest.approx(2.0)
    opposite = Target("turn", "cyclic", 2).loss(torch.tensor([[-1.0, 0.0]]), torch.tensor([0.0]))
    assert opposite.item() == pytest.approx(2.0)


@pytest.mark.parametrize("kind", ["binary", "categorical", "continuous", "cyclic"])
def test_unlabelled_rows_cost_nothing_and_pass_no_gradient(kind):
    size = {"categorical": 3, "cyclic": 2}.get(kind, 1)
    outputs = torch.randn(2, size, requires_grad=True)
    nats = Target("a", kind, size).loss(outputs, torch.tensor([math.nan, 1.0]))
    assert nats[0].item() == 0
    nats.sum().backward()
    assert outputs.grad is not None
    assert torch.all(outputs.grad[0] == 0)
    assert torch.all(torch.isfinite(outputs.grad))


def test_responses_are_in_natural_scale():
    assert Target("lit", "binary", 1).responses(torch.zeros(1, 1)).item() == pytest.approx(0.5)
    shares = Target("s", "categorical", 2).responses(torch.tensor([[0.0, math.log(3)]]))
    np.testing.assert_allclose(shares.numpy(), [[0.25, 0.75]], rtol=1e-6)
    assert Target("x", "continuous", 1).responses(torch.tensor([[1.5]])).item() == 1.5


def test_a_constant_attribute_is_refused_by_name():
    constant = VALUES.copy()
    constant[:, 3] = 7
    with pytest.raises(BadSettings, match="attribute 'x' is 7 in all training images: leave it out"):
        t.fit_targets(COLUMNS, constant)


def test_values_of_another_width_are_refused_with_the_names():
    fitted = t.fit_targets(COLUMNS[:2], VALUES[:, :2])
    with pytest.raises(BadSettings, match=r"one column for each of lit, shape \(2\), got shape \(4, 5\)"):
        t.encode_all(fitted, VALUES)


def test_a_target_survives_json():
    for target in t.fit_targets(COLUMNS, VALUES):
        assert t.from_record(t.to_record(target)) == target


def test_a_few_extreme_values_do_not_stretch_the_scale_of_an_effect() -> None:
    """Three ages of 2014 among ordinary ones: 55 years would pass for half a standard deviation."""
    ages = np.random.default_rng(0).normal(40, 14, 1900)
    ages[:3], ages[3] = 2014, -31
    (target,) = fit_targets((Column("age", "continuous"),), ages[:, None])
    assert target.is_robust
    assert target.std == pytest.approx(14, rel=0.1)
    assert target.decode(target.encode(ages)) == pytest.approx(ages, rel=1e-4)
    encoded = torch.from_numpy(target.encode(ages))
    assert float(target.loss(torch.zeros(1900, 1), encoded).max()) == pytest.approx(50.0)


@pytest.mark.parametrize("kind", ["normal", "exponential", "mostly equal"])
def test_ordinary_spreads_stay_standard_deviations(kind: str) -> None:
    rng = np.random.default_rng(1)
    values = {
        "normal": rng.normal(size=1000),
        "exponential": rng.exponential(size=1000),
        "mostly equal": np.array([5.0] * 900 + [0.0, 100.0] * 50),
    }[kind]
    assert spread_of(values) == (float(values.std()), False)
