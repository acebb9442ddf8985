"""Step sizes over a training: as set, then falling, for every optimiser of every model."""

from itertools import pairwise

import pytest
import torch
from torch.optim import Adam

from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.building import build
from latent_audit.vae_models.presets.factor_vae import FactorVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.training.loop import train
from latent_audit.vae_models.training.settings import TrainingSettings
from latent_audit.vae_models.training.step_sizes import set_step_sizes, step_share
from tests.vae_models.conftest import SHAPE, TARGETS


@pytest.mark.parametrize(
    ("decay", "shares"),
    [(0.0, [1.0] * 5), (0.4, [1, 1, 1, 1, 0.525]), (1.0, [1, 0.81, 0.62, 0.43, 0.24])],
)
def test_shares_of_the_step_size(decay: float, shares: list[float]) -> None:
    settings = TrainingSettings(steps=10, learning_rate_decay=decay)
    assert [step_share(step, settings) for step in range(0, 10, 2)] == pytest.approx(shares)
    assert step_share(10, settings) == pytest.approx(0.05 if decay else 1.0)


def test_it_falls_in_equal_steps_and_never_below_a_twentieth() -> None:
    settings = TrainingSettings(steps=1000, learning_rate_decay=0.3)
    shares = [step_share(step, settings) for step in range(1200)]
    assert shares[:701] == [1.0] * 701
    falls = [before - after for before, after in pairwise(shares[700:1001])]
    assert falls == pytest.approx([0.95 / 300] * 300)
    assert shares[1000:] == [0.05] * 200


def test_a_share_is_of_what_was_set_whatever_came_between() -> None:
    weight = torch.nn.Parameter(torch.zeros(2))
    plain, recorded = (
        Adam([weight], lr=0.5),
        Adam([weight], lr=torch.tensor(0.25), capturable=False, foreach=False),
    )
    place = recorded.param_groups[0]["lr"]
    for share in (0.5, 0.1, 1.0):
        set_step_sizes([plain, recorded], share)
        assert plain.param_groups[0]["lr"] == 0.5 * share
        assert recorded.param_groups[0]["lr"] is place
        assert float(place) == pytest.approx(0.25 * share)


def fresh(kind: str, tiny_gan, training: TrainingSettings):
    if kind == "gan":
        return build(tiny_gan.model_copy(update={"training": training}), SHAPE, TARGETS, seed=1)
    if kind == "classifier":
        return AttributeClassifierSettings(width=4, hidden=8, training=training).build(SHAPE, TARGETS)
    preset = {"vae": VaeSettings, "factor_vae": FactorVaeSettings}[kind]
    return build(preset(network="mlp", latent_dim=3, warm_up_steps=0, training=training), SHAPE, (), seed=1)


@pytest.mark.parametrize("kind", ["vae", "factor_vae", "gan", "classifier"])
def test_training_gives_every_optimiser_its_size(kind: str, bars, tiny_gan, tiny_training) -> None:
    training = tiny_training.model_copy(update={"learning_rate_decay": 0.5})
    model = fresh(kind, tiny_gan, training)
    first = {name: optimizer.param_groups[0]["lr"] for name, optimizer in model.optimizers().items()}
    update, seen = model.update, []

    def watched(batch, step, generator):
        scalars = update(batch, step, generator)
        seen.append({name: one.param_groups[0]["lr"] for name, one in model.optimizers().items()})
        return scalars

    model.update = watched
    values = None if kind in ("vae", "factor_vae") else bars[1]
    train(
        model, bars[0][60:], None if values is None else values[60:], bars[0][:60], training, 0, "cpu", None,
        lambda progress: None, lambda: False, None if values is None else values[:60],
    )  # fmt: skip
    assert len(seen) == 12
    for name, size in first.items():
        found = [one[name] for one in seen]
        if (kind, name) == ("gan", "encoder"):
            assert found[:2] == [tiny_gan.warm_up_learning_rate] * 2
            found[:2] = [size] * 2
        assert found == pytest.approx([size * step_share(step, training) for step in range(12)])
        assert found[-1] < 0.25 * size
