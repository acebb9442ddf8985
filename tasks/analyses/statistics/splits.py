"""Splits a data set into four disjoint parts, so that choices and scores use different parts.

Where images are few, the two probe parts are audited together, in folds (folds.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.binning import fit_attribute_coding
from latent_audit.tasks.analyses.statistics.folds import FEWEST_IMAGES, deal_folds
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.parts import MODEL_TRAIN, PARTS, PROBE_PARTS
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
_PROBES = [PARTS.index(name) for name in PROBE_PARTS]


@dataclass(frozen=True)
class Split:
    """Part of every image: `codes` int8 (n,) index into `names`.

    folds: int8 (n,) the fold of each image of the probe parts, -1 of the others; None where images are enough.
    """

    codes: NDArray[np.int8]
    names: tuple[str, ...] = PARTS
    folds: NDArray[np.int8] | None = None

    @property
    def used(self) -> tuple[str, ...]:
        """The parts that have an image; model_train may have none (`split`)."""
        return tuple(name for place, name in enumerate(self.names) if (self.codes == place).any())

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
    trains_models: bool = True,
) -> Split:
    """Returns the part of each image; the parts are disjoint, cover all images and follow `shares`.

    Images are ordered by their attributes (coarsely binned, those without a value first, random within equal ones) and
    assigned along that order at even steps, so each part gets its share of every combination that is common enough.
    order: the rows in the order in which they are given their random numbers, by default that of `values`; from
    `content_order`, the split does not depend on how the rows are stored. Shares are relative to their sum.
    groups: (n,); all images of a group go to one part, groups are ordered by the mean level of their images, and the
    shares are of groups.
    trains_models: False where every model was trained elsewhere.

    If a part would get fewer images than `minimum`, the images of both probe parts are dealt into folds as well, and
    need FEWEST_IMAGES together; without a model to train, model_train gets no image then, and the others share all.
    Raises ValueError, with what each part needs, where that is not enough either.
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

    def deal(shares: Mapping[str, float]) -> NDArray[np.int8]:
        codes = np.empty(len(dealt), dtype=np.int8)
        limits = np.cumsum([shares[name] for name in PARTS])
        codes[dealt] = np.searchsorted(limits[:-1] / limits[-1], position, side="right")
        return codes if groups is None else codes[whole.labels]

    found = deal(shares)
    if not _small_parts(found, minimum):
        return Split(found)
    if not trains_models:
        shares, minimum = {**shares, MODEL_TRAIN: 0.0}, {**minimum, MODEL_TRAIN: 0}
        found = deal(shares)
    _refuse_small_parts(found, shares, minimum)
    unit_parts = found if groups is None else found[[rows[0] for rows in whole.members]]
    audited = dealt[np.isin(unit_parts[dealt], _PROBES)]
    folds = deal_folds(audited, len(dealt), rng)
    return Split(found, folds=folds if groups is None else folds[whole.labels])


def _refuse_bad_shares(shares: Mapping[str, float]) -> None:
    if set(shares) != set(PARTS) or any(not share > 0 for share in shares.values()):
        raise ValueError(
            f"shares must give a positive number for each of {', '.join(PARTS)}; got {dict(shares)}"
        )


def _small_parts(codes: NDArray[np.int8], minimum: Mapping[str, int]) -> list[int]:
    """Returns the parts, by their places in `PARTS`, that have fewer images than they need."""
    counts = np.bincount(codes, minlength=len(PARTS))
    return [place for place, name in enumerate(PARTS) if counts[place] < minimum.get(name, 1)]


def _refuse_small_parts(
    codes: NDArray[np.int8], shares: Mapping[str, float], minimum: Mapping[str, int]
) -> None:
    """Refuses parts that are too small for an audit in folds, where the probe parts count together."""
    counts, total = np.bincount(codes, minlength=len(PARTS)), sum(shares.values())
    others = [name for name in PARTS if name not in PROBE_PARTS and shares[name] > 0]
    needed = {name: (int(counts[PARTS.index(name)]), minimum.get(name, 1), shares[name]) for name in others}
    together = " and ".join(PROBE_PARTS)
    needed[together] = (
        int(counts[_PROBES].sum()),
        FEWEST_IMAGES,
        sum(shares[name] for name in PROBE_PARTS),
    )
    short = {name: found for name, found in needed.items() if found[0] < found[1]}
    if not short:
        return
    enough = max(int(np.ceil(least * total / share)) for _, least, share in needed.values())
    needs = "; ".join(
        f"{name} {'have' if name == together else 'has'} {count} and {'need' if name == together else 'needs'} {least}"
        for name, (count, least, _) in short.items()
    )
    raise ValueError(
        f"{len(codes)} images are too few for the parts of the audit: {needs}. "
        f"With these shares about {enough} images are enough{_elsewhere(shares, minimum)}; "
        "add images or change the shares."
    )


def _elsewhere(shares: Mapping[str, float], minimum: Mapping[str, int]) -> str:
    """Returns how many images are enough where no model is trained, if a part trains one here."""
    if not shares[MODEL_TRAIN]:
        return ""
    rest = sum(shares.values()) - shares[MODEL_TRAIN]
    probes = sum(shares[name] for name in PROBE_PARTS)
    needs = [
        minimum.get(name, 1) * rest / share
        for name, share in shares.items()
        if name not in (MODEL_TRAIN, *PROBE_PARTS)
    ]
    enough = int(np.ceil(max(*needs, FEWEST_IMAGES * rest / probes)))
    return f", or about {enough} for a model that was trained elsewhere"
