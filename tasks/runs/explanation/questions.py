"""What is asked of the classifier about one attribute: the quantity that is explained, and answers that differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vocabulary.image_explanation import Answer

Quantity = Literal["log_odds", "standard_deviations", "cosine"]
# Another answer of a number lies a standard deviation away, that of a cyclic attribute an eighth of a turn.
OTHER_TURN = math.pi / 4


@dataclass(frozen=True)
class Question:
    """One attribute of one image. outputs: (size,) of the classifier's head for the rebuilt picture."""

    attribute: Attribute
    target: Target
    columns: tuple[int, ...]
    outputs: NDArray[np.float32]

    @property
    def quantity(self) -> Quantity:
        """What is explained: log-odds of the class that is said, a number, or the cosine of the turn from it."""
        if self.target.kind in ("binary", "categorical"):
            return "log_odds"
        return "cosine" if self.target.kind == "cyclic" else "standard_deviations"

    def explained(self, outputs: Tensor) -> Tensor:
        """Returns (n,) the explained quantity of the classifier's outputs (n, R); differentiable."""
        own = outputs[:, list(self.columns)]
        if self.quantity == "log_odds":
            return _log_odds(own, self._predicted_class())
        if self.quantity == "cosine":
            return own @ self._direction().to(own)
        return own[:, 0]

    def others(self) -> list["OtherAnswer"]:
        """Returns the answers that differ: every other class, or a number one standard deviation up and down."""
        if self.quantity == "log_odds":
            classes = range(len(self.attribute.classes))
            return [OtherAnswer(self, place) for place in classes if place != self._predicted_class()]
        return [OtherAnswer(self, sign) for sign in (1, -1)]

    def differs(self, outputs: NDArray[np.float32]) -> bool:
        """Whether outputs (size,) of another picture say another class, or a number further away than that."""
        both = torch.from_numpy(np.stack([self.outputs, outputs]))
        if self.quantity == "log_odds":
            said = self.target.read(self.target.responses(both).numpy())
            return bool(said[0] != said[1])
        if self.quantity == "cosine":
            return bool(abs(float(_turned(both, self._direction())[1])) >= OTHER_TURN)
        return bool(abs(float(both[1, 0] - both[0, 0])) >= 1.0)

    def _predicted_class(self) -> int:
        value = self.target.read(self.target.responses(torch.from_numpy(self.outputs[None])).numpy())
        return int(value[0])

    def _direction(self) -> Tensor:
        """Returns the unit vector (2,) of the turn that is read."""
        own = torch.from_numpy(self.outputs)
        return own / own.norm().clamp_min(1e-6)


@dataclass(frozen=True)
class OtherAnswer:
    """Another class by its code, or a number that lies up (1) or down (-1)."""

    question: Question
    which: int

    def margin(self, outputs: Tensor) -> Tensor:
        """Returns (n,), at least 0 where the classifier's outputs (n, R) give this answer; differentiable."""
        own = outputs[:, list(self.question.columns)]
        if self.question.quantity == "log_odds":
            return _log_odds(own, self.which)
        if self.question.quantity == "cosine":
            return self.which * _turned(own, self.question._direction()) - OTHER_TURN
        return self.which * (own[:, 0] - float(self.question.outputs[0])) - 1.0

    @property
    def shown(self) -> str:
        """The class, or the value that is to be reached, in the attribute's unit."""
        attribute, target = self.question.attribute, self.question.target
        if self.question.quantity == "log_odds":
            return attribute.classes[self.which]
        value = answer(attribute, target, self.question.outputs)["value"]
        if self.question.quantity == "cosine":
            step = target.period * OTHER_TURN / (2 * math.pi)
            return with_unit(attribute, (value + self.which * step) % target.period)
        return with_unit(attribute, value + self.which * target.std)


def answer(attribute: Attribute, target: Target, outputs: NDArray[np.float32]) -> Answer:
    """Returns what outputs (size,) of a head say in words, with the probability of a class."""
    responses = target.responses(torch.from_numpy(outputs[None])).numpy()
    value = float(target.read(responses)[0])
    if target.kind == "categorical":
        return Answer(
            value=value, shown=attribute.classes[int(value)], probability=float(responses[0, int(value)])
        )
    if target.kind == "binary":
        of_one = float(responses[0, 0])
        sure = of_one if value else 1.0 - of_one
        return Answer(value=value, shown=attribute.classes[int(value)], probability=sure)
    return Answer(value=value, shown=with_unit(attribute, value), probability=None)


def label_shown(attribute: Attribute, value: float) -> str:
    """Returns a known value of an attribute in words."""
    if attribute.kind in ("binary", "categorical"):
        return attribute.classes[int(value)]
    return with_unit(attribute, value)


def with_unit(attribute: Attribute, value: float) -> str:
    """Returns a number with three significant digits and the attribute's unit."""
    return f"{value:.3g} {attribute.unit}".strip()


def questions_of(
    attributes: Sequence[Attribute],
    targets: Sequence[Target],
    columns: "dict[str, tuple[int, ...]]",
    outputs: NDArray[np.float32],
) -> list[Question]:
    """Returns a question for each attribute from the outputs (R,) for the rebuilt picture, in the data's order."""
    by_name = {target.name: target for target in targets}
    return [
        Question(
            attribute,
            by_name[attribute.name],
            columns[attribute.name],
            outputs[list(columns[attribute.name])],
        )
        for attribute in attributes
    ]


def _log_odds(outputs: Tensor, which: int) -> Tensor:
    if outputs.shape[1] == 1:
        return outputs[:, 0] if which else -outputs[:, 0]
    others = [place for place in range(outputs.shape[1]) if place != which]
    return outputs[:, which] - outputs[:, others].logsumexp(1)


def _turned(outputs: Tensor, direction: Tensor) -> Tensor:
    """Returns (n,) angles from a unit vector to outputs (n, 2), in radians between minus and plus pi."""
    x, y = direction.to(outputs)
    along = outputs[:, 0] * x + outputs[:, 1] * y
    across = outputs[:, 1] * x - outputs[:, 0] * y
    return torch.atan2(across, along)
