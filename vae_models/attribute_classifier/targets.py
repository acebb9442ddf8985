"""Targets of prediction heads: one Target per attribute, with its loss in nats and its response
columns. The attribute classifier and the InterpretableGAN's semantic encoder both use them.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from latent_audit.vae_models.errors import BadSettings
from latent_audit.vocabulary.attribute_kinds import AttributeKind

# A standard deviation so many times the robust scale is made by a few extreme values.
WIDENED_FROM = 1.5
# The interquartile range of a normal distribution, in standard deviations.
NORMAL_RANGE = 1.349
# Beyond these, a value is as good as these to learn from: else a few extreme ones would decide the loss.
MAX_DEVIATIONS = 10.0


class AttributeLike(Protocol):
    """The fields of an attribute from which a target is made."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> AttributeKind: ...  # noqa: D102
    @property
    def classes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def period(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True)
class Target:
    """One attribute as a head predicts it.

    size: outputs of the head: 1 for binary, ordinal and continuous, the number of classes for categorical,
    2 (cos, sin) for cyclic. mean, std: of the training values, in the attribute's unit, for ordinal and
    continuous; is_robust: whether std is the robust scale, since extreme values widen the standard deviation.
    period: a full turn, for cyclic. classes: names for binary and categorical.
    """

    name: str
    kind: AttributeKind
    size: int
    mean: float = 0.0
    std: float = 1.0
    period: float = 1.0
    classes: tuple[str, ...] = ()
    is_robust: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Returns the name of each head output: "shape=heart", "scale", "orientation.cos"."""
        if self.kind == "categorical":
            names = self.classes or tuple(str(code) for code in range(self.size))
            return tuple(f"{self.name}={name}" for name in names)
        if self.kind == "cyclic":
            return (f"{self.name}.cos", f"{self.name}.sin")
        return (self.name,)

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Returns raw values (n,) as training targets (n,): class codes as they are, ordinal and continuous
        standardised, cyclic as an angle in radians.
        """
        if self.kind in ("ordinal", "continuous"):
            values = (values - self.mean) / self.std
        elif self.kind == "cyclic":
            values = values * (2 * math.pi / self.period)
        return values.astype(np.float32)

    def decode(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """Returns the raw values (n,) behind encoded ones: the inverse of `encode`."""
        values = encoded.astype(np.float64)
        if self.kind in ("ordinal", "continuous"):
            return values * self.std + self.mean
        if self.kind == "cyclic":
            return values * (self.period / (2 * math.pi))
        return np.rint(values)

    def loss(self, outputs: Tensor, encoded: Tensor) -> Tensor:
        """Returns (n,) nats of each image: cross-entropy for binary and categorical, else the Gaussian
        negative log-likelihood at unit variance without its constant. Unlabelled (NaN) rows give 0.

        outputs: (n, size) of the head. encoded: (n,) from `encode`.
        """
        labelled = ~torch.isnan(encoded)
        known = torch.where(labelled, encoded, torch.zeros_like(encoded))
        outputs = outputs.float()
        if self.kind == "binary":
            nats = functional.binary_cross_entropy_with_logits(outputs[:, 0], known, reduction="none")
        elif self.kind == "categorical":
            nats = functional.cross_entropy(outputs, known.long(), reduction="none")
        elif self.kind == "cyclic":
            turn = torch.stack([known.cos(), known.sin()], 1)
            nats = 0.5 * (outputs - turn).square().sum(1)
        else:
            nats = 0.5 * (outputs[:, 0] - known.clamp(-MAX_DEVIATIONS, MAX_DEVIATIONS)).square()
        return nats * labelled

    def responses(self, outputs: Tensor) -> Tensor:
        """Returns (n, r) what the head says in natural scale: probability of class 1; class probabilities;
        the value in standard deviations of the attribute, centred; cos and sin.
        """
        outputs = outputs.float()
        if self.kind == "binary":
            return outputs.sigmoid()
        if self.kind == "categorical":
            return outputs.softmax(1)
        return outputs

    def read(self, responses: NDArray[np.floating]) -> NDArray[np.float64]:
        """Returns the raw values (n,) that responses (n, r) say: the likeliest class, or the value in its unit."""
        exact = responses.astype(np.float64)
        if self.kind == "categorical":
            return exact.argmax(axis=1).astype(np.float64)
        if self.kind == "binary":
            return (exact[:, 0] > 0.5).astype(np.float64)
        if self.kind == "cyclic":
            return np.asarray(
                np.arctan2(exact[:, 1], exact[:, 0]) % (2 * math.pi) * (self.period / (2 * math.pi))
            )
        return exact[:, 0] * self.std + self.mean


def fit_targets(
    attributes: Sequence[AttributeLike], values: NDArray[np.float64], seen: Sequence[int] | None = None
) -> tuple[Target, ...]:
    """Returns one Target an attribute, with means and standard deviations from the training values (n, k), NaN where
    an image has none.

    seen: which columns to make targets of, all by default. An attribute that is constant is refused: no head
    can be trained for it.
    """
    targets = []
    for column in range(len(attributes)) if seen is None else seen:
        attribute, column_values = attributes[column], values[~np.isnan(values[:, column]), column]
        if not len(column_values):
            raise BadSettings(
                f"attribute {attribute.name!r} has no value in any training image: leave it out"
            )
        if np.ptp(column_values) == 0:
            raise BadSettings(
                f"attribute {attribute.name!r} is {column_values[0]:g} in all training images: leave "
                "it out, or train on images in which it varies"
            )
        size = {"categorical": len(attribute.classes), "cyclic": 2}.get(attribute.kind, 1)
        scaled = attribute.kind in ("ordinal", "continuous")
        spread, is_robust = spread_of(column_values) if scaled else (1.0, False)
        targets.append(
            Target(
                name=attribute.name,
                kind=attribute.kind,
                size=size,
                mean=float(column_values.mean()) if scaled else 0.0,
                std=spread,
                is_robust=is_robust,
                period=float(attribute.period) if attribute.period is not None else 1.0,
                classes=tuple(attribute.classes),
            )
        )
    return tuple(targets)


def spread_of(values: NDArray[np.float64]) -> tuple[float, bool]:
    """Returns the standard deviation of (n,) values, or the robust scale where extreme values widen it, and which.

    The robust scale is the interquartile range / 1.349, which a few extreme values do not change (Huber and Ronchetti
    2009, Robust Statistics).
    """
    low, high = np.quantile(values, [0.25, 0.75])
    spread, robust = float(values.std()), float(high - low) / NORMAL_RANGE
    widened = robust > 0.0 and spread > WIDENED_FROM * robust
    return (robust, True) if widened else (spread, False)


def encode_all(targets: Sequence[Target], values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Returns raw values (n, k), one column a target, as training targets float32 (n, k)."""
    if values.ndim != 2 or values.shape[1] != len(targets):
        names = ", ".join(target.name for target in targets)
        raise BadSettings(
            f"values must have one column for each of {names} ({len(targets)}), got shape {values.shape}"
        )
    return np.stack([target.encode(values[:, i]) for i, target in enumerate(targets)], 1)


def decode_all(targets: Sequence[Target], encoded: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns encoded targets (n, k) as raw values float64 (n, k)."""
    return np.stack([target.decode(encoded[:, i]) for i, target in enumerate(targets)], 1)


def scales_of(targets: Sequence[Target]) -> dict[str, tuple[float, float]]:
    """Returns the mean and the standard deviation behind each target's responses, in the attribute's unit."""
    return {target.name: (target.mean, target.std) for target in targets}


def split_outputs(targets: Sequence[Target], outputs: Tensor) -> tuple[Tensor, ...]:
    """Returns the head outputs (n, sum of sizes) as one (n, size) tensor a target."""
    return torch.split(outputs, [target.size for target in targets], dim=1)


def total_size(targets: Sequence[Target]) -> int:
    """Returns the number of head outputs of all targets."""
    return sum(target.size for target in targets)


def to_record(target: Target) -> dict[str, Any]:
    """Returns a target as JSON values, for recipes."""
    return asdict(target) | {"classes": list(target.classes)}


def from_record(record: dict[str, Any]) -> Target:
    """Returns the target that `to_record` described."""
    return Target(**(record | {"classes": tuple(record["classes"])}))
