"""The parts of a code that may carry an attribute, one on each rung, all chosen and fitted on probe_fit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import CODE_BINS
from latent_audit.tasks.analyses.places.block_search import Search, find_candidates
from latent_audit.tasks.analyses.places.boosted import boosted_predictions
from latent_audit.tasks.analyses.places.coordinates import coordinate_bins
from latent_audit.tasks.analyses.places.evidence import BLOCK, DIMENSION, DIRECTION, Rung
from latent_audit.tasks.analyses.places.linear_readers import LinearReader, fit_reader
from latent_audit.tasks.analyses.places.random_features import (
    crossed_predictions,
    features_of,
    predict,
)
from latent_audit.tasks.analyses.places.scaled_codes import Scaling
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.mutual_information import joint_tables, uncertainty_coefficient
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
_SHUFFLES = 99
# As the association check cuts a dimension.
_BINS = CODE_BINS


@dataclass(frozen=True)
class Part:
    """A part of the code on one rung: dimensions of the whole code, predictions on either probe part, its reader."""

    rung: Rung
    dimensions: tuple[int, ...]
    fit: Floats
    test: Floats
    reader: LinearReader | None = None


@dataclass(frozen=True)
class Limits:
    """By which blocks are searched: see Thresholds."""

    significance: float
    uncertainty_min: float
    block_share: float


@dataclass(frozen=True)
class CodeParts:
    """Standardised codes (n, live) and (m, live) of the probe parts, with all that fitting on them needs."""

    scaling: Scaling
    fit: Floats
    test: Floats
    fit_codes: NDArray[np.float32]
    test_codes: NDArray[np.float32]
    groups: NDArray[np.int64]
    used: NDArray[np.bool_]
    seed: int
    fit_groups: ImageGroups

    def dimension(self, attribute: Attribute, targets: Floats, uncertainty: Floats) -> Part | None:
        """Returns the dimension that tells most on probe_fit, uncertainty (d,), of those that the decoder uses.

        A dimension of a group stands for all of its group.
        """
        available = self.used & self.scaling.varies
        if not available.any():
            return None
        return self.on_dimension(
            attribute, targets, int(np.argmax(np.where(available, uncertainty, -np.inf)))
        )

    def on_dimension(self, attribute: Attribute, targets: Floats, best: int) -> Part:
        """Returns the part on one dimension; on all of its group where it belongs to one."""
        group = np.flatnonzero(self.groups == self.groups[best])
        if len(group) == 1:
            return Part(
                DIMENSION,
                (best,),
                self.fit_codes[:, [best]].astype(np.float64),
                self.test_codes[:, [best]].astype(np.float64),
            )
        inside = np.isin(self.scaling.live, group)
        reader = fit_reader(attribute, self.fit[:, inside], targets, self.seed)
        return Part(
            DIMENSION,
            tuple(int(j) for j in group),
            reader.scores(self.fit[:, inside]),
            reader.scores(self.test[:, inside]),
        )

    def direction(self, attribute: Attribute, targets: Floats) -> Part:
        """Returns the linear combination of all dimensions that reads the attribute best."""
        reader = fit_reader(attribute, self.fit, targets, self.seed)
        every = tuple(int(j) for j in self.scaling.live)
        return Part(DIRECTION, every, reader.scores(self.fit), reader.scores(self.test), reader)

    def blocks(
        self,
        attributes: Sequence[Attribute],
        targets: Sequence[Floats],
        levels: Bins,
        limits: Limits,
        boosting_iterations: int,
        boosting_images: int,
    ) -> tuple[list[Part | None], list[tuple[Floats, Floats]]]:
        """Returns the block of each attribute, None where there is none, and what the whole code predicts of each.

        A block is searched where the code as a whole reads the attribute, and a direction reads clearly less.
        """
        draw = np.random.default_rng([self.seed, 24]).random(self.fit_groups.count) < 1 / 2
        half = draw[self.fit_groups.labels]
        stacked = np.concatenate(targets, axis=1)
        linear = _crossed_linear(self.fit, stacked, half)
        whole = crossed_predictions(self.fit, stacked, half, self.seed)
        features = features_of(self.fit, self.seed), features_of(self.test, self.seed)
        predicted_fit = predict(features[0], stacked, features[0])
        predicted_test = predict(features[0], stacked, features[1])
        blocks: list[Part | None] = []
        wholes: list[tuple[Floats, Floats]] = []
        ends = np.cumsum([target.shape[1] for target in targets])
        by_attribute = [
            np.split(found, ends, axis=1) for found in (linear, whole, predicted_fit, predicted_test)
        ]
        for k, attribute in enumerate(attributes):
            wholes.append((by_attribute[2][k], by_attribute[3][k]))
            blocks.append(
                self._block(
                    attribute,
                    targets[k],
                    levels[:, k],
                    by_attribute[0][k],
                    by_attribute[1][k],
                    half,
                    limits,
                    boosting_iterations,
                    boosting_images,
                )
            )
        return blocks, wholes

    def _block(
        self,
        attribute: Attribute,
        targets: Floats,
        levels: Bins,
        linear: Floats,
        whole: Floats,
        half: NDArray[np.bool_],
        limits: Limits,
        boosting_iterations: int,
        boosting_images: int,
    ) -> Part | None:
        live = np.flatnonzero(self.used[self.scaling.live])
        if len(live) < 2:
            return None
        codes = self.fit[:, live]
        candidates = find_candidates(codes, targets, levels, int(levels.max()) + 1)
        search = Search(codes, targets, half, self.seed)
        pair = max(candidates.pairs, key=search.explained)
        of_pair = crossed_predictions(codes[:, list(pair)], targets, half, self.seed)
        readings = [self._told(attribute, columns, levels) for columns in (linear, whole, of_pair)]
        best = max(readings[1:])
        if best < limits.uncertainty_min or readings[0] >= limits.block_share * best:
            return None
        chosen = whole if readings[1] >= readings[2] else of_pair
        if self._p_value(attribute, chosen, levels) > limits.significance:
            return None
        variance = float(((targets - targets.mean(axis=0)) ** 2).sum(axis=1).mean())
        explained = 1.0 - float(((targets - whole) ** 2).sum(axis=1).mean()) / max(variance, 1e-12)
        block = search.find(candidates, limits.block_share * max(explained, search.explained(pair)))
        by_line = 1.0 - float(((targets - linear) ** 2).sum(axis=1).mean()) / max(variance, 1e-12)
        if len(block) < 2 or search.explained(block) <= by_line:
            return None
        dimensions = tuple(int(j) for j in self.scaling.live[live[list(block)]])
        return self.on_block(attribute, targets, dimensions, boosting_iterations, boosting_images)

    def on_block(
        self,
        attribute: Attribute,
        targets: Floats,
        dimensions: tuple[int, ...],
        boosting_iterations: int,
        boosting_images: int,
    ) -> Part:
        """Returns the part on a block of given dimensions, which vary, ascending."""
        inside = np.searchsorted(self.scaling.live, dimensions)
        fit, test = boosted_predictions(
            attribute,
            self.fit[:, inside],
            targets,
            self.test[:, inside],
            boosting_iterations,
            boosting_images,
            self.seed,
        )
        return Part(BLOCK, dimensions, fit, test)

    def _told(self, attribute: Attribute, predicted: Floats, levels: Bins) -> float:
        binned, _ = coordinate_bins(attribute, predicted, predicted, _BINS)
        tables = joint_tables(levels[:, None], int(levels.max()) + 1, binned[:, None], int(binned.max()) + 1)
        return float(uncertainty_coefficient(tables)[0, 0])

    def _p_value(self, attribute: Attribute, predicted: Floats, levels: Bins) -> float:
        rng = np.random.default_rng([self.seed, 25])
        observed = self._told(attribute, predicted, levels)
        chance = [self._told(attribute, predicted, rng.permutation(levels)) for _ in range(_SHUFFLES)]
        return (1.0 + sum(value >= observed for value in chance)) / (_SHUFFLES + 1.0)


def _crossed_linear(codes: Floats, targets: Floats, half: NDArray[np.bool_]) -> Floats:
    found = np.empty_like(targets)
    found[half] = predict(codes[~half], targets[~half], codes[half])
    found[~half] = predict(codes[half], targets[half], codes[~half])
    return found
