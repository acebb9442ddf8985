"""What users' functions and files give, as arrays of numpy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_array(given: Any) -> NDArray[Any]:
    """Returns an array or a tensor, on any device and with or without gradients, as an array of numpy."""
    return np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
