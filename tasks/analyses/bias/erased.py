"""What is left of a protected attribute in a code after it was erased, and what a linear probe then decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.absence.evidence import AbsenceClaim, AbsenceEvidence
from latent_audit.tasks.analyses.absence.measure import AbsenceSizes, CodeAndValues, measure
from latent_audit.tasks.analyses.bias.erasure import Eraser, fit_eraser
from latent_audit.tasks.analyses.places.scaled_codes import fit_scaling
from latent_audit.tasks.analyses.places.targets import target_columns
from latent_audit.tasks.analyses.scores import probes
from latent_audit.tasks.analyses.statistics.estimates import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Readable:
    """What readers of a code find of the protected attribute on probe_test.

    statistic: of `linear`, the score of a linear probe, and of `chance`, that of a constant. absence: the evidence on
    the claim that the code does not hold the attribute.
    """

    statistic: str
    linear: Estimate
    chance: float
    absence: AbsenceEvidence


def eraser_of(code: CodeAndValues, protected: str) -> Eraser:
    """Returns the eraser of an attribute, fitted on the images of probe_fit that have it."""
    code = code.having(AbsenceClaim(protected))
    k = [attribute.name for attribute in code.attributes].index(protected)
    values = code.fit_values[:, k]
    return fit_eraser(code.fit_codes, target_columns(code.attributes[k], values, values))


def erased_from(code: CodeAndValues, eraser: Eraser) -> CodeAndValues:
    """Returns the same images with the attribute erased from the codes of both parts."""
    return replace(code, fit_codes=eraser.apply(code.fit_codes), test_codes=eraser.apply(code.test_codes))


def readable(
    code: CodeAndValues, protected: str, absent_max: float, sizes: AbsenceSizes, seed: int
) -> Readable:
    """Returns what readers of a code find of an attribute, fitted on probe_fit."""
    k = [attribute.name for attribute in code.attributes].index(protected)
    attribute = code.attributes[k]
    (absence,) = measure(code, [AbsenceClaim(protected)], absent_max, sizes, seed)
    found = probes.compute(
        [attribute],
        code.fit_codes,
        code.fit_values[:, [k]],
        code.test_codes,
        code.test_values[:, [k]],
        {},
        seed,
        with_boosting=False,
    )[0]
    scores = {row.codes: row.estimate for row in found.results}
    return Readable(found.statistic, scores["model"], scores["majority"].value, absence)


def probe_choices(code: CodeAndValues, columns: Sequence[int]) -> Floats:
    """Returns the classes (m, columns) that logistic regressions on the code give images of probe_test.

    Each is fitted on probe_fit, with classes as often as they are there: what decides has no balance made for it.
    """
    scaling = fit_scaling(code.fit_codes)
    fit, test = scaling.apply(code.fit_codes), scaling.apply(code.test_codes)
    given = []
    with threadpool_limits(limits=1):
        for column in columns:
            known = ~np.isnan(code.fit_values[:, column])
            classes = code.fit_values[known, column]
            if len(np.unique(classes)) < 2:
                given.append(np.full(len(test), classes[0]))
            else:
                given.append(LogisticRegression(max_iter=1000).fit(fit[known], classes).predict(test))
    return np.stack(given, axis=1) if given else np.zeros((len(test), 0))
