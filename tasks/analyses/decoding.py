"""The decoder as judging analyses see it: a function of codes and of row numbers, whose noise each is drawn with.

The effect of a code is an expectation over the model's noise. An image, or a pair of images, has noise of its own, the
same for every code that is made of it: its swap and each of its doses. Intervals over images hold the noise too.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Latents = NDArray[np.float32]
Rows = NDArray[np.int64]
# (codes (n, d), row numbers (n,)) -> images (n, c, h, w) in [0, 1]. Equal row numbers: equal noise.
Decode = Callable[[Latents, Rows], NDArray[np.float32]]


def without_noise(decode: Callable[[Latents], NDArray[np.float32]]) -> Decode:
    """Returns a decoder that draws no noise as one that takes row numbers."""
    return lambda latents, rows: decode(latents)
