"""Measures where each attribute lives in one code: fits on probe_fit, and scores and swaps on probe_test.

Where images are few, both parts are the same images, and each fold is scored and swapped by what the others were
fitted on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.checks import attribute_correlation
from latent_audit.tasks.analyses.checks.association import ATTRIBUTE_BINS, CODE_BINS, FEW_CODE_BINS
from latent_audit.tasks.analyses.checks.specificity import (
    CONDITIONAL_ATTRIBUTE_BINS,
    CONDITIONAL_CODE_BINS,
    MIN_SHUFFLES,
    shuffles_for,
)
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.decoding import Decode, Latents
from latent_audit.tasks.analyses.places.claimed_swaps import Claim, ClaimedSwap, swap_claims
from latent_audit.tasks.analyses.places.coordinate_association import CoordinateAssociation, associate
from latent_audit.tasks.analyses.places.coordinate_specificity import (
    Competitor,
    Conditioned,
    measure_gap,
)
from latent_audit.tasks.analyses.places.coordinates import coordinate_bins
from latent_audit.tasks.analyses.places.evidence import (
    BLOCK,
    DIMENSION,
    DIRECTION,
    HeldSwap,
    Ladder,
    Line,
    PlaceEvidence,
    RungEvidence,
    SharedEvidence,
)
from latent_audit.tasks.analyses.places.fitted.crossed_null import Coordinate, crossed_p_values
from latent_audit.tasks.analyses.places.fitted.fitting import (
    Both,
    Fitting,
    FoldedPart,
    fit_parts,
    fold_fittings,
)
from latent_audit.tasks.analyses.places.fitted.fold_pairs import FoldSwap, draw_pairs_in_folds
from latent_audit.tasks.analyses.places.interchange import Interchange, Swapped
from latent_audit.tasks.analyses.places.linear_readers import resampled_weights
from latent_audit.tasks.analyses.places.pairs import MIN_PAIRS, draw_pairs
from latent_audit.tasks.analyses.places.parts_of_code import CodeParts, Part
from latent_audit.tasks.analyses.places.patterns import (
    Concentration,
    Member,
    concentration,
    loadings,
    members,
    pattern,
    resampled_loadings,
)
from latent_audit.tasks.analyses.places.rules import sharing
from latent_audit.tasks.analyses.places.scaled_codes import fit_scaling
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.places.swaps import DimensionSwap, DirectionSwap, TakesOver
from latent_audit.tasks.analyses.places.targets import label_columns, target_columns
from latent_audit.tasks.analyses.places.used_dimensions import used_dimensions
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.binning import attribute_levels, fit_code_bins
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.resampled_counts import ResampledCounts
from latent_audit.tasks.analyses.statistics.shared_shuffles import (
    FEW_SHUFFLES,
    ConditionalInformation,
    Sequential,
    information_given_each_other,
)
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import NO_REASON, Reason

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
Images = NDArray[np.float32]


@dataclass(frozen=True)
class Code:
    """One code and what its pictures are read by.

    fit_codes (n, d), test_codes (m, d): of the probe parts, as are the values (n, k) and (m, k). names, groups: of the
    dimensions. decode: None for a code without a decoder, of which no attribute is testable. untestable: why the
    classifier may not judge an attribute here, None where it may. fit_groups, test_groups: of the images of either
    part, None where they are independent. claims: on single dimensions, by the association check. folds: (n,) where
    both parts are the same few images.
    """

    attributes: Sequence[Attribute]
    fit_codes: Latents
    fit_values: Floats
    test_codes: Latents
    test_values: Floats
    names: Sequence[str]
    groups: Sequence[int]
    decode: Decode | None
    respond: Callable[[Images], NDArray[np.float32]]
    response_columns: Mapping[str, Sequence[int]]
    untestable: Sequence[Reason | None]
    fit_groups: ImageGroups | None = None
    test_groups: ImageGroups | None = None
    claims: Sequence[Claim] = ()
    folds: NDArray[np.int8] | None = None


def measure(code: Code, thresholds: Thresholds, sizes: Sizes, seed: int) -> Ladder:
    """Returns the evidence on every rung, of every attribute of a code; on one thread, as stages run side by side."""
    with threadpool_limits(limits=1):
        return _Ladder(code, thresholds, sizes, seed).measure()


class _Ladder:
    """The work on one code, in the order of its methods."""

    def __init__(self, code: Code, thresholds: Thresholds, sizes: Sizes, seed: int) -> None:
        self.code, self.thresholds, self.sizes, self.seed = code, thresholds, sizes, seed
        self.names = [attribute.name for attribute in code.attributes]
        self.bins = CODE_BINS if code.folds is None else FEW_CODE_BINS
        targets = [
            target_columns(attribute, code.fit_values[:, k], code.fit_values[:, k])
            for k, attribute in enumerate(code.attributes)
        ]
        self.levels, _ = attribute_levels(code.attributes, code.fit_values, code.test_values, ATTRIBUTE_BINS)
        fit_levels, level_count = attribute_levels(
            code.attributes, code.fit_values, code.fit_values, ATTRIBUTE_BINS
        )
        self.coarse_levels, _ = attribute_levels(
            code.attributes, code.fit_values, code.test_values, CONDITIONAL_ATTRIBUTE_BINS
        )
        scaling = fit_scaling(code.fit_codes)
        fit_groups = code.fit_groups or ImageGroups.of(None, len(code.fit_codes))
        self.test_groups = code.test_groups or ImageGroups.of(None, len(code.test_codes))
        self.pairs = (
            draw_pairs(self.test_groups, sizes.pairs, seed)
            if code.folds is None
            else draw_pairs_in_folds(self.test_groups, code.folds, sizes.pairs, seed)
        )
        self.used, self.changes = used_dimensions(code.test_codes, self.pairs, code.decode, code.groups, seed)
        self.parts = CodeParts(
            scaling,
            scaling.apply(code.fit_codes),
            scaling.apply(code.test_codes),
            code.fit_codes,
            code.test_codes,
            np.asarray(code.groups),
            self.used,
            seed,
            fit_groups,
        )
        every = np.arange(len(code.test_codes))
        self.whole = Fitting(
            code.attributes,
            self.parts,
            targets,
            fit_levels,
            level_count,
            every,
            self.bins,
            thresholds,
            sizes,
        )
        self.folds = [self.whole] if code.folds is None else fold_fittings(self.whole, code.folds)
        drawn = self.test_groups.resampled_rows(sizes.gap_resamples, np.random.default_rng([seed, 26]))
        self.draws = ResampledCounts(drawn, len(self.levels))
        self.shuffles = max(MIN_SHUFFLES, shuffles_for(thresholds.significance))

    @cached_property
    def correlation(self) -> Floats:
        """The correlation of each attribute with each other one in the data, (k, k)."""
        return attribute_correlation.compute(self.code.attributes, self.code.fit_values).matrix

    @cached_property
    def binned_codes(self) -> Bins:
        """Bin numbers (m, d) of the code on probe_test."""
        return fit_code_bins(self.code.fit_codes, self.bins).apply(self.code.test_codes)

    def measure(self) -> Ladder:
        """Returns everything."""
        code_folds = self.code.folds
        by_attribute, wholes = fit_parts(self.whole, self.folds)
        keys = [(k, part) for k, parts in enumerate(by_attribute) for part in parts]
        binned = [self._binned(k, part, self.bins) for k, part in keys]
        whole = [self._bins_of(k, predicted, self.bins) for k, predicted in enumerate(wholes)]
        associated = associate(
            self.levels,
            [(k, bins) for (k, _), bins in zip(keys, binned, strict=True)] + list(enumerate(whole)),
            self.sizes.permutations,
            self.sizes.bootstraps,
            self.seed,
            self.test_groups,
        )
        if code_folds is not None:
            p_values = self._crossed_p_values(keys, code_folds)
            associated = [replace(found, p_adjusted=p) for found, p in zip(associated, p_values, strict=True)]
        rows: dict[tuple[int, str], RungEvidence] = {}
        for (k, part), found in zip(keys, associated, strict=False):
            rows[k, part.rung] = self._row(k, part, found)
        self._compare(keys, binned, rows)
        self._swap(keys, rows)
        places = [
            PlaceEvidence(
                attribute=name,
                testable=not self.code.untestable[k],
                untestable_reason=self.code.untestable[k] or NO_REASON,
                whole_code=associated[len(keys) + k],
                rungs=tuple(rows[k, part.rung] for part in by_attribute[k]),
            )
            for k, name in enumerate(self.names)
        ]
        ladder = Ladder(
            len(self.pairs),
            len(self.levels),
            None if self.test_groups.are_single_images else self.test_groups.count,
            self.sizes.permutations,
            self.used,
            self.changes,
            tuple(places),
            (),
            self._claimed_swaps(),
        )
        return replace(ladder, shared=self._shared(ladder, by_attribute))

    def _binned(self, k: int, part: FoldedPart, bins: int) -> Bins:
        return self._bins_of(k, [(one.fit, one.test) for one in part.of_fold], bins)

    def _bins_of(self, k: int, predicted: Sequence[Both], bins: int) -> Bins:
        """Returns the bins (m,) of held-out predictions, those of each fold cut as its fitted ones are."""
        found = np.empty(len(self.levels), np.int64)
        for fold, (fit, test) in zip(self.folds, predicted, strict=True):
            found[fold.rows] = coordinate_bins(self.code.attributes[k], fit, test, bins)[1]
        return found

    def _predictions(self, part: FoldedPart) -> Floats:
        """Returns predictions (m, c) of all held-out images."""
        found = np.empty((len(self.levels), part.of_fold[0].test.shape[1]))
        for fold, one in zip(self.folds, part.of_fold, strict=True):
            found[fold.rows] = one.test
        return found

    def _crossed_p_values(
        self, keys: Sequence[tuple[int, FoldedPart]], folds: NDArray[np.int8]
    ) -> list[float]:
        """Returns the p-values of all parts, and of what the whole code predicts of each attribute."""
        live = self.parts.scaling.live
        place = {int(j): column for column, j in enumerate(live)}
        every = tuple(range(len(live)))
        used = tuple(place[int(j)] for j in live if self.used[j])
        coordinates = []
        for k, part in keys:
            columns = tuple(place[j] for j in part.dimensions)
            if part.rung == DIMENSION and len(columns) == 1:
                coordinates.append(Coordinate(k, used, columns[0]))
            else:
                coordinates.append(Coordinate(k, columns, bends=part.rung == BLOCK))
        whole = [Coordinate(k, every, bends=True) for k in range(len(self.names))] if every else []
        found = crossed_p_values(
            [*coordinates, *whole],
            self.whole.targets,
            self.coarse_levels,
            self.parts.fit,
            folds,
            self.test_groups,
            self.seed,
        )
        return found if every else [*found, *([1.0] * len(self.names))]

    def _row(self, k: int, part: FoldedPart, association: CoordinateAssociation) -> RungEvidence:
        found, spread = self._members(k, part.whole, association.p_adjusted <= self.thresholds.significance)
        return RungEvidence(
            rung=part.rung,
            members=found,
            concentration=spread,
            association=association,
            gap=None,
            leakage=(),
            conditioning=(),
            swapped=None,
            held=None,
            predictions=self._predictions(part),
            lines=self._lines(part.whole),
            folds_agreeing=part.agreeing,
        )

    def _lines(self, part: Part) -> tuple[Line, ...]:
        """Returns the direction of a part in units of the code; nothing where it has none."""
        if part.reader is None:
            return ()
        moved = pattern(self.whole.covariance, part.reader.filter)
        return () if moved is None else (self._line(part.reader.filter, moved),)

    def _line(self, filters: Floats, moved: Floats, held: tuple[str, ...] = ()) -> Line:
        live, spread = self.parts.scaling.live, self.parts.scaling.spread
        whole = np.zeros((2, len(spread), filters.shape[1]))
        whole[0, live] = filters / spread[live, None]
        whole[1, live] = moved * spread[live, None]
        return Line(whole[0], whole[1], held)

    def _members(
        self, k: int, part: Part, is_associated: bool
    ) -> tuple[tuple[Member, ...], Concentration | None]:
        """Returns the members of a part; of a direction that is associated with anything, with intervals."""
        if part.reader is None:
            return tuple(Member(j, None, None, None) for j in part.dimensions), None
        values = loadings(self.whole.covariance, part.reader.filter)
        if not is_associated:
            return members(self.parts.scaling.live, values, values[None]), None
        rng = np.random.default_rng([self.seed, 27, k])
        having, targets = self.whole.having(k)
        counts = having.fit_groups.weights(self.sizes.member_resamples, rng)
        weights = resampled_weights(part.reader, having.fit, targets, counts)
        if part.reader.classifies and weights.shape[2] > 1:
            weights = weights - weights.mean(axis=2, keepdims=True)
        samples = resampled_loadings(having.fit, weights, counts)
        return (
            members(self.parts.scaling.live, values, samples),
            concentration(values, samples, len(having.fit)),
        )

    def _compare(
        self,
        keys: Sequence[tuple[int, FoldedPart]],
        binned: Sequence[Bins],
        rows: dict[tuple[int, str], RungEvidence],
    ) -> None:
        """Adds check B to the rungs of attributes whose coordinate may be associated at all."""
        rng = np.random.default_rng([self.seed, 28])
        own: dict[tuple[int, str], Bins] = {
            (k, part.rung): bins for (k, part), bins in zip(keys, binned, strict=True)
        }
        claimed = self._claimed(keys, rows)
        compared = [(k, part) for k, part in keys if self._may_hold(rows[k, part.rung].association)]
        conditioned = iter(self._conditioned(compared, rng))
        for k, part in compared:
            row = rows[k, part.rung]
            competitors = (
                self._other_dimensions(part, claimed)
                if part.rung == DIMENSION
                else self._other_directions(k, part.rung, own, rows)
            )
            gap = measure_gap(
                self.names,
                self.levels,
                k,
                own[k, part.rung],
                competitors,
                self.draws,
                self.thresholds.gap_min,
                rng,
                self.test_groups.source,
            )
            leakage, conditioning = next(conditioned)
            rows[k, part.rung] = replace(row, gap=gap, leakage=leakage, conditioning=conditioning)

    def _may_hold(self, association: CoordinateAssociation) -> bool:
        high = association.uncertainty.high
        return (
            association.p_adjusted <= self.thresholds.significance
            and high is not None
            and high >= self.thresholds.uncertainty_min
        )

    def _claimed(
        self, keys: Sequence[tuple[int, FoldedPart]], rows: Mapping[tuple[int, str], RungEvidence]
    ) -> dict[int, tuple[int, ...]]:
        """Returns, for each dimension, the attributes whose best associated dimension it is."""
        claimed: dict[int, tuple[int, ...]] = {}
        for k, part in keys:
            if part.rung == DIMENSION and self._may_hold(rows[k, DIMENSION].association):
                for j in part.dimensions:
                    claimed[j] = (*claimed.get(j, ()), k)
        return claimed

    def _other_dimensions(self, part: FoldedPart, claimed: Mapping[int, tuple[int, ...]]) -> list[Competitor]:
        return [
            Competitor(self.code.names[j], self.binned_codes[:, j], claimed.get(int(j), ()))
            for j in self.parts.scaling.live
            if j not in part.dimensions
        ]

    def _other_directions(
        self,
        k: int,
        rung: str,
        own: Mapping[tuple[int, str], Bins],
        rows: Mapping[tuple[int, str], RungEvidence],
    ) -> list[Competitor]:
        """Returns the coordinates of other attributes, their blocks in place of directions where a block is judged."""
        found = []
        for b, name in enumerate(self.names):
            key = (b, BLOCK) if rung == BLOCK and (b, BLOCK) in own else (b, DIRECTION)
            if b != k and key in own and self._may_hold(rows[key].association):
                found.append(Competitor(f"the {key[1]} of {name}", own[key], (b,)))
        return found

    def _conditioned(
        self, compared: Sequence[tuple[int, FoldedPart]], rng: np.random.Generator
    ) -> list[tuple[tuple[Conditioned, ...], tuple[Conditioned, ...]]]:
        """Returns leakage and conditioning of each part."""
        coarse = [(k, self._binned(k, part, CONDITIONAL_CODE_BINS)) for k, part in compared]
        # Of leakage the value decides, which needs few shuffles; of conditioning the p-value too.
        drawn = Sequential(FEW_SHUFFLES), Sequential(self.shuffles), rng, self.test_groups
        found = information_given_each_other(coarse, self.coarse_levels, *drawn)
        return [(self._named(leakage), self._named(conditioning)) for leakage, conditioning in found]

    def _named(self, found: Mapping[int, ConditionalInformation]) -> tuple[Conditioned, ...]:
        return tuple(Conditioned(self.names[b], found[b].value, found[b].p_value) for b in sorted(found))

    def _swap(
        self, keys: Sequence[tuple[int, FoldedPart]], rows: dict[tuple[int, str], RungEvidence]
    ) -> None:
        """Adds check C to the rungs that association does not rule out."""
        self.interchange: Interchange | None = None
        tried = [
            (k, part)
            for k, part in keys
            if not self.code.untestable[k]
            and rows[k, part.rung].association.p_adjusted <= self.thresholds.significance
        ]
        if not (tried or self.code.claims) or len(self.pairs) < MIN_PAIRS:
            return
        self.interchange = self._open()
        swaps: list[tuple[int, str, Floats, tuple[str, ...]]] = []
        for k, part in tried:
            swap = self._swap_of(part)
            if swap is None:
                continue
            readings = self.interchange.readings(part.dimensions if part.whole.reader is None else k, swap)
            swaps.append((k, part.rung, readings, ()))
            measured = self.interchange.measure(readings, [k])
            rows[k, part.rung] = replace(rows[k, part.rung], swapped=measured)
            if part.rung == DIRECTION:
                self._hold(k, part, measured, dict(tried_directions(tried)), rows, swaps)
        p_values = self.interchange.p_values(
            [(k, readings) for k, _, readings, _ in swaps], self.sizes.permutations
        )
        for (k, rung, _, held), p in zip(swaps, p_values, strict=True):
            row = rows[k, rung]
            if held:
                assert row.held is not None
                assert row.held.swapped is not None
                rows[k, rung] = replace(
                    row, held=replace(row.held, swapped=replace(row.held.swapped, p_adjusted=p))
                )
            else:
                assert row.swapped is not None
                rows[k, rung] = replace(row, swapped=replace(row.swapped, p_adjusted=p))

    def _claimed_swaps(self) -> tuple[ClaimedSwap, ...]:
        """Returns the swaps of claimed dimensions; none where there are too few pairs."""
        if self.interchange is None:
            return ()
        code = self.code
        return swap_claims(self.interchange, self.names, code.claims, code.groups, self.sizes.permutations)

    def _open(self) -> Interchange:
        code = self.code
        decode = code.decode
        assert decode is not None
        labels = label_columns(code.attributes, code.test_values, code.fit_values, code.response_columns)
        return Interchange(
            self.names,
            [tuple(code.response_columns[name]) for name in self.names],
            labels,
            code.test_codes,
            self.pairs,
            lambda latents, rows: code.respond(decode(latents, rows)),
            [why is None for why in code.untestable],
            self.sizes.bootstraps,
            self.seed,
        )

    def _swap_of(self, part: FoldedPart) -> TakesOver | None:
        if part.whole.reader is None:
            return DimensionSwap(part.dimensions)
        return self._along(_filters(part))

    def _along(self, own: Sequence[Floats], *held: Sequence[Floats]) -> TakesOver | None:
        """Returns the swap of what filters read, of each fold, with those of `held` left alone; None without a pattern.

        Filters are (live, r), one for each fold.
        """
        swaps = []
        for fold, filters, *others in zip(self.folds, own, *held, strict=True):
            moved = pattern(fold.covariance, np.concatenate([filters, *others], axis=1))
            if moved is None:
                return None
            swaps.append(DirectionSwap(self.parts.scaling, filters, moved[:, : filters.shape[1]]))
        if self.code.folds is None:
            return swaps[0]
        return FoldSwap(tuple(swaps), self.code.folds[self.pairs.base])

    def _hold(
        self,
        k: int,
        part: FoldedPart,
        measured: Swapped,
        directions: Mapping[int, FoldedPart],
        rows: dict[tuple[int, str], RungEvidence],
        swaps: list[tuple[int, str, Floats, tuple[str, ...]]],
    ) -> None:
        """Tries the pattern that leaves the filters of changed and correlated attributes alone."""
        changed = [
            self.names.index(row.attribute)
            for row in measured.kept
            if not (row.estimate.low is not None and row.estimate.low >= self.thresholds.isolate_min)
        ]
        held = [
            b for b in changed if b in directions and self.correlation[k][b] >= self.thresholds.entangled_from
        ]
        if not held:
            return
        assert self.interchange is not None
        names = tuple(self.names[b] for b in held)
        swap = self._along(_filters(part), *(_filters(directions[b]) for b in held))
        own = _filter(part.whole)
        others = [_filter(directions[b].whole) for b in held]
        joint = pattern(self.whole.covariance, np.concatenate([own, *others], axis=1))
        if swap is None or joint is None:
            rows[k, DIRECTION] = replace(rows[k, DIRECTION], held=HeldSwap(names, None))
            return
        readings = self.interchange.readings(("held", k), swap)
        rows[k, DIRECTION] = replace(
            rows[k, DIRECTION],
            held=HeldSwap(names, self.interchange.measure(readings, [k])),
            lines=(*rows[k, DIRECTION].lines, self._line(own, joint[:, : own.shape[1]], names)),
        )
        swaps.append((k, DIRECTION, readings, names))

    def _shared(
        self, ladder: Ladder, by_attribute: Sequence[Sequence[FoldedPart]]
    ) -> tuple[SharedEvidence, ...]:
        """Swaps each set of attributes that share a place: the span of directions, then the union of blocks."""
        if self.interchange is None:
            return ()
        model: dict[str, Any] = {
            "dimensions": [{"name": name} for name in self.code.names],
            "places": to_json(ladder),
        }
        found: list[tuple[SharedEvidence, Floats]] = []
        for names in sharing.sharing_sets(model, self.thresholds):
            targets = [self.names.index(name) for name in names]
            parts = [{part.rung: part for part in by_attribute[k]} for k in targets]
            tried: list[tuple[Any, tuple[int, ...], TakesOver]] = []
            directions = [part[DIRECTION] for part in parts]
            filters = np.concatenate([_filter(one.whole) for one in directions], axis=1)
            of_fold = [np.concatenate(own, axis=1) for own in zip(*map(_filters, directions), strict=True)]
            span = self._along(of_fold)
            if span is not None:
                live = tuple(int(j) for j in self.parts.scaling.live)
                tried.append((DIRECTION, live, span))
            blocks = sorted({j for part in parts if BLOCK in part for j in part[BLOCK].dimensions})
            if blocks and all(BLOCK in part for part in parts):
                tried.append((BLOCK, tuple(blocks), DimensionSwap(tuple(blocks))))
            for rung, dimensions, swap in tried:
                readings = self.interchange.readings((rung, names), swap)
                measured = self.interchange.measure(readings, targets)
                shown = dimensions if rung == BLOCK else self._named_by_span(filters)
                found.append((SharedEvidence(names, rung, shown, measured), readings))
        flat = [(self.names.index(name), readings) for one, readings in found for name in one.attributes]
        p_values = iter(self.interchange.p_values(flat, self.sizes.permutations))
        return tuple(
            replace(one, swapped=replace(one.swapped, p_adjusted=max(next(p_values) for _ in one.attributes)))
            for one, _ in found
        )

    def _named_by_span(self, filters: Floats) -> tuple[int, ...]:
        values = loadings(self.whole.covariance, filters)
        found = members(self.parts.scaling.live, values, values[None])
        return tuple(sorted(member.dimension for member in found))


def _filter(part: Part) -> Floats:
    assert part.reader is not None
    return part.reader.filter


def _filters(part: FoldedPart) -> list[Floats]:
    """Returns the directions (live, r) that are read in each fold."""
    return [_filter(one) for one in part.of_fold]


def tried_directions(tried: Sequence[tuple[int, FoldedPart]]) -> list[tuple[int, FoldedPart]]:
    """Returns the directions among parts, with the column of their attribute."""
    return [(k, part) for k, part in tried if part.rung == DIRECTION]
