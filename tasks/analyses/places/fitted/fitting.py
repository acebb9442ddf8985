"""Fits the parts of a code on every rung: on probe_fit, or, where images are few, on the images outside each fold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.places.evidence import BLOCK, DIMENSION, DIRECTION, Rung
from latent_audit.tasks.analyses.places.parts_of_code import CodeParts, Limits, Part
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.statistics.binning import fit_code_bins
from latent_audit.tasks.analyses.statistics.folds import AGREEING, FOLDS, most_chosen
from latent_audit.tasks.analyses.statistics.mutual_information import joint_tables, uncertainty_coefficient
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
Both = tuple[Floats, Floats]


@dataclass(frozen=True)
class FoldedPart:
    """A part of the code on one rung: fitted on all images that fit, and for each fold.

    whole: what is shown of it. of_fold: what scores the images of each fold; of a split in two parts, `whole` alone.
    agreeing: how many folds chose the part; None without folds, and where there is nothing to choose.
    """

    whole: Part
    of_fold: tuple[Part, ...]
    agreeing: int | None = None

    @property
    def rung(self) -> Rung:
        """The rung of the part."""
        return self.whole.rung

    @property
    def dimensions(self) -> tuple[int, ...]:
        """The dimensions of the whole code that belong to the part."""
        return self.whole.dimensions


@dataclass(frozen=True)
class Fitting:
    """A code with the targets (n, c) and levels (n, k) of the images that parts are fitted on.

    rows: (m,) of the held-out images, those that `parts.test` are the codes of. bins: of a single dimension.
    """

    attributes: Sequence[Attribute]
    parts: CodeParts
    targets: Sequence[Floats]
    levels: Bins
    level_count: int
    rows: Bins
    bins: int
    thresholds: Thresholds
    sizes: Sizes

    @cached_property
    def covariance(self) -> Floats:
        """The covariance (live, live) of standardised codes that are fitted on."""
        return np.asarray(self.parts.fit.T @ self.parts.fit / len(self.parts.fit))

    @cached_property
    def complete(self) -> list[bool]:
        """Whether all images have each attribute."""
        return [bool((levels >= 0).all()) for levels in self.levels.T]

    def having(self, k: int) -> tuple[CodeParts, Floats]:
        """Returns the code on the images that have an attribute, and its targets there."""
        if self.complete[k]:
            return self.parts, self.targets[k]
        rows = np.flatnonzero(self.levels[:, k] >= 0)
        inside = replace(
            self.parts,
            fit=self.parts.fit[rows],
            fit_codes=self.parts.fit_codes[rows],
            fit_groups=self.parts.fit_groups.of_rows(rows),
        )
        return inside, self.targets[k][rows]

    def fit(self) -> tuple[list[list[Part]], list[Both]]:
        """Returns the parts of each attribute in the order of the rungs, and what the whole code predicts."""
        if not self.parts.fit.shape[1]:
            held_out = len(self.rows)
            none = [(np.zeros((len(t), t.shape[1])), np.zeros((held_out, t.shape[1]))) for t in self.targets]
            return [[] for _ in self.attributes], none
        codes = self.parts.fit_codes
        tables = joint_tables(
            self.levels, self.level_count, fit_code_bins(codes, self.bins).apply(codes), self.bins
        )
        alone = uncertainty_coefficient(tables)
        blocks: list[Part | None] = [None] * len(self.attributes)
        wholes: list[Both] = [(np.zeros((0, 1)),) * 2] * len(self.attributes)
        together = [k for k, complete in enumerate(self.complete) if complete]
        for columns in [
            *([together] if together else []),
            *([k] for k in range(len(blocks)) if k not in together),
        ]:
            for k, block, whole in zip(columns, *self._blocks(columns), strict=True):
                blocks[k], wholes[k] = block, whole
        found = []
        for k, attribute in enumerate(self.attributes):
            having, targets = self.having(k)
            parts = [
                having.dimension(attribute, targets, alone[k]),
                having.direction(attribute, targets),
                blocks[k],
            ]
            found.append([part for part in parts if part is not None])
        return found, wholes

    def dimension(self, k: int, dimensions: tuple[int, ...]) -> Part:
        """Returns the part of an attribute on one dimension, or on those of a group."""
        having, targets = self.having(k)
        return having.on_dimension(self.attributes[k], targets, dimensions[0])

    def direction(self, k: int) -> Part:
        """Returns the direction of an attribute."""
        having, targets = self.having(k)
        return having.direction(self.attributes[k], targets)

    def block(self, k: int, dimensions: tuple[int, ...]) -> Part:
        """Returns the part of an attribute on a block of given dimensions."""
        having, targets = self.having(k)
        return having.on_block(
            self.attributes[k],
            targets,
            dimensions,
            self.sizes.boosting_iterations,
            self.sizes.boosting_images,
        )

    def _blocks(self, columns: Sequence[int]) -> tuple[list[Part | None], list[Both]]:
        """Returns blocks, and what the whole code predicts, of attributes that the same images have."""
        limits = self.thresholds
        having, _ = self.having(columns[0])
        known = self.levels[:, columns[0]] >= 0
        return having.blocks(
            [self.attributes[k] for k in columns],
            [self.having(k)[1] for k in columns],
            self.levels[known][:, columns],
            Limits(limits.significance, limits.uncertainty_min, limits.block_share),
            self.sizes.boosting_iterations,
            self.sizes.boosting_images,
        )


def fit_parts(whole: Fitting, folds: Sequence[Fitting]) -> tuple[list[list[FoldedPart]], list[list[Both]]]:
    """Returns the parts of each attribute, and what the whole code predicts of it in each fold.

    Without folds, `folds` is `whole` alone. Else dimensions and blocks are those that most folds choose.
    """
    fitted = [fold.fit() for fold in folds]
    wholes = [[predicted[k] for _, predicted in fitted] for k in range(len(whole.attributes))]
    if len(folds) == 1:
        parts = [[FoldedPart(part, (part,)) for part in found] for found in fitted[0][0]]
        return parts, wholes
    found = []
    for k in range(len(whole.attributes)):
        by_rung = [{part.rung: part for part in parts[k]} for parts, _ in fitted]
        found.append(_most_chosen_parts(whole, folds, k, by_rung) if by_rung[0] else [])
    return found, wholes


def _most_chosen_parts(
    whole: Fitting, folds: Sequence[Fitting], k: int, by_rung: Sequence[Mapping[Rung, Part]]
) -> list[FoldedPart]:
    found = []
    if all(DIMENSION in parts for parts in by_rung):
        dimensions, agreeing = most_chosen([parts[DIMENSION].dimensions for parts in by_rung])
        of_fold = tuple(fold.dimension(k, dimensions) for fold in folds)
        found.append(FoldedPart(whole.dimension(k, dimensions), of_fold, agreeing))
    found.append(FoldedPart(whole.direction(k), tuple(parts[DIRECTION] for parts in by_rung)))
    blocks = [parts[BLOCK].dimensions for parts in by_rung if BLOCK in parts]
    if blocks:
        dimensions, agreeing = _block_of(blocks)
        of_fold = tuple(fold.block(k, dimensions) for fold in folds)
        found.append(FoldedPart(whole.block(k, dimensions), of_fold, agreeing))
    return found


def _block_of(blocks: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], int]:
    """Returns the block of several folds, and how many folds' blocks hold it: what enough of them share, or else the
    one that most of them chose.
    """
    members = sorted({j for block in blocks for j in block})
    shared = tuple(j for j in members if sum(j in block for block in blocks) >= AGREEING)
    if len(shared) > 1:
        return shared, sum(set(shared) <= set(block) for block in blocks)
    return most_chosen(blocks)


def fold_fittings(whole: Fitting, folds: NDArray[np.int8]) -> list[Fitting]:
    """Returns a fitting for each fold: on the images outside it, with the images inside as held out.

    whole: with all images both to fit on and held out.
    """
    found = []
    for fold in range(FOLDS):
        outside, inside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        parts = replace(
            whole.parts,
            fit=whole.parts.fit[outside],
            test=whole.parts.test[inside],
            fit_codes=whole.parts.fit_codes[outside],
            test_codes=whole.parts.test_codes[inside],
            fit_groups=whole.parts.fit_groups.of_rows(outside),
        )
        targets = [target[outside] for target in whole.targets]
        found.append(replace(whole, parts=parts, targets=targets, levels=whole.levels[outside], rows=inside))
    return found
