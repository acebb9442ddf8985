"""The terms of an additive model, made unique: centred over images, and pairs without what one attribute says alone.

A sum of functions of attributes and of pairs can be written in many ways: whatever depends on one attribute alone can
stand in its own function or in any of its pairs. Purified (Lengerich et al. 2020, "Purifying interaction effects with
the functional ANOVA"), a pair averages to the same number along each of its attributes, and what it had of their main
effects stands in their own functions. Averages are over the values that the reference images have of one attribute,
whatever the other one is (the product of both margins). The sum, and so the decision, stays what it was.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.vocabulary.batches import batches

Floats = NDArray[np.float64]
# Codes (n, d) in, terms (n, d + pairs) out: of each dimension, then of each pair.
Terms = Callable[[NDArray[np.float32]], NDArray[np.floating]]
_CROSSED_ROWS = 50_000


@dataclass(frozen=True)
class AdditiveModel:
    """logit = bias + terms of the dimensions + terms of pairs of attributes.

    columns: the dimensions of each attribute; every dimension is of one. pairs: attributes by number. The term of a
    dimension depends on it alone, and that of a pair on the dimensions of its two attributes.
    """

    attributes: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]
    pairs: tuple[tuple[int, int], ...]
    terms: Terms
    bias: float

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the name of each attribute, then of each pair."""
        both = (f"{self.attributes[a]} × {self.attributes[b]}" for a, b in self.pairs)
        return (*self.attributes, *both)


class PurifiedTerms:
    """An additive model whose terms have mean 0 over the reference codes; `base` is its mean logit over them."""

    def __init__(self, model: AdditiveModel, reference: NDArray[np.float32]) -> None:
        """reference: (m, d) codes, as the model sees them, of images that averages are taken over."""
        self.model, self.reference = model, reference
        self.names = model.names
        raw, mains = self._raw(reference)
        moved = self._moved(reference)
        self._both_margins = np.array([moved[p, 0].mean() for p in range(len(model.pairs))])
        self._main_means = mains.mean(axis=0) + self._moved_into(moved).mean(axis=0)
        self._pair_means = self._pure(raw, moved).mean(axis=0)
        self.base = float(model.bias + raw.sum(axis=1).mean())

    def of(self, codes: NDArray[np.float32]) -> Floats:
        """Returns (n, attributes + pairs) terms of codes (n, d), named by `names`; `base` + terms is the logit."""
        raw, mains = self._raw(codes)
        moved = self._moved(codes)
        single = mains + self._moved_into(moved) - self._main_means
        return np.concatenate([single, self._pure(raw, moved) - self._pair_means], axis=1)

    def of_attribute(self, attribute: int, values: NDArray[np.float32]) -> Floats:
        """Returns the function (n,) of one attribute at values (n, c) of its dimensions."""
        return np.asarray(self.of(self._codes({attribute: values}))[:, attribute])

    def of_pair(self, pair: int, first: NDArray[np.float32], second: NDArray[np.float32]) -> Floats:
        """Returns what a pair adds to its attributes' own functions, (n,), at values (n, c) of both."""
        a, b = self.model.pairs[pair]
        terms = self.of(self._codes({a: first, b: second}))
        return np.asarray(terms[:, len(self.model.attributes) + pair])

    def _codes(self, given: dict[int, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Returns codes of an average image but for the attributes given; terms of those do not depend on the rest."""
        count = len(next(iter(given.values())))
        codes = np.repeat(self.reference.mean(axis=0, keepdims=True), count, axis=0)
        for attribute, values in given.items():
            codes[:, list(self.model.columns[attribute])] = values
        return codes.astype(np.float32)

    def _raw(self, codes: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """Returns the model's own terms (n, d + pairs), and those of dimensions summed by attribute."""
        raw = np.asarray(self.model.terms(codes), dtype=np.float64)
        mains = np.stack([raw[:, list(columns)].sum(axis=1) for columns in self.model.columns], axis=1)
        return raw, mains

    def _moved(self, codes: NDArray[np.float32]) -> Floats:
        """Returns, of each pair and side, its mean (pairs, 2, n) over the other side's values in the reference."""
        found = np.zeros((len(self.model.pairs), 2, len(codes)))
        for pair, sides in enumerate(self.model.pairs):
            for side, attribute in enumerate(sides):
                found[pair, side] = self._mean_over_others(pair, attribute, codes)
        return found

    def _mean_over_others(self, pair: int, attribute: int, codes: NDArray[np.float32]) -> Floats:
        own = list(self.model.columns[attribute])
        place = codes.shape[1] + pair
        means = []
        for some in batches(len(codes), max(1, _CROSSED_ROWS // len(self.reference))):
            rows = codes[some]
            crossed = np.tile(self.reference, (len(rows), 1))
            crossed[:, own] = np.repeat(rows[:, own], len(self.reference), axis=0)
            term = np.asarray(self.model.terms(crossed)[:, place], dtype=np.float64)
            means.append(term.reshape(len(rows), -1).mean(axis=1))
        return np.concatenate(means)

    def _moved_into(self, moved: Floats) -> Floats:
        """Returns what the pairs' main effects add to each attribute's function, (n, attributes)."""
        added = np.zeros((moved.shape[2], len(self.model.attributes)))
        for pair, sides in enumerate(self.model.pairs):
            for side, attribute in enumerate(sides):
                added[:, attribute] += moved[pair, side]
        return added

    def _pure(self, raw: Floats, moved: Floats) -> Floats:
        pairs = raw[:, raw.shape[1] - len(self.model.pairs) :]
        return np.asarray(pairs - moved[:, 0].T - moved[:, 1].T + self._both_margins)
