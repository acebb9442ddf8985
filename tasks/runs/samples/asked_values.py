"""What --ask asks for: values of attributes, held against the values that the data have."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.terminal_text import named


def parse_asked(
    words: str | None, attributes: Sequence[Attribute], values: NDArray[np.float64]
) -> dict[str, float]:
    """Returns the raw value that is asked for by attribute, from words as "shape=heart,scale=0.8".

    values: (n, k) of the data, in whose range a number must lie. Names and classes may hold commas and equals signs.
    Raises UsageError for what is no attribute, no class, or outside the data.
    """
    columns = {attribute.name: place for place, attribute in enumerate(attributes)}
    asked: dict[str, float] = {}
    for name, word in _pairs(words or "", list(columns)):
        if name in asked:
            raise UsageError(f"--ask names {named(name)} twice")
        asked[name] = _value(attributes[columns[name]], word, values[:, columns[name]])
    return asked


def _pairs(words: str, names: Sequence[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    rest = words
    while rest:
        name = _named_first(rest, names)
        if name is None:
            raise UsageError(
                f"--ask expects NAME=VALUE, separated by commas, with one of the attributes "
                f"{', '.join(map(named, names))}; got {named(rest)!r}"
            )
        rest = rest[len(name) + 1 :]
        # A value ends before the next attribute that is named: classes may hold commas.
        ends = [
            place
            for place, letter in enumerate(rest)
            if letter == "," and _named_first(rest[place + 1 :], names) is not None
        ]
        end = ends[0] if ends else len(rest)
        found.append((name, rest[:end]))
        rest = rest[end + 1 :]
    return found


def _named_first(words: str, names: Sequence[str]) -> str | None:
    """Returns the longest name of an attribute that `words` begins with, followed by an equals sign."""
    return max((name for name in names if words.startswith(f"{name}=")), key=len, default=None)


def _value(attribute: Attribute, word: str, values: NDArray[np.float64]) -> float:
    if attribute.classes and word in attribute.classes:
        return float(attribute.classes.index(word))
    if attribute.kind in ("binary", "categorical"):
        raise UsageError(
            f"{named(attribute.name)} has the classes {', '.join(map(named, attribute.classes))}; got {named(word)!r}"
        )
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise UsageError(f"{named(attribute.name)} is a number from {low:g} to {high:g}; got {named(word)!r}")
    if not low <= number <= high:
        raise UsageError(
            f"{named(attribute.name)} lies between {low:g} and {high:g} in the data; {number:g} is outside, where no "
            "model has seen an image"
        )
    return number


def occurs_in(
    asked: NDArray[np.float64],
    chosen: Sequence[Attribute],
    values: NDArray[np.float64],
    nearness: float,
) -> NDArray[np.bool_]:
    """Returns (n,) whether each asked combination (n, k) occurs among the values (m, k) of training images.

    Classes must be equal; a number may differ by the share `nearness` of the range of its attribute, a cyclic one of
    its period.
    """
    found = np.empty(len(asked), bool)
    scales = [
        attribute.period or max(float(np.ptp(column)), 1e-12)
        for attribute, column in zip(chosen, values.T, strict=True)
    ]
    for row, wanted in enumerate(asked):
        fits = np.ones(len(values), bool)
        for attribute, scale, value, column in zip(chosen, scales, wanted, values.T, strict=True):
            if attribute.kind in ("binary", "categorical"):
                fits &= column == value
                continue
            away = np.abs(column - value)
            if attribute.kind == "cyclic":
                away = np.minimum(away % scale, scale - away % scale)
            fits &= away <= nearness * scale
        found[row] = fits.any()
    return found
