"""A random order of images that depends on their content, and not on the order in which they are stored.

Samples, splits and trainings in this order are the same for the same images stored in another order.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from latent_audit.vocabulary.batches import batches

_ROWS_IN_MEMORY = 4096


def content_order(
    images: NDArray[np.uint8], values: NDArray[np.float64], masks: NDArray[np.bool_] | None, seed: int
) -> NDArray[np.int64]:
    """Return the row numbers (n,) ordered by a hash of each row's image, values and mask, keyed by the seed.

    Rows that are equal in all three keep the order in which they are stored, which has no effect.
    """
    key = seed.to_bytes(8, "little", signed=True)
    digests = np.empty(len(images), dtype=np.uint64)
    for some in batches(len(images), _ROWS_IN_MEMORY):
        columns = [np.ascontiguousarray(part[some]) for part in (images, values, masks) if part is not None]
        for place, row in enumerate(zip(*columns, strict=True), start=some.start):
            digest = hashlib.blake2b(digest_size=8, key=key)
            for part in row:
                digest.update(part.tobytes())
            digests[place] = int.from_bytes(digest.digest(), "little")
    return np.argsort(digests, kind="stable").astype(np.int64)
