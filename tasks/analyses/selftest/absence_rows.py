"""What must hold of claims of absence, measured on codes in which it is known how much there is to read."""

import numpy as np

from latent_audit.tasks.analyses.absence.evidence import AbsenceClaim, AbsenceEvidence
from latent_audit.tasks.analyses.absence.measure import (
    DRAWS,
    MULTIPLES,
    AbsenceSizes,
    CodeAndValues,
    measure,
    planted_highs,
)
from latent_audit.tasks.analyses.absence.planted import Template, correlation_for, plant
from latent_audit.tasks.analyses.absence.rules import SHOWN_ABSENT, judge_absence
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.selftest.row import Row
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.datasets.attributes import Attribute

LIMITS = Thresholds()
# Nothing, half of the limit, and clearly more than it.
STRENGTHS = (0.0, LIMITS.absent_max / 2, 2.5 * LIMITS.absent_max)
# (dimensions, images of either probe part): all that the full run covers, and two for the reduced one.
CELLS = ((10, 1000), (64, 1000), (128, 1000), (10, 3000), (64, 3000), (128, 3000))
REDUCED_CELLS = ((10, 1000), (64, 3000))
REDUCED_WORLDS = 5
SIZES = AbsenceSizes(permutations=199, bootstraps=200, boosting_images=2000, boosting_iterations=40)
CLAIM = AbsenceClaim("sex")
# What is promised: of what is there, and of what is not, where the power rule lets absence be shown at all.
FALSELY_ABSENT, SHOWN = 1 / 20, 9 / 10
# From so many worlds on, a rate is held against what is promised as it is.
ENOUGH_WORLDS = 20


def absence_row(worlds: int, seed: int) -> Row:
    """Returns how often an attribute of each strength is called "shown absent", by size of code and data."""
    cells = CELLS if worlds > REDUCED_WORLDS else REDUCED_CELLS
    measured: dict[str, float] = {"worlds": worlds}
    holds = True
    for cell, (dimensions, images) in enumerate(cells):
        for place, strength in enumerate(STRENGTHS):
            shown = allowed = 0
            for world in range(worlds):
                rng = np.random.default_rng([seed, world, cell, place, 55])
                code = _code(strength, dimensions, images, rng)
                (found,) = measure(code, [CLAIM], LIMITS.absent_max, SIZES, world)
                is_shown = _word(found) == SHOWN_ABSENT
                shown += is_shown
                if strength == 0.0:
                    allowed += is_shown or _is_allowed(code, world)
            name = f"u{strength:g}_d{dimensions}_n{images}"
            if strength == 0.0:
                measured[f"{name}_allowed"] = allowed / worlds
                measured[name] = shown / allowed if allowed else float("nan")
                holds &= not allowed or shown >= SHOWN * allowed - _slack(allowed, SHOWN)
            else:
                measured[name] = shown / worlds
                if strength > LIMITS.absent_max:
                    holds &= shown <= FALSELY_ABSENT * worlds + _slack(worlds, FALSELY_ABSENT)
    known = {name: value for name, value in measured.items() if not np.isnan(value)}
    return Row(
        "absence: U of 0, 0.01 and 0.05",
        "'shown absent' in <= 5 % of what is there (0.05), and in >= 90 % of what is not, where the images suffice",
        known,
        holds,
    )


def _code(uncertainty: float, dimensions: int, images: int, rng: np.random.Generator) -> CodeAndValues:
    """Returns a normal code, and a binary attribute of a U along a random direction of it."""
    codes = rng.standard_normal((2 * images, dimensions))
    values = (rng.random(2 * images) < 1 / 2).astype(np.float64)
    if uncertainty > 0.0:
        strata = np.zeros(len(values), np.int64)
        template = Template(values, values.astype(np.int64), strata)
        values = plant(template, codes, correlation_for(template, uncertainty), rng)
    single = codes.astype(np.float32)
    sex = Attribute("sex", "binary", ("no", "yes"))
    fit, test = np.arange(images), np.arange(images, 2 * images)
    return CodeAndValues((sex,), single[fit], values[fit, None], single[test], values[test, None])


def _word(found: AbsenceEvidence) -> str:
    record = {"name": "world", "seed": 0, "absence": [to_json(found)]}
    return judge_absence([record], LIMITS)[0].word


def _is_allowed(code: CodeAndValues, seed: int) -> bool:
    """Returns whether the power rule would let absence be shown in a code, whatever was read."""
    highs = planted_highs(code, CLAIM, MULTIPLES[0] * LIMITS.absent_max, DRAWS, seed)
    return min(highs) > LIMITS.absent_max


def _slack(worlds: int, promised: float) -> float:
    """Returns by how many a rate of few worlds may miss what is promised: two standard errors."""
    return 0.0 if worlds >= ENOUGH_WORLDS else 2.0 * float(np.sqrt(worlds * promised * (1.0 - promised)))
