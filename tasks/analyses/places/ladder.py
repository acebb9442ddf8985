"""Measures where each attribute lives in one code: fits on probe_fit, and scores and swaps on probe_test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.checks import attribute_correlation
from latent_audit.tasks.analyses.checks.association import ATTRIBUTE_BINS, CODE_BINS
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
    told_beyond,
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
from latent_audit.tasks.analyses.places.interchange import Interchange, Swapped
from latent_audit.tasks.analyses.places.linear_readers import resampled_weights
from latent_audit.tasks.analyses.places.pairs import MIN_PAIRS, draw_pairs
from latent_audit.tasks.analyses.places.parts_of_code import CodeParts, Limits, Part
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
from latent_audit.tasks.analyses.places.swaps import DimensionSwap, DirectionSwap, Swap
from latent_audit.tasks.analyses.places.targets import label_columns, target_columns
from latent_audit.tasks.analyses.places.used_dimensions import used_dimensions
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.binning import attribute_levels, fit_code_bins
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.mutual_information import joint_tables, uncertainty_coefficient
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.reasons import NO_REASON, Reason

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
Images = NDArray[np.float32]
FEW_SHUFFLES = 10


@dataclass(frozen=True)
class Code:
    """One code and what its pictures are read by.

    fit_codes (n, d), test_codes (m, d): of the probe parts, as are the values (n, k) and (m, k). names, groups: of the
    dimensions. decode: None for a code without a decoder, of which no attribute is testable. untestable: why the
    classifier may not judge an attribute here, None where it may. fit_groups, test_groups: of the images of either
    part, None where they are independent. claims: on single dimensions, by the association check.
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


def measure(code: Code, thresholds: Thresholds, sizes: Sizes, seed: int) -> Ladder:
    """Returns the evidence on every rung, of every attribute of a code; on one thread, as stages run side by side."""
    with threadpool_limits(limits=1):
        return _Ladder(code, thresholds, sizes, seed).measure()


class _Ladder:
    """The work on one code, in the order of its methods."""

    def __init__(self, code: Code, thresholds: Thresholds, sizes: Sizes, seed: int) -> None:
        self.code, self.thresholds, self.sizes, self.seed = code, thresholds, sizes, seed
        self.names = [attribute.name for attribute in code.attributes]
        columns = range(len(code.attributes))
        self.targets = [
            target_columns(code.attributes[k], code.fit_values[:, k], code.fit_values[:, k]) for k in columns
        ]
        self.levels, _ = attribute_levels(code.attributes, code.fit_values, code.test_values, ATTRIBUTE_BINS)
        self.fit_levels, self.level_count = attribute_levels(
            code.attributes, code.fit_values, code.fit_values, ATTRIBUTE_BINS
        )
        self.coarse_levels, _ = attribute_levels(
            code.attributes, code.fit_values, code.test_values, CONDITIONAL_ATTRIBUTE_BINS
        )
        scaling = fit_scaling(code.fit_codes)
        self.fit_groups = code.fit_groups or ImageGroups.of(None, len(code.fit_codes))
        self.test_groups = code.test_groups or ImageGroups.of(None, len(code.test_codes))
        self.pairs = draw_pairs(self.test_groups, sizes.pairs, seed)
        self.used, self.changes = used_dimensions(code.test_codes, self.pairs, code.decode, code.groups, seed)
        fit = scaling.apply(code.fit_codes)
        self.parts = CodeParts(
            scaling,
            fit,
            scaling.apply(code.test_codes),
            code.fit_codes,
            code.test_codes,
            np.asarray(code.groups),
            self.used,
            seed,
            self.fit_groups,
        )
        self.covariance = fit.T @ fit / len(fit)
        self.draws = self.test_groups.resampled_rows(sizes.gap_resamples, np.random.default_rng([seed, 26]))
        self.shuffles = max(MIN_SHUFFLES, shuffles_for(thresholds.significance))

    @cached_property
    def correlation(self) -> Floats:
        """The correlation of each attribute with each other one in the data, (k, k)."""
        return attribute_correlation.compute(self.code.attributes, self.code.fit_values).matrix

    def measure(self) -> Ladder:
        """Returns everything."""
        by_attribute, wholes = self._fit()
        keys = [(k, part) for k, parts in enumerate(by_attribute) for part in parts]
        binned = [self._binned(k, part.fit, part.test, CODE_BINS) for k, part in keys]
        whole = [self._binned(k, *predicted, CODE_BINS) for k, predicted in enumerate(wholes)]
        associated = associate(
            self.levels,
            [(k, bins) for (k, _), bins in zip(keys, binned, strict=True)] + list(enumerate(whole)),
            self.sizes.permutations,
            self.sizes.bootstraps,
            self.seed,
            self.test_groups,
        )
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

    def _fit(self) -> tuple[list[list[Part]], list[tuple[Floats, Floats]]]:
        """Returns the parts of each attribute in the order of the rungs, and what the whole code predicts."""
        code, limits = self.code, self.thresholds
        if not self.parts.fit.shape[1]:
            none = [
                (np.zeros((len(t), t.shape[1])), np.zeros((len(self.levels), t.shape[1])))
                for t in self.targets
            ]
            return [[] for _ in self.names], none
        tables = joint_tables(
            self.fit_levels,
            self.level_count,
            fit_code_bins(code.fit_codes, CODE_BINS).apply(code.fit_codes),
            CODE_BINS,
        )
        alone = uncertainty_coefficient(tables)
        blocks, wholes = self.parts.blocks(
            code.attributes,
            self.targets,
            self.fit_levels,
            Limits(limits.significance, limits.uncertainty_min, limits.block_share),
            self.sizes.boosting_iterations,
            self.sizes.boosting_images,
        )
        found = []
        for k, attribute in enumerate(code.attributes):
            parts = [
                self.parts.dimension(attribute, self.targets[k], alone[k]),
                self.parts.direction(attribute, self.targets[k]),
                blocks[k],
            ]
            found.append([part for part in parts if part is not None])
        return found, wholes

    def _binned(self, k: int, fit: Floats, test: Floats, bins: int) -> Bins:
        return coordinate_bins(self.code.attributes[k], fit, test, bins)[1]

    def _row(self, k: int, part: Part, association: CoordinateAssociation) -> RungEvidence:
        found, spread = self._members(k, part, association.p_adjusted <= self.thresholds.significance)
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
            predictions=part.test,
            lines=self._lines(part),
        )

    def _lines(self, part: Part) -> tuple[Line, ...]:
        """Returns the direction of a part in units of the code; nothing where it has none."""
        if part.reader is None:
            return ()
        moved = pattern(self.covariance, part.reader.filter)
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
        values = loadings(self.covariance, part.reader.filter)
        if not is_associated:
            return members(self.parts.scaling.live, values, values[None]), None
        rng = np.random.default_rng([self.seed, 27, k])
        counts = self.fit_groups.weights(self.sizes.member_resamples, rng)
        weights = resampled_weights(part.reader, self.parts.fit, self.targets[k], counts)
        if part.reader.classifies and weights.shape[2] > 1:
            weights = weights - weights.mean(axis=2, keepdims=True)
        samples = resampled_loadings(self.parts.fit, weights, counts)
        return (
            members(self.parts.scaling.live, values, samples),
            concentration(values, samples, len(self.parts.fit)),
        )

    def _compare(
        self,
        keys: Sequence[tuple[int, Part]],
        binned: Sequence[Bins],
        rows: dict[tuple[int, str], RungEvidence],
    ) -> None:
        """Adds check B to the rungs of attributes whose coordinate may be associated at all."""
        rng = np.random.default_rng([self.seed, 28])
        own: dict[tuple[int, str], Bins] = {
            (k, part.rung): bins for (k, part), bins in zip(keys, binned, strict=True)
        }
        claimed = self._claimed(keys, rows)
        for k, part in keys:
            row = rows[k, part.rung]
            if not self._may_hold(row.association):
                continue
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
            coarse = self._binned(k, part.fit, part.test, CONDITIONAL_CODE_BINS)
            leakage, conditioning = self._conditioned(k, coarse, rng)
            rows[k, part.rung] = replace(row, gap=gap, leakage=leakage, conditioning=conditioning)

    def _may_hold(self, association: CoordinateAssociation) -> bool:
        high = association.uncertainty.high
        return (
            association.p_adjusted <= self.thresholds.significance
            and high is not None
            and high >= self.thresholds.uncertainty_min
        )

    def _claimed(
        self, keys: Sequence[tuple[int, Part]], rows: Mapping[tuple[int, str], RungEvidence]
    ) -> dict[int, tuple[int, ...]]:
        """Returns, for each dimension, the attributes whose best associated dimension it is."""
        claimed: dict[int, tuple[int, ...]] = {}
        for k, part in keys:
            if part.rung == DIMENSION and self._may_hold(rows[k, DIMENSION].association):
                for j in part.dimensions:
                    claimed[j] = (*claimed.get(j, ()), k)
        return claimed

    def _other_dimensions(self, part: Part, claimed: Mapping[int, tuple[int, ...]]) -> list[Competitor]:
        codes = self.code
        binned = fit_code_bins(codes.fit_codes, CODE_BINS).apply(codes.test_codes)
        return [
            Competitor(codes.names[j], binned[:, j], claimed.get(int(j), ()))
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
        self, k: int, coarse: Bins, rng: np.random.Generator
    ) -> tuple[tuple[Conditioned, ...], tuple[Conditioned, ...]]:
        leakage, conditioning = [], []
        own, drawn = self.coarse_levels[:, k], (rng, self.test_groups)
        for b, name in enumerate(self.names):
            if b != k:
                other = self.coarse_levels[:, b]
                # Of leakage the value decides, which needs few shuffles; of conditioning the p-value too.
                leakage.append(Conditioned(name, *told_beyond(coarse, other, own, FEW_SHUFFLES, *drawn)))
                conditioning.append(
                    Conditioned(name, *told_beyond(coarse, own, other, self.shuffles, *drawn))
                )
        return tuple(leakage), tuple(conditioning)

    def _swap(self, keys: Sequence[tuple[int, Part]], rows: dict[tuple[int, str], RungEvidence]) -> None:
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
            readings = self.interchange.readings(part.dimensions if part.reader is None else k, swap)
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

    def _swap_of(self, part: Part) -> Swap | None:
        if part.reader is None:
            return DimensionSwap(part.dimensions)
        filters = part.reader.filter
        moved = pattern(self.covariance, filters)
        return None if moved is None else DirectionSwap(self.parts.scaling, filters, moved)

    def _hold(
        self,
        k: int,
        part: Part,
        measured: Swapped,
        directions: Mapping[int, Part],
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
        assert part.reader is not None
        assert self.interchange is not None
        own = part.reader.filter
        others = [directions[b].reader.filter for b in held]  # type: ignore[union-attr]  # directions have readers
        joint = pattern(self.covariance, np.concatenate([own, *others], axis=1))
        names = tuple(self.names[b] for b in held)
        if joint is None:
            rows[k, DIRECTION] = replace(rows[k, DIRECTION], held=HeldSwap(names, None))
            return
        swap = DirectionSwap(self.parts.scaling, own, joint[:, : own.shape[1]])
        readings = self.interchange.readings(("held", k), swap)
        rows[k, DIRECTION] = replace(
            rows[k, DIRECTION],
            held=HeldSwap(names, self.interchange.measure(readings, [k])),
            lines=(*rows[k, DIRECTION].lines, self._line(own, swap.pattern, names)),
        )
        swaps.append((k, DIRECTION, readings, names))

    def _shared(self, ladder: Ladder, by_attribute: Sequence[Sequence[Part]]) -> tuple[SharedEvidence, ...]:
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
            tried: list[tuple[Any, tuple[int, ...], Swap]] = []
            readers = [part[DIRECTION].reader for part in parts]
            filters = np.concatenate([reader.filter for reader in readers if reader is not None], axis=1)
            span = pattern(self.covariance, filters)
            if span is not None:
                live = tuple(int(j) for j in self.parts.scaling.live)
                tried.append((DIRECTION, live, DirectionSwap(self.parts.scaling, filters, span)))
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
        values = loadings(self.covariance, filters)
        found = members(self.parts.scaling.live, values, values[None])
        return tuple(sorted(member.dimension for member in found))


def tried_directions(tried: Sequence[tuple[int, Part]]) -> list[tuple[int, Part]]:
    """Returns the directions among parts, with the column of their attribute."""
    return [(k, part) for k, part in tried if part.rung == DIRECTION]
