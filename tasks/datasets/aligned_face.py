"""The region of the face in an aligned CelebA image: the same in all of them, since eyes and mouth are aligned."""

import numpy as np
from numpy.typing import NDArray

# Of the aligned frame of 178 x 218 pixels: eyes at (69, 111) and (108, 111), corners of the mouth at (72, 152) and
# (106, 152), from the landmark list of CelebA. The oval goes from the hairline to the chin and to both cheekbones.
_FRAME = (178.0, 218.0)
_CENTRE = (88.7, 126.0)
_HALF_AXES = (45.0, 60.0)


def face_region(side: int, crop: float) -> NDArray[np.bool_]:
    """Returns bool (s, s), true on the face, for the central square of `crop` times the shorter side."""
    kept = crop * min(_FRAME)
    x, y = (
        (length - kept) / 2 + (np.arange(side) + 0.5) * kept / side  # centres of pixels, in the frame
        for length in _FRAME
    )
    away = ((x[None, :] - _CENTRE[0]) / _HALF_AXES[0]) ** 2 + ((y[:, None] - _CENTRE[1]) / _HALF_AXES[1]) ** 2
    return np.asarray(away <= 1)
