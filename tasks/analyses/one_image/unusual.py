"""How unusual a figure of one image is among those of held-out images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Unusual:
    """One figure of an image, and the share of held-out images with a smaller one, from `n` of them."""

    measure: str
    value: float
    percentile: float
    n: int


def unusual(measure: str, value: float, held_out: NDArray[np.floating]) -> Unusual:
    """Returns the percentile (0 to 100) of a value among those of held-out images (n,); ties count half."""
    below = float((held_out < value).mean()) + float((held_out == value).mean()) / 2.0
    return Unusual(measure, value, 100.0 * below, len(held_out))
