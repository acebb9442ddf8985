"""Settings of a classifier that the user brings: who is trained then, and what contradicts it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.analyses.statistics.splits import DEFAULT_SHARES, split
from latent_audit.tasks.analyses.statistics.unused_parts import settled_shares
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.in_memory.settings import python_settings
from latent_audit.tasks.session.audit_session import audit_settings
from latent_audit.tasks.session.find_models import find_classifier_files
from latent_audit.tasks.settings.audit import Settings
from latent_audit.vae_models.brought_classifier.settings import (
    BroughtClassifierSettings,
    GivenClassifierSettings,
)
from latent_audit.vae_models.pretrained.functions.functions_settings import FunctionsSettings


def settings(**given: Any) -> Settings:
    return Settings(**given, _env_prefix="NOTHING_")


def test_it_takes_the_place_of_the_classifier_that_is_trained(tmp_path: Path) -> None:
    brought = settings(classifier={"entrypoint": "mine:read", "folder": str(tmp_path)})
    assert isinstance(brought.classifier, BroughtClassifierSettings)
    assert not brought.trains_classifier
    assert brought.classifiers == ()
    assert brought.code_folders == (str(tmp_path),)
    assert "folder" not in audit_settings(brought)["classifier"]
    assert settings().trains_classifier


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"classifier": [{"entrypoint": "mine:read"}, {"width": 8}]}, "judges alone: give it by itself"),
        ({"classifier": {"entrypoint": "mine.read"}}, "String should match pattern"),
        ({"classifier": {"entrypoint": "mine:read", "width": 8}}, "Extra inputs are not permitted"),
        (
            {
                "classifier": {"entrypoint": "mine:read"},
                "explanations": {"bayesian_classifier": {"weights": "last"}},
            },
            "yours was trained elsewhere: leave it out",
        ),
    ],
)
def test_what_contradicts_it_is_refused(given: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(**given)


def test_files_that_are_not_there_are_refused_before_the_work(tmp_path: Path) -> None:
    class Printed:
        def line(self, text: str) -> None:
            raise AssertionError(text)

    progress: Any = Printed()
    for files, said in (
        ({}, "there is no module or package mine in"),
        ({"weights": "absent.pt"}, "classifier: weights is absent.pt, and there is no such file"),
    ):
        given = settings(
            classifier={"entrypoint": "mine:read", "folder": str(tmp_path), "files": files},
        )
        with pytest.raises(SettingsError, match=said):
            find_classifier_files(given, progress)


def test_python_takes_one_classifier() -> None:
    model, given = FunctionsSettings(handle="0"), GivenClassifierSettings(handle="1")
    assert python_settings({}, "m", model, 0, given).brought_classifier is given
    with pytest.raises(SettingsError, match="give one of them"):
        python_settings({"classifier": {"width": 8}}, "m", model, 0, given)
    uncertain = {"explanations": {"bayesian_classifier": {"weights": "last"}}}
    with pytest.raises(SettingsError, match="yours was trained elsewhere"):
        python_settings(uncertain, "m", model, 0, given)


def parts_of(images: int, **given: Any) -> list[int]:
    import numpy as np

    values = np.random.default_rng(0).standard_normal((images, 1))
    shares, minimum = settled_shares(DEFAULT_SHARES, trains_classifier=False)
    made = split([Attribute("size", "continuous")], values, 0, shares, minimum, **given)
    return [len(made.rows(name)) for name in PARTS]


def test_the_images_of_its_training_are_audited() -> None:
    model_train, classifier_train, fit, test = parts_of(2000)
    assert classifier_train == 0
    assert abs(model_train - 1100) <= 1
    assert abs(fit - test) <= 1
    assert parts_of(200, trains_models=False) == [0, 0, 100, 100]


def test_two_hundred_images_are_needed() -> None:
    with pytest.raises(ValueError, match=r"199 images are too few .* about 200 images are enough; add"):
        parts_of(199, trains_models=False)
    with pytest.raises(ValueError, match="or about 200 for a model that was trained elsewhere"):
        parts_of(300)


def test_shares_stay_as_they_are_where_a_classifier_is_trained() -> None:
    assert settled_shares(DEFAULT_SHARES, trains_classifier=True)[0] == DEFAULT_SHARES
