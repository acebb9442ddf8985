"""Models without torch weights whose codes have more dimensions than are audited one by one."""

import numpy as np
from numpy.typing import NDArray

from tests.audits.moments_model import SIDE, Moments

COUNT = 300
# Where the three numbers of an image stand in the code.
PLACES = (100, 200, 299)
_WEIGHTS = np.random.default_rng(0).normal(size=(COUNT, SIDE * SIDE)).astype(np.float32) / SIDE


class Hidden(Moments):
    """The three numbers of an image among 297 others, which tell next to nothing and draw next to nothing."""

    def encode(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        pixels = np.asarray(images, dtype=np.float32).reshape(len(images), -1)
        codes = (0.02 * np.tanh(pixels @ _WEIGHTS.T)).astype(np.float32)
        codes[:, PLACES] = super().encode(images)
        return codes

    def decode(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        whole = np.asarray(codes, dtype=np.float32)
        faint = np.abs(whole @ _WEIGHTS).reshape(-1, 1, SIDE, SIDE)
        return np.clip(super().decode(whole[:, PLACES]) + 0.02 * faint, 0, 1)


class Spread(Hidden):
    """The same code turned, so that every dimension holds a little of each number."""

    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(COUNT, COUNT)))[0].astype(np.float32)

    def encode(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return super().encode(images) @ self.turn

    def decode(self, codes: NDArray[np.float32]) -> NDArray[np.float32]:
        return super().decode(np.asarray(codes, dtype=np.float32) @ self.turn.T)


def hidden() -> Hidden:
    return Hidden()


def spread() -> Spread:
    return Spread()
