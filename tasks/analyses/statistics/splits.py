"""Splits a data set into four disjoint parts, so that choices and scores use different parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.binning import fit_attribute_coding
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.datasets.attributes import Attribute

DEFAULT_SHARES: Mapping[str, float] = {
    "model_train": 0.55,
    "classifier_train": 0.15,
    "probe_fit": 0.15,
    "probe_test": 0.15,
}
# Below these a part cannot do its work: 256 held-out images is what the intervention check asks for, and
# twenty code bins with a dozen images each is the least that a bin edge should rest on.
DEFAULT_MINIMUM: Mapping[str, int] = {
    "model_train": 100,
    "classifier_train": 100,
    "probe_fit": 240,
    "probe_test": 256,
}
# The golden ratio's multiples fill the unit interval more evenly than any other fixed step.
_STEP = (5.0**0.5 - 1.0) / 2.0
_STRATUM_BINS = 4


@dataclass(frozen=True)
class Split:
    """Part of every image: `codes` int8 (n,) index into `names`."""

    codes: NDArray[np.int8]
    names: tuple[str, ...] = PARTS

    def rows(self, name: str) -> NDArray[np.int64]:
        """Returns the sorted image indices of one part."""
        return np.flatnonzero(self.codes == self.names.index(name))


def split(
    attributes: Sequence[Attribute],
    values: NDArray[np.float64],
    seed: int,
    shares: Mapping[str, float] = DEFAULT_SHARES,
    minimum: Mapping[str, int] = DEFAULT_MINIMUM,
    order: NDArray[np.int64] | None = None,
    groups: NDArray[np.int64] | None = None,
) -> Split:
    """Returns the part of each image; the parts are disjoint, cover all images and follow `shares`.

    Images are ordered by their attributes (coarsely binned, random within equal ones) and assigned along
    that order at even steps, so each part gets its share of every combination that is common enough.
    order: the rows in the order in which they are given their random numbers, by default that of `values`; from
    `content_order`, the split does not depend on how the rows are stored. Shares are relative to their sum.
    groups: (n,); all images of a group go to one part, groups are ordered by the mean level of their images, and the
    shares are of groups.
    Raises ValueError, with what each part needs, when a part gets fewer images than `minimum`.
    """
    _refuse_bad_shares(shares)
    n = len(values)
    rng = np.random.default_rng(seed)
    by_chance = np.empty(n)
    by_chance[np.arange(n) if order is None else order] = rng.random(n)
    keys = [by_chance]  # lexsort: the last key sorts first
    for column in reversed(range(len(attributes))):
        coding = fit_attribute_coding(attributes[column], values[:, column], bins=_STRATUM_BINS)
        keys.append(coding.apply(values[:, column]).astype(np.float64))
    if groups is not None:
        whole = ImageGroups.of(groups, n)
        keys = [np.array([key[rows].mean() for rows in whole.members]) for key in keys]
    dealt = np.lexsort(keys)
    position = np.mod(rng.random() + _STEP * np.arange(len(dealt)), 1.0)
    limits = np.cumsum([shares[name] for name in PARTS])
    codes = np.empty(len(dealt), dtype=np.int8)
    codes[dealt] = np.searchsorted(limits[:-1] / limits[-1], position, side="right")
    if groups is not None:
        codes = codes[whole.labels]
    _refuse_small_parts(codes, shares, minimum)
    return Split(codes)


def _refuse_bad_shares(shares: Mapping[str, float]) -> None:
    if set(shares) != set(PARTS) or any(not share > 0 for share in shares.values()):
        raise ValueError(
            f"shares must give a positive number for each of {', '.join(PARTS)}; got {dict(shares)}"
        )


def _refuse_small_parts(
    codes: NDArray[np.int8], shares: Mapping[str, float], minimum: Mapping[str, int]
) -> None:
    counts = np.bincount(codes, minlength=len(PARTS))
    short = [i for i, name in enumerate(PARTS) if counts[i] < minimum.get(name, 1)]
    if not short:
        return
    total = sum(shares.values())
    enough = max(int(np.ceil(minimum.get(name, 1) * total / shares[name])) for name in PARTS)
    needs = "; ".join(f"{PARTS[i]} has {counts[i]} and needs {minimum.get(PARTS[i], 1)}" for i in short)
    raise ValueError(
        f"{len(codes)} images are too few for the four parts of the audit: {needs}. "
        f"With these shares about {enough} images are enough; add images or change the shares."
    )
