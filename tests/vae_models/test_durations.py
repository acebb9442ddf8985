"""Durations of a training: steps, or shares of its steps."""

import pytest
from pydantic import TypeAdapter, ValidationError

from latent_audit.vae_models.attribute_classifier.settings import AttributeClassifierSettings
from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.presets.annealed_vae import AnnealedVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.presets.presets import ModelSettings
from latent_audit.vae_models.presets.registry import KINDS
from latent_audit.vae_models.training.durations import Duration, in_steps
from latent_audit.vae_models.training.settings import TrainingSettings

ELSEWHERE = {
    "checkpoint",
    "entrypoint",
    "exported_programs",
    "extension",
    "functions",
    "onnx",
    "diffusers",
    "pythae",
    "lightning",
    "entrypoint_classifier",
    "function_classifier",
}
TRAINED_HERE = sorted(set(KINDS) - ELSEWHERE - {"attribute_classifier"})
READ = TypeAdapter(Duration)
MODEL = TypeAdapter(ModelSettings)


def test_below_one_is_a_share_and_from_one_on_steps() -> None:
    assert [in_steps(duration, 1500) for duration in (0, 0.1, 0.9999, 1, 7, 2000)] == [
        0,
        150,
        1500,
        1,
        7,
        2000,
    ]
    assert [READ.validate_python(given) for given in (3, 3.0, "3", "0.5", 0)] == [3, 3, 3, 0.5, 0]
    for wrong in (1.5, -1, "many", float("nan")):
        with pytest.raises(ValidationError):
            READ.validate_python(wrong)


def test_defaults_are_what_they_were_in_steps() -> None:
    vae, gan, annealed = VaeSettings(), InterpretableGanSettings(), AnnealedVaeSettings()
    assert (vae.training.steps, vae.warm_up, vae.training.evaluation_interval) == (1500, 200, 500)
    assert (gan.training.steps, gan.warm_up, gan.training.evaluation_interval) == (1200, 700, 240)
    assert (annealed.training.steps, annealed.capacity_rise) == (1500, 1500)
    assert TrainingSettings().evaluation_interval == 500
    assert AttributeClassifierSettings().training.evaluation_interval == 250


def test_default_trainings_can_be_gone_on_with_from_four_places() -> None:
    for settings in (
        VaeSettings(),
        InterpretableGanSettings(),
        AnnealedVaeSettings(),
        AttributeClassifierSettings(),
    ):
        training = settings.training
        assert training.checkpoint_interval == training.steps // 4
        assert training.model_dump(mode="json")["checkpoint_every"] == training.checkpoint_interval


@pytest.mark.parametrize("steps", [1, 2, 3, 120, 5000])
@pytest.mark.parametrize("kind", TRAINED_HERE)
def test_the_number_of_steps_can_be_given_alone(kind: str, steps: int) -> None:
    model = MODEL.validate_python({"kind": kind, "training": {"steps": steps}})
    record = model.model_dump(mode="json")
    assert record["training"]["steps"] == steps
    assert 1 <= record["training"]["evaluate_every"] <= steps
    assert 1 <= record["training"]["checkpoint_every"] <= steps
    assert isinstance(record["warm_up_steps"], int)
    assert record["warm_up_steps"] < steps
    # What a record holds is read back as the same training.
    assert MODEL.validate_python(record).model_dump(mode="json") == record


@pytest.mark.parametrize("steps", [1, 4, 120])
def test_so_it_can_with_patience(steps: int) -> None:
    assert TrainingSettings(steps=steps, patience=2).evaluation_interval <= steps


def test_absolute_durations_stay_what_they_are() -> None:
    training = {"steps": 120, "evaluate_every": 50, "checkpoint_every": 70}
    given = {"kind": "vae", "warm_up_steps": 30, "training": training}
    model = MODEL.validate_python(given)
    assert (model.warm_up, model.training.evaluation_interval, model.training.checkpoint_interval) == (
        30,
        50,
        70,
    )
    with pytest.raises(
        ValidationError, match=r"warm_up_steps \(130\) is beyond the last training step \(120\)"
    ):
        MODEL.validate_python({**given, "warm_up_steps": 130})
