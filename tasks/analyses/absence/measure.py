"""Measures claims of absence: the strongest reader of the whole code, and whether it would have found something."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.absence.evidence import (
    AbsenceClaim,
    AbsenceEvidence,
    Planted,
    ReaderScore,
)
from latent_audit.tasks.analyses.absence.planted import Template, correlation_for, plant
from latent_audit.tasks.analyses.absence.readers import Read, Readers, linear_reader
from latent_audit.tasks.analyses.checks.association import ATTRIBUTE_BINS
from latent_audit.tasks.analyses.checks.specificity import CONDITIONAL_ATTRIBUTE_BINS, CONDITIONAL_CODE_BINS
from latent_audit.tasks.analyses.places.coordinate_specificity import told_beyond
from latent_audit.tasks.analyses.places.coordinates import coordinate_bins
from latent_audit.tasks.analyses.places.scaled_codes import fit_scaling
from latent_audit.tasks.analyses.places.targets import target_columns
from latent_audit.tasks.analyses.statistics.binning import attribute_levels
from latent_audit.tasks.analyses.statistics.conditional_information import (
    conditional_uncertainty,
    resampled_tables,
)
from latent_audit.tasks.analyses.statistics.estimates import Estimate, table_resamples
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]
Latents = NDArray[np.float32]
# Planted attributes of each strength, and the strengths in multiples of the limit: the first decides, the others say
# what could have been missed.
DRAWS, MULTIPLES = 20, (2, 3, 4, 6, 8, 12, 16, 24)
# Behind the chance that is taken off, and the interval, of each planted attribute.
_SHUFFLES, _RESAMPLES = 30, 200
# Behind the chance that is taken off where readers are compared.
_FEW_SHUFFLES = 5


@dataclass(frozen=True)
class AbsenceSizes:
    """How much is drawn: permutations, bootstrap draws, images and trees of the boosting reader."""

    permutations: int
    bootstraps: int
    boosting_images: int
    boosting_iterations: int


@dataclass(frozen=True)
class CodeAndValues:
    """A code and its labels: codes (n, d) and (m, d) of the probe parts, values (n, k) and (m, k) of attributes.

    A value is NaN where an image has none: a claim is judged on the images that have all that it names. fit_groups,
    test_groups: of the images of either part, None where they are independent.
    """

    attributes: Sequence[Attribute]
    fit_codes: Latents
    fit_values: Floats
    test_codes: Latents
    test_values: Floats
    fit_groups: ImageGroups | None = None
    test_groups: ImageGroups | None = None

    def having(self, claim: AbsenceClaim) -> "CodeAndValues":
        """Returns the code on the images that have the attribute of a claim, and what is given."""
        names = [attribute.name for attribute in self.attributes]
        columns = [names.index(name) for name in (claim.attribute, *claim.given)]
        fit, test = (
            np.flatnonzero(~np.isnan(values[:, columns]).any(axis=1))
            for values in (self.fit_values, self.test_values)
        )
        if len(fit) == len(self.fit_values) and len(test) == len(self.test_values):
            return self
        groups = [
            None if given is None else given.of_rows(rows)
            for given, rows in ((self.fit_groups, fit), (self.test_groups, test))
        ]
        return CodeAndValues(
            self.attributes,
            self.fit_codes[fit],
            self.fit_values[fit],
            self.test_codes[test],
            self.test_values[test],
            *groups,
        )


def measure(
    code: CodeAndValues, claims: Sequence[AbsenceClaim], absent_max: float, sizes: AbsenceSizes, seed: int
) -> list[AbsenceEvidence]:
    """Returns the evidence on each claim, p-values corrected over them by Holm's method (1979)."""
    whole, found = _Measured(code, sizes, seed), []
    for claim in claims:
        having = code.having(claim)
        measured = whole if having is code else _Measured(having, sizes, seed)
        found.append(measured.claim(claim, absent_max))
    adjusted = _holm([one.p_adjusted for one in found])
    return [replace(one, p_adjusted=p) for one, p in zip(found, adjusted, strict=True)]


def planted_highs(
    code: CodeAndValues, claim: AbsenceClaim, uncertainty: float, draws: int, seed: int
) -> tuple[float, ...]:
    """Returns the upper 95 % limits that the linear reader gives of planted attributes like that of a claim."""
    sizes = AbsenceSizes(_SHUFFLES, _RESAMPLES, 1, 1)
    return _Measured(code.having(claim), sizes, seed).planted(claim, uncertainty, draws).highs


class _Measured:
    def __init__(self, code: CodeAndValues, sizes: AbsenceSizes, seed: int) -> None:
        scaling = fit_scaling(code.fit_codes)
        self._code, self._sizes, self._seed = code, sizes, seed
        self._fit, self._test = scaling.apply(code.fit_codes), scaling.apply(code.test_codes)
        self._fit_groups = code.fit_groups or ImageGroups.of(None, len(code.fit_codes))
        self._groups = code.test_groups or ImageGroups.of(None, len(code.test_codes))
        self._names = [attribute.name for attribute in code.attributes]

    def claim(self, claim: AbsenceClaim, absent_max: float) -> AbsenceEvidence:
        """Returns the evidence on one claim, its p-value as if it were alone."""
        task = self._task(claim)
        fit, test = self._beyond(task)
        readers = Readers(
            fit,
            test,
            self._sizes.boosting_images,
            self._sizes.boosting_iterations,
            self._seed,
            self._fit_groups,
        )
        read = readers.read(task.centred)
        rng = np.random.default_rng([self._seed, 53])
        scores = []
        for name, one in read.items():
            binned = task.binned(one.fit, one.fit)
            told, _ = told_beyond(binned, task.fit_levels, task.fit_strata, _FEW_SHUFFLES, rng)
            scores.append(ReaderScore(name, told or 0.0))
        best = max(scores, key=lambda score: score.uncertainty).reader
        found, p_value = task.score(
            read[best], self._sizes.permutations, self._sizes.bootstraps, rng, self._groups
        )
        planted: list[Planted] = []
        if found.high is not None and found.high <= absent_max:
            for multiple in MULTIPLES:
                planted.append(self.planted(claim, multiple * absent_max, DRAWS))
                if min(planted[-1].highs) > absent_max:
                    break
        return AbsenceEvidence(
            claim.attribute, claim.given, len(fit), tuple(scores), best, found, p_value, tuple(planted)
        )

    def planted(self, claim: AbsenceClaim, uncertainty: float, draws: int) -> Planted:
        """Returns the upper limits of `draws` attributes like that of a claim, planted at a U in the same codes."""
        k = self._names.index(claim.attribute)
        task = self._task(claim)
        template = Template(
            np.concatenate([self._code.fit_values[:, k], self._code.test_values[:, k]]),
            np.concatenate([task.fit_levels, task.test_levels]),
            np.concatenate([task.fit_strata, task.test_strata]),
        )
        fit, test = self._beyond(task)
        codes = np.concatenate([fit, test])
        of_fit = np.arange(len(codes)) < len(fit)
        template, codes, spread = self._by_group(template, codes)
        correlation = correlation_for(template, uncertainty)
        highs = []
        for draw in range(draws):
            rng = np.random.default_rng([self._seed, 54, round(uncertainty * 1e6), draw])
            values = plant(template, codes, correlation, rng)[spread]
            planted = self._task(claim, values[of_fit], values[~of_fit])
            read = linear_reader(fit, test, planted.centred, self._seed, self._fit_groups)
            found, _ = planted.score(read, _SHUFFLES, _RESAMPLES, rng, self._groups)
            highs.append(float(found.high if found.high is not None else 1.0))
        return Planted(uncertainty, tuple(highs))

    def _beyond(self, task: "_Task") -> tuple[Floats, Floats]:
        """Returns the codes of both parts less their means within strata, standardised: what is given is taken out."""
        if not task.fit_strata.any() and not task.test_strata.any():
            return self._fit, self._test
        count = int(max(task.fit_strata.max(), task.test_strata.max())) + 1
        sizes = np.bincount(task.fit_strata, minlength=count)
        sums = np.zeros((count, self._fit.shape[1]))
        np.add.at(sums, task.fit_strata, self._fit)
        means = sums / np.maximum(sizes, 1)[:, None]
        fit, test = self._fit - means[task.fit_strata], self._test - means[task.test_strata]
        spread = np.maximum(fit.std(axis=0), 1e-12)
        return fit / spread, test / spread

    def _by_group(self, template: Template, codes: Floats) -> tuple[Template, Floats, Bins]:
        """Returns what is planted on, and the row of it of each image.

        Groups of images by their mean codes, where the attribute is constant within groups; else each image.
        """
        labels = np.concatenate([self._fit_groups.labels, self._fit_groups.count + self._groups.labels])
        both = ImageGroups.of(labels, len(labels))
        if both.are_single_images or not both.are_constant_in(template.levels):
            return template, codes, np.arange(len(codes))
        first = np.array([rows[0] for rows in both.members])
        means = np.stack([codes[rows].mean(axis=0) for rows in both.members])
        means = (means - means.mean(axis=0)) / np.maximum(means.std(axis=0), 1e-12)
        chosen = Template(template.values[first], template.levels[first], template.strata[first])
        return chosen, means, both.labels

    def _task(self, claim: AbsenceClaim, fit: Floats | None = None, test: Floats | None = None) -> "_Task":
        """Returns what is read for a claim, of values (n,) and (m,) in place of the attribute's own where given."""
        k, code = self._names.index(claim.attribute), self._code
        own_fit = code.fit_values[:, k] if fit is None else fit
        own_test = code.test_values[:, k] if test is None else test
        given = [self._names.index(name) for name in claim.given]
        return _Task.of(
            code.attributes[k],
            own_fit,
            own_test,
            [code.attributes[b] for b in given],
            code.fit_values[:, given],
            code.test_values[:, given],
        )


@dataclass(frozen=True)
class _Task:
    """One attribute to be read: targets (n, c) less their means within strata, levels and strata of both parts."""

    attribute: Attribute
    centred: Floats
    fit_levels: Bins
    test_levels: Bins
    fit_strata: Bins
    test_strata: Bins

    @classmethod
    def of(
        cls,
        attribute: Attribute,
        fit: Floats,
        test: Floats,
        given: Sequence[Attribute],
        given_fit: Floats,
        given_test: Floats,
    ) -> "_Task":
        strata = _strata(given, given_fit, given_test)
        targets = target_columns(attribute, fit, fit)
        centred = targets.copy()
        for stratum in np.unique(strata[0]):
            rows = strata[0] == stratum
            centred[rows] -= targets[rows].mean(axis=0)
        levels = [
            attribute_levels([attribute], fit[:, None], values[:, None], ATTRIBUTE_BINS)[0][:, 0]
            for values in (fit, test)
        ]
        return cls(attribute, centred, levels[0], levels[1], strata[0], strata[1])

    def binned(self, fit: Floats, test: Floats) -> Bins:
        """Returns the bin number (m,) of predictions (n, c) and (m, c), counted from what is usual in the first."""
        spread = np.maximum(self.centred.std(axis=0), 1e-12)
        usual = fit.mean(axis=0)
        scaled = [(predicted - usual) / spread for predicted in (fit, test)]
        return coordinate_bins(self.attribute, scaled[0], scaled[1], CONDITIONAL_CODE_BINS)[1]

    def score(
        self, read: Read, shuffles: int, resamples: int, rng: np.random.Generator, groups: ImageGroups
    ) -> tuple[Estimate, float]:
        """Returns U of the predictions on probe_test beyond the strata, and the p-value of none."""
        binned = self.binned(read.fit, read.test)
        draws = (
            groups.resampled_rows(resamples, rng)
            if not groups.are_single_images
            else np.arange(len(binned))[None]
        )
        tables = resampled_tables(binned, self.test_levels, self.test_strata, draws)
        if groups.are_single_images:
            tables = table_resamples(tables[0], resamples, rng)
        found = conditional_uncertainty(
            binned, self.test_levels, self.test_strata, shuffles, tables, rng, groups
        )
        return found.estimate, found.p_value


def _strata(given: Sequence[Attribute], fit: Floats, test: Floats) -> tuple[Bins, Bins]:
    """Returns a number (n,) and (m,) for each combination of levels of the given attributes; 0 where none is given."""
    if not given:
        return np.zeros(len(fit), np.int64), np.zeros(len(test), np.int64)
    levels = [attribute_levels(given, fit, values, CONDITIONAL_ATTRIBUTE_BINS)[0] for values in (fit, test)]
    _, number = np.unique(np.concatenate(levels), axis=0, return_inverse=True)
    flat = number.reshape(-1).astype(np.int64)
    return flat[: len(fit)], flat[len(fit) :]


def _holm(p_values: Sequence[float]) -> list[float]:
    order = np.argsort(p_values, kind="stable")
    adjusted, largest = [1.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = largest
    return adjusted
