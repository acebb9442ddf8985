"""Which dimensions of a large code are audited one by one, and a decoder that leaves the others as they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode, Latents, Rows
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.used_dimensions import used_dimensions
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups

# Of a code of more dimensions than the first, so many as the second says are audited one by one.
MANY_DIMENSIONS, CHOSEN_DIMENSIONS = 256, 64
# Larger codes are refused: a dimension of them says next to nothing of an image.
LARGEST_CODE = 4096
# Codes between which each dimension is exchanged, and about how many images are decoded in all.
_MOST_PAIRS, _FEWEST_PAIRS, _DECODED = 16, 4, 8192

Chosen = NDArray[np.int64]


@dataclass(frozen=True)
class Choice:
    """The dimensions that are audited one by one, ascending, and which of them the decoder uses, by how much.

    used bool (k,), changes (k,): as of `used_dimensions`, of the codes that the choice was made on.
    """

    dimensions: Chosen
    used: NDArray[np.bool_]
    changes: NDArray[np.float64]


def choose_dimensions(fit: Latents, decode: Decode | None, seed: int) -> Choice | None:
    """Returns the dimensions of codes (n, d) that are audited one by one; None for all of them.

    Of more than 256 dimensions these are the 64 that change the picture most when another code's value is put in;
    without a decoder those with the largest variance.
    """
    count = fit.shape[1]
    if count <= MANY_DIMENSIONS:
        return None
    most = max(_FEWEST_PAIRS, min(_MOST_PAIRS, _DECODED // count))
    pairs = draw_pairs(ImageGroups.of(None, len(fit)), most, seed)
    used, changes = used_dimensions(fit, pairs, decode, range(count), seed)
    chosen = np.sort(np.argsort(-changes, kind="stable")[:CHOSEN_DIMENSIONS])
    return Choice(chosen, used[chosen], changes[chosen])


def with_others_kept(decode: Decode, codes: Latents, chosen: Chosen) -> Decode:
    """Returns a decoder of chosen dimensions (n, k) alone; the others are those of the row's code in `codes` (m, d)."""

    def of_chosen(latents: Latents, rows: Rows) -> NDArray[np.float32]:
        whole = np.array(codes[rows], dtype=np.float32)
        whole[:, chosen] = latents
        return decode(whole, rows)

    return of_chosen
