"""A classifier that the user brings: what it may return, what is refused, and how it is kept."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.brought_classifier.classifier import BroughtClassifier
from latent_audit.vae_models.brought_classifier.settings import (
    BroughtClassifierSettings,
    GivenClassifierSettings,
)
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import classify_images
from latent_audit.vae_models.pretrained.functions.functions_settings import held
from latent_audit.vae_models.storage import checkpoints
from latent_audit.vae_models.storage.recipes import recipe, save

SHAPE = (1, 4, 4)
TARGETS = (
    Target("glasses", "binary", 1, classes=("no", "yes")),
    Target("shape", "categorical", 3, classes=("a", "b", "c")),
    Target("age", "continuous", 1, mean=40.0, std=10.0),
    Target("turn", "cyclic", 2, period=360.0),
)
ALL = {
    "glasses": lambda n: np.full(n, 0.25),
    "shape": lambda n: np.tile([0.5, 0.3, 0.2], (n, 1)),
    "age": lambda n: np.full(n, 55.0),
    "turn": lambda n: np.full(n, math.pi / 2),
}
EXPECTED = [0.25, 0.5, 0.3, 0.2, 1.5, 0.0, 1.0]


def reading(**changed: Any) -> Any:
    """Returns a function that reads all attributes alike in every image, some of them as given."""
    parts = {**ALL, **changed}
    return lambda images: {name: part(len(images)) for name, part in parts.items() if part is not None}


def brought(read: Any) -> BroughtClassifier:
    return BroughtClassifier(read, SHAPE, TARGETS, "mine:read")


def responses(read: Any, images: int = 5) -> np.ndarray:
    return classify_images(brought(read), np.zeros((images, *SHAPE), np.uint8))


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"glasses": lambda n: np.tile([0.75, 0.25], (n, 1))},
        {"glasses": lambda n: torch.full((n, 1), 0.25, dtype=torch.float64)},
        {"turn": lambda n: np.tile([0.0, 1.0], (n, 1))},
        {"turn": lambda n: np.full(n, -3 * math.pi / 2)},
        {"age": lambda n: [55] * n},
        {"something else": lambda n: np.zeros(n)},
    ],
)
def test_every_form_of_a_reading_becomes_the_same_responses(changed: Any) -> None:
    np.testing.assert_allclose(responses(reading(**changed)), [EXPECTED] * 5, atol=1e-6)


def test_what_is_not_read_holds_what_guessing_says() -> None:
    model = brought(reading(glasses=None, shape=None, turn=None))
    assert model.not_read == ("glasses", "shape", "turn")
    found = classify_images(model, np.zeros((2, *SHAPE), np.uint8))
    np.testing.assert_allclose(found, [[0.5, 1 / 3, 1 / 3, 1 / 3, 1.5, 0, 0]] * 2, atol=1e-6)
    assert not model.has_features
    assert model.parameter_count is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"glasses": lambda n: np.full(n, 3.2)},
            "numbers from 3.2 to 3.2; put a softmax or sigmoid after logits",
        ),
        ({"glasses": lambda n: np.zeros((n, 3))}, "shape (5, 3) for 5 images"),
        (
            {"shape": lambda n: np.zeros((n, 2))},
            "expected the probabilities of a, b, c, an array (n, 3) in this order",
        ),
        ({"shape": lambda n: np.full((n, 3), 0.5)}, "rows that add up to between 1.5 and 1.5"),
        ({"shape": lambda n: np.zeros(n)}, "shape (5,) for 5 images"),
        (
            {"age": lambda n: np.full(n, np.nan)},
            "NaN or infinite for the attribute 'age'; expected its value",
        ),
        ({"age": lambda n: np.zeros(n - 1)}, "shape (4,) for 5 images"),
        ({"turn": lambda n: np.full(n, 90.0)}, "an angle of 90, which is more than a full turn in radians"),
        ({"turn": lambda n: np.full((n, 2), 3.0)}, "a cosine or sine as large as 3"),
    ],
)
def test_wrong_readings_are_refused_with_what_came_and_what_was_expected(changed: Any, said: str) -> None:
    with pytest.raises(BadCheckpoint, match=re.escape(said)) as error:
        responses(reading(**changed))
    assert "the classifier mine:read gives" in str(error.value)


def test_what_is_no_classifier_is_refused() -> None:
    with pytest.raises(BadCheckpoint, match=r"must return a dict of the attributes .* got a ndarray"):
        brought(lambda images: np.zeros(len(images)))
    with pytest.raises(
        BadCheckpoint, match="reads Age, and the data have the attributes glasses, shape, age, turn"
    ):
        brought(lambda images: {"Age": np.zeros(len(images))})
    with pytest.raises(BadCheckpoint, match=r"failed for images \(2, 1, 4, 4\): ValueError: no such thing"):
        brought(_failing)

    def fickle(images: Any) -> dict[str, Any]:
        return {"age" if len(images) == 2 else "glasses": np.zeros(len(images))}

    with pytest.raises(BadCheckpoint, match="reads age of some images and glasses of others"):
        responses(fickle)


def _failing(images: Any) -> Any:
    raise ValueError("no such thing")


class Net(nn.Module):
    """Reads the light of an image, by one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return {"glasses": (self.weight * images.mean((1, 2, 3))).clamp(0, 1)}


def test_a_network_keeps_its_weights_and_lets_gradients_through(tmp_path: Path) -> None:
    net = Net()
    with held(net) as handle:
        settings = GivenClassifierSettings(handle=handle)
        model = settings.build(SHAPE, TARGETS)
        assert model.parameter_count == 1
        save(tmp_path, model, recipe(settings, SHAPE, TARGETS, 0))
        loaded = checkpoints.load_classifier(tmp_path, "cpu")
        images = torch.full((3, *SHAPE), 0.5, requires_grad=True)
        loaded.responses(images)[:, 0].sum().backward()
        assert images.grad is not None
        assert float(images.grad.abs().sum()) > 0
        # A copy: what the run does with it leaves the program's own alone.
        with torch.no_grad():
            next(model.parameters()).zero_()
        assert net.weight.item() == 1
    with pytest.raises(BadCheckpoint, match="was held by a Python program that has ended"):
        checkpoints.load_classifier(tmp_path, "cpu")


CODE = """
import numpy as np

def read(images):
    return {"glasses": np.asarray(images).mean((1, 2, 3))}

def make(share=1.0, weights=None):
    if weights is not None:
        share = float(weights.read_text())
    return lambda images: {"glasses": share * np.asarray(images).mean((1, 2, 3))}

def make_nothing(share):
    return share
"""


def test_a_function_of_a_module_reads_or_makes_what_reads(tmp_path: Path) -> None:
    (tmp_path / "reader_for_this_test.py").write_text(CODE)
    (tmp_path / "share.txt").write_text("0.5")
    white = np.full((2, *SHAPE), 255, np.uint8)

    def settings(name: str, **more: Any) -> BroughtClassifierSettings:
        return BroughtClassifierSettings(entrypoint=f"reader_for_this_test:{name}", folder=tmp_path, **more)

    for made, share in (
        (settings("read"), 1.0),
        (settings("make", arguments={"share": 0.25}), 0.25),
        (settings("make", files={"weights": tmp_path / "share.txt"}), 0.5),
    ):
        np.testing.assert_allclose(classify_images(made.build(SHAPE, TARGETS), white)[:, 0], share)
    with pytest.raises(
        BadCheckpoint, match="returned a float: with arguments or files it must return the function"
    ):
        settings("make_nothing", arguments={"share": 1.0}).build(SHAPE, TARGETS)
    with pytest.raises(BadCheckpoint, match="cannot be imported"):
        settings("absent").build(SHAPE, TARGETS)
    with pytest.raises(ValidationError, match="given both in arguments and in files"):
        settings("make", arguments={"weights": 1}, files={"weights": tmp_path / "share.txt"})
    with pytest.raises(ValidationError, match="is a path: name it in `files`"):
        settings("make", arguments={"weights": "/somewhere"})
