"""Synthetic data with known answers, on which the evidence is tested."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
MapKind = Literal["linear", "monotone", "u_shaped", "cyclic", "categorical"]
MAP_KINDS: tuple[MapKind, ...] = ("linear", "monotone", "u_shaped", "cyclic", "categorical")
_TURN = 2.0 * np.pi


@dataclass(frozen=True)
class SyntheticData:
    """Codes float32 (n, d) and values (n, k) whose relation is known.

    "Images" of synthetic data are signals (n, signals, 1, 1), which represent the attributes.
    """

    attributes: tuple[Attribute, ...]
    values: Floats
    codes: NDArray[np.float32]
    decode: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    respond: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    response_columns: Mapping[str, tuple[int, ...]]

    def halves(self) -> list[NDArray[np.int64]]:
        """Returns the rows of both halves; rows are independent draws in no order."""
        return np.array_split(np.arange(len(self.codes)), 2)


def null_data(n: int, dimensions: int, rng: np.random.Generator) -> SyntheticData:
    """Returns codes independent of five attributes of five types; both are dependent among themselves."""
    base = rng.standard_normal((n, 5))
    base[:, 1] += base[:, 0]
    attributes = (
        Attribute("binary", "binary", ("no", "yes")),
        Attribute("categorical", "categorical", ("a", "b", "c")),
        Attribute("ordinal", "ordinal"),
        Attribute("continuous", "continuous"),
        Attribute("cyclic", "cyclic", period=_TURN),
    )
    values = np.stack(
        [
            (base[:, 0] > 0.5).astype(np.float64),
            np.digitize(base[:, 1], [-0.8, 0.8]).astype(np.float64),
            np.clip(np.round(base[:, 2] * 1.5), -3, 3),
            base[:, 3],
            np.mod(base[:, 4], _TURN),
        ],
        axis=1,
    )
    codes = rng.standard_normal((n, dimensions))
    codes[:, 1] = 0.8 * codes[:, 0] + 0.6 * codes[:, 1]
    return _linear(attributes, values, codes, np.eye(dimensions), binary_columns=())


def planted_data(
    kind: MapKind, noise: float, n: int, dimensions: int, planted: int, rng: np.random.Generator
) -> SyntheticData:
    """Returns data in which dimension `planted` encodes the first attribute by a known map, and one decoy.

    `noise` is the standard deviation added to a map of unit spread; the other dimensions are noise.
    """
    if kind == "cyclic":
        attribute = Attribute("target", "cyclic", period=_TURN)
        target = rng.uniform(0.0, _TURN, n)
        mapped = np.sqrt(2.0) * np.cos(target)
    elif kind == "categorical":
        attribute = Attribute("target", "categorical", ("a", "b", "c", "d"))
        target = rng.integers(4, size=n).astype(np.float64)
        # Classes out of order along the dimension: nothing here is monotone.
        mapped = np.array([0.0, 3.0, 1.0, 2.0])[target.astype(int)] / np.sqrt(1.25)
    else:
        attribute = Attribute("target", "continuous")
        target = rng.standard_normal(n)
        mapped = {
            "linear": target,
            "monotone": np.exp(target) / 2.16,
            "u_shaped": target**2 / np.sqrt(2.0),
        }[kind]
    decoy = rng.integers(2, size=n).astype(np.float64)
    codes = rng.standard_normal((n, dimensions))
    codes[:, planted] = mapped + noise * rng.standard_normal(n)
    attributes = (attribute, Attribute("decoy", "binary", ("no", "yes")))
    return _linear(attributes, np.stack([target, decoy], axis=1), codes, np.eye(dimensions), ())


def linear_data(
    mixing: Floats, n: int, noise: float, rng: np.random.Generator, shares: float = 0.0, leaky: bool = False
) -> SyntheticData:
    """Returns two binary attributes and a continuous one, each the source of one signal, mixed into codes.

    `mixing` (5, d) takes three signals and two free ones to codes; the decoder is its pseudo-inverse. With
    `shares` the second attribute copies the first with that correlation and has no signal of its own. A
    `leaky` classifier of the first attribute reads a free signal, not the attribute's.
    """
    first = rng.integers(2, size=n).astype(np.float64)
    second = rng.integers(2, size=n).astype(np.float64)
    if shares > 0.0:
        second = np.where(rng.random(n) < shares, first, second)
    third = rng.standard_normal(n)
    signals = np.stack([first - 0.5, second - 0.5, third / 2.0, *rng.standard_normal((2, n)) / 2.0], axis=1)
    if shares > 0.0:
        signals[:, 1] = rng.standard_normal(n) / 2.0
    codes = (signals + noise * rng.standard_normal(signals.shape)) @ mixing
    attributes = (
        Attribute("first", "binary", ("no", "yes")),
        Attribute("second", "binary", ("no", "yes")),
        Attribute("third", "continuous"),
    )
    values = np.stack([first, second, third], axis=1)
    reads = (3 if leaky else 0, 0 if shares > 0.0 else 1)
    return _linear(attributes, values, codes, mixing, reads)


def _linear(
    attributes: tuple[Attribute, ...],
    values: Floats,
    codes: Floats,
    mixing: Floats,
    binary_columns: tuple[int, ...],
) -> SyntheticData:
    """Adds the decoder (the mixing's pseudo-inverse) and classifiers that read signals."""
    inverse = np.linalg.pinv(mixing)

    def decode(latents: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(latents @ inverse, dtype=np.float32)[:, :, None, None]

    def respond(images: NDArray[np.float32]) -> NDArray[np.float32]:
        signals = images[:, :, 0, 0]
        columns = [1.0 / (1.0 + np.exp(-10.0 * signals[:, source])) for source in binary_columns]
        return np.stack([*columns, 2.0 * signals[:, 2]], axis=1).astype(np.float32)

    names = [a.name for a in attributes]
    columns = {name: (i,) for i, name in enumerate(names[: len(binary_columns) + 1])}
    return SyntheticData(attributes, values, codes.astype(np.float32), decode, respond, columns)


def rotation(angle_degrees: float, first: int, second: int, dimensions: int = 5) -> Floats:
    """Returns a rotation (d, d) in the plane of two dimensions."""
    matrix, angle = np.eye(dimensions), np.deg2rad(angle_degrees)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = np.sin(angle), -np.sin(angle)
    return matrix


def duplication(dimensions: int = 5) -> Floats:
    """Returns a mixing (d, 2 d) that gives every signal two dimensions."""
    return np.concatenate([np.eye(dimensions), np.eye(dimensions)], axis=1)
