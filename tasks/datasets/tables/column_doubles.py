"""Finds duplicate columns, and class names that probably mean the same class."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.tables.shown_text import shown
from latent_audit.vocabulary.reasons import Reason, reason

_SAME_RANKS = 0.995  # rank correlation; a length and its rounding have more
_SAME_CLASSES = 0.98  # share of the images outside the commonest class on which two columns agree
_MAX_ROWS = 20_000
_YES_OR_NO = {
    **dict.fromkeys(("yes", "y", "true", "t", "1", "1.0", "on", "是"), "yes"),
    **dict.fromkeys(("no", "n", "false", "f", "0", "0.0", "off", "否"), "no"),
}


def likely_one_class(classes: Sequence[str]) -> list[tuple[str, ...]]:
    """Returns groups of class names that differ only in case, blanks, hyphens, invisible signs or Unicode form.

    Where all are words for yes and no, such as true and 1, those for the same are a group.
    """
    plain = [_plain(name) for name in classes]
    if all(name in _YES_OR_NO for name in plain):
        plain = [_YES_OR_NO[name] for name in plain]
    groups: dict[str, list[str]] = {}
    for name, key in zip(classes, plain, strict=True):
        groups.setdefault(key or name, []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()
    # Between letters alone: A- and A+, or 1-2 and 12, are different grades and ranges.
    return re.sub(r"(?<=[^\W\d_])[\s_\-.]+(?=[^\W\d_])", "", seen)


def double_columns(
    attributes: Sequence[Attribute], values: NDArray[np.float64], seed: int = 0
) -> list[tuple[str, str, Reason]]:
    """Returns pairs of attributes that agree on nearly every image that has all of them, and their similarity."""
    rows = np.flatnonzero(~np.isnan(values).any(axis=1))
    if len(rows) > _MAX_ROWS:
        rows = np.random.default_rng(seed).choice(rows, _MAX_ROWS, replace=False)
    taken = values[rows]
    named = [k for k, a in enumerate(attributes) if a.kind in ("binary", "categorical", "ordinal")]
    measured = [k for k, a in enumerate(attributes) if a.kind in ("ordinal", "continuous")]
    found = [(i, j, words) for i, j, words in _alike_in_rank(taken, measured + _binary(attributes))]
    known = {(i, j) for i, j, _ in found}
    found += [
        (i, j, reason("note.same_groups"))
        for i, j in combinations(named, 2)
        if (i, j) not in known and _same_groups(taken[:, i], taken[:, j])
    ]
    found.sort(key=lambda pair: pair[:2])
    return [(attributes[i].name, attributes[j].name, likeness) for i, j, likeness in found]


def double_columns_note(pairs: Sequence[tuple[str, str, Reason]], most: int = 10) -> list[Reason]:
    """Returns a note on each pair."""
    return [
        reason("note.double_columns", first=shown(first), second=shown(second), likeness=likeness)
        for first, second, likeness in pairs[:most]
    ]


def _binary(attributes: Sequence[Attribute]) -> list[int]:
    return [k for k, attribute in enumerate(attributes) if attribute.kind == "binary"]


def _alike_in_rank(values: NDArray[np.float64], columns: Sequence[int]) -> list[tuple[int, int, Reason]]:
    varied = sorted(k for k in columns if np.ptp(values[:, k]) > 0)
    if len(varied) < 2:
        return []
    from scipy.stats import rankdata  # here: settings import this module, and scipy.stats takes a second

    ranks = np.stack([rankdata(values[:, k]) for k in varied])
    alike = np.corrcoef(ranks)
    return [
        (varied[a], varied[b], reason("note.rank_correlation", value=f"{alike[a, b]:.3f}"))
        for a, b in combinations(range(len(varied)), 2)
        if abs(alike[a, b]) >= _SAME_RANKS
    ]


def _same_groups(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Whether the classes of two columns agree, except for few of the images outside the most common class."""
    rows, columns = (np.unique(column, return_inverse=True)[1] for column in (first, second))
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    groups = min((table.sum(axis) > 0).sum() for axis in (0, 1))
    if groups < 2:
        return False
    apart = len(first) - min(table.max(axis=0).sum(), table.max(axis=1).sum())
    outside = len(first) - min(table.sum(axis=0).max(), table.sum(axis=1).max())
    return bool(apart <= (1 - _SAME_CLASSES) * outside)
