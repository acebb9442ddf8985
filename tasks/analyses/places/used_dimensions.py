"""Which dimensions the decoder uses: those whose exchange between two images changes the picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode, Latents
from latent_audit.tasks.analyses.places.pairs import Pairs
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows

# Of the mean absolute change that exchanging the whole code makes.
MIN_SHARE_OF_SWAP = 0.01
# Of the median dimension's change, where a code has so many dimensions that each has a small share.
MIN_SHARE_OF_MEDIAN = 1.0 / 10.0
MANY_DIMENSIONS = 64
MAX_PAIRS, DECODED_IMAGES = 128, 4096


def used_dimensions(
    codes: Latents,
    pairs: Pairs,
    decode: Decode | None,
    groups: Sequence[int],
    seed: int,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Returns whether each dimension of codes (n, d) is used, bool (d,), and its change by that of a full swap.

    The dimensions of a group are exchanged together: those of a categorical attribute mean nothing apart. Without a
    decoder each that varies counts as used, with its share of the variance as its change.
    """
    if decode is None:
        variance = codes.astype(np.float64).var(axis=0)
        return variance > 0.0, variance / max(float(variance.sum()), np.finfo(np.float64).tiny)
    labels = np.asarray(groups)
    distinct = list(dict.fromkeys(labels.tolist()))
    count = min(MAX_PAIRS, max(16, DECODED_IMAGES // len(distinct)))
    some = draw_rows(len(pairs), count, seed, "used dimensions")
    rows = pairs.base[some]
    base, donor = codes[rows], codes[pairs.donor[some]]
    before = decode(base, rows)
    whole = float(np.abs(decode(donor, rows) - before).mean(dtype=np.float64))
    shares = np.zeros(len(labels))
    for group in distinct:
        members = labels == group
        swapped = np.where(members, donor, base)
        changed = float(np.abs(decode(swapped, rows) - before).mean(dtype=np.float64))
        shares[members] = changed / whole if whole > 0.0 else 0.0
    least = MIN_SHARE_OF_SWAP
    if len(labels) > MANY_DIMENSIONS:
        least = min(least, MIN_SHARE_OF_MEDIAN * float(np.median(shares)))
    return (shares >= least) & (shares > 0.0), shares
