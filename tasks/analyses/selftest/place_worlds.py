"""Synthetic worlds in which it is known where each attribute lives.

"Images" are signals (n, signals, 1, 1), one an attribute, and classifiers read them, unless a world says otherwise.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.selftest.synthetic_data import SyntheticData
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Decode = Callable[[NDArray[np.float32]], NDArray[np.float32]]
_TURN = 2.0 * np.pi
_NOISE = 0.1


def continuous_world(
    signals: Floats,
    to_codes: Callable[[Floats], Floats],
    to_signals: Callable[[Floats], Floats],
    rng: np.random.Generator,
    noise_dimensions: int = 2,
    noise: float = _NOISE,
) -> SyntheticData:
    """Returns a world of continuous attributes, one a column of `signals` (n, k).

    Codes are `to_codes` of the signals with noise, beside dimensions of noise alone; `to_signals` undoes it.
    """
    n, k = signals.shape
    carried = to_codes(signals + noise * rng.standard_normal((n, k)))
    codes = np.concatenate([carried, rng.standard_normal((n, noise_dimensions))], axis=1)
    width = carried.shape[1]
    attributes = tuple(Attribute(f"a{i}", "continuous") for i in range(k))
    mean, spread = signals.mean(axis=0), signals.std(axis=0)

    def decode(latents: NDArray[np.float32]) -> NDArray[np.float32]:
        drawn = to_signals(latents[:, :width].astype(np.float64))
        return np.asarray(drawn, dtype=np.float32)[:, :, None, None]

    def respond(images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((images[:, :, 0, 0] - mean) / spread, dtype=np.float32)

    columns = {attribute.name: (i,) for i, attribute in enumerate(attributes)}
    return SyntheticData(attributes, signals, codes.astype(np.float32), decode, respond, columns)


def linear_world(mixing: Floats, signals: Floats, rng: np.random.Generator) -> SyntheticData:
    """Returns a world whose code is a mixing (k, d) of the signals; the decoder is its pseudo-inverse."""
    inverse = np.linalg.pinv(mixing)
    return continuous_world(signals, lambda s: s @ mixing, lambda z: z @ inverse, rng)


def turned(angle_degrees: float, k: int) -> Floats:
    """Returns a rotation (k, k) in the plane of the first two signals."""
    matrix, angle = np.eye(k), np.deg2rad(angle_degrees)
    matrix[:2, :2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return matrix


def correlated_signals(n: int, k: int, correlation: float, rng: np.random.Generator) -> Floats:
    """Returns normal signals (n, k) whose first two have a correlation."""
    signals = rng.standard_normal((n, k))
    signals[:, 1] = correlation * signals[:, 0] + np.sqrt(1.0 - correlation**2) * signals[:, 1]
    return signals


def circle_world(n: int, rng: np.random.Generator) -> SyntheticData:
    """Returns a cyclic attribute on a tilted circle in three dimensions, and a continuous one beside it."""
    angle = rng.uniform(0.0, _TURN, n)
    size = rng.standard_normal(n)
    tilt, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    circle = np.stack([np.cos(angle), np.sin(angle), np.zeros(n)], axis=1) @ tilt
    codes = np.concatenate([circle, size[:, None], rng.standard_normal((n, 2))], axis=1)
    codes[:, :4] += _NOISE * rng.standard_normal((n, 4))

    def decode(latents: NDArray[np.float32]) -> NDArray[np.float32]:
        flat = latents[:, :3] @ tilt.T
        return np.asarray(np.stack([flat[:, 0], flat[:, 1], latents[:, 3]], axis=1), np.float32)[
            :, :, None, None
        ]

    def respond(images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(images[:, :, 0, 0], dtype=np.float32)

    attributes = (Attribute("angle", "cyclic", period=_TURN), Attribute("size", "continuous"))
    values = np.stack([angle, size], axis=1)
    return SyntheticData(
        attributes, values, codes.astype(np.float32), decode, respond, {"angle": (0, 1), "size": (2,)}
    )


def nonlinear_world(kind: str, n: int, rng: np.random.Generator) -> SyntheticData:
    """Returns an attribute that two dimensions carry together, one that a third carries, and three of noise.

    kind: "signs" (whether two have the same sign), "product" or "radius".
    """
    codes = rng.standard_normal((n, 6))
    size = codes[:, 2].copy()

    def carried(z: Floats) -> Floats:
        if kind == "signs":
            return np.asarray(z[:, 0] * z[:, 1] > 0.0, dtype=np.float64)
        return np.asarray(z[:, 0] * z[:, 1] if kind == "product" else np.hypot(z[:, 0], z[:, 1]))

    value = carried(codes)
    binary = kind == "signs"
    first = Attribute("together", "binary", ("no", "yes")) if binary else Attribute("together", "continuous")
    mean, spread = (0.0, 1.0) if binary else (value.mean(), value.std())

    def decode(latents: NDArray[np.float32]) -> NDArray[np.float32]:
        z = latents.astype(np.float64)
        return np.stack([carried(z), z[:, 2]], axis=1).astype(np.float32)[:, :, None, None]

    def respond(images: NDArray[np.float32]) -> NDArray[np.float32]:
        signals = images[:, :, 0, 0]
        return np.stack([(signals[:, 0] - mean) / spread, signals[:, 1]], axis=1).astype(np.float32)

    return SyntheticData(
        (first, Attribute("size", "continuous")),
        np.stack([value, size], axis=1),
        codes.astype(np.float32),
        decode,
        respond,
        {"together": (0,), "size": (1,)},
    )


def null_world(
    n: int, dimensions: int, rng: np.random.Generator, *, heavy_tailed: bool, skewed: bool
) -> SyntheticData:
    """Returns correlated codes that know nothing of four attributes; the decoder draws the first dimensions."""
    codes = rng.standard_t(3, (n, dimensions)) if heavy_tailed else rng.standard_normal((n, dimensions))
    codes[:, 1] = 0.8 * codes[:, 0] + 0.6 * codes[:, 1]
    base = rng.standard_normal((n, 4))
    base[:, 1] += base[:, 0]
    values = np.stack(
        [
            (base[:, 0] > (1.3 if skewed else 0.0)).astype(np.float64),
            np.digitize(base[:, 1], [-0.8, 0.8]).astype(np.float64),
            np.exp(base[:, 2]) if skewed else base[:, 2],
            np.mod(base[:, 3], _TURN),
        ],
        axis=1,
    )
    attributes = (
        Attribute("binary", "binary", ("no", "yes")),
        Attribute("categorical", "categorical", ("a", "b", "c")),
        Attribute("continuous", "continuous"),
        Attribute("cyclic", "cyclic", period=_TURN),
    )

    def decode(latents: NDArray[np.float32]) -> NDArray[np.float32]:
        return latents[:, :2, None, None]

    def respond(images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.repeat(images[:, :1, 0, 0], 7, axis=1)

    columns = {"binary": (0,), "categorical": (1, 2, 3), "continuous": (4,), "cyclic": (5, 6)}
    return SyntheticData(attributes, values, codes.astype(np.float32), decode, respond, columns)


def with_decoder(world: SyntheticData, change: Callable[[Decode], Decode]) -> SyntheticData:
    """Returns the world with another decoder, made from its own."""
    return replace(world, decode=change(world.decode))


def broken_for_swaps(world: SyntheticData, kind: str, rng: np.random.Generator) -> SyntheticData:
    """Returns the world with a decoder that knows the codes of real images, and breaks down for any other.

    kind: "constant", "noise", or "half": what is drawn is half as far from the mean.
    """
    known = {row.tobytes() for row in world.codes}

    def change(decode: Decode) -> Decode:
        mean = decode(world.codes).mean(axis=0)

        def broken(latents: NDArray[np.float32]) -> NDArray[np.float32]:
            drawn = decode(latents)
            foreign = np.array([row.tobytes() not in known for row in latents])
            if kind == "half":
                drawn[foreign] = mean + 0.5 * (drawn[foreign] - mean)
            else:
                noise = rng.standard_normal(drawn.shape) if kind == "noise" else 0.0 * drawn
                drawn[foreign] = (mean + noise)[foreign]
            return drawn

        return broken

    return with_decoder(world, change)


def read_with_noise(world: SyntheticData, noise: float, rng: np.random.Generator) -> SyntheticData:
    """Returns the world with readings that have errors of `noise` standard deviations."""

    def respond(images: NDArray[np.float32]) -> NDArray[np.float32]:
        exact = world.respond(images)
        return np.asarray(exact + noise * rng.standard_normal(exact.shape), dtype=np.float32)

    return replace(world, respond=respond)
