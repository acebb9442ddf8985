"""Probe: what each dimension carries (check A), what else it carries (check B), and the scores of the whole code."""

from pathlib import Path

from tasks.analyses import association, disentanglement_scores, probes, specificity
from tasks.analyses.estimates import Estimate
from tasks.analyses.factor_levels import factor_levels
from tasks.analyses.plain import to_plain
from tasks.arrays import write_json
from tasks.encode import PROBE_PARTS, open_codes
from tasks.prepare import open_prepared
from tasks.records import Artifact
from tasks.stage import Bench, Stage


def compute(
    folder: Path,
    bench: Bench,
    *,
    prepared: Artifact,
    encoded: Artifact,
    permutations: int,
    bootstraps: int,
    probe_images: int,
    boosting_iterations: int,
    survives_from: float,
    seed: int,
) -> None:
    """Writes probe.json: association, specificity, probes and scores, as audit.json holds them."""
    data = open_prepared(prepared)
    codes = open_codes(encoded, data.parts)
    attributes = data.data.attributes
    fit_codes, test_codes = (codes.of(part) for part in PROBE_PARTS)
    fit_values, test_values = (data.values(part) for part in PROBE_PARTS)
    bench.report(0, 4, {})
    associated = association.compute(
        attributes, fit_codes, fit_values, test_codes, test_values, seed, permutations, bootstraps
    )
    bench.report(1, 4, {})
    specific = specificity.compute(
        attributes,
        fit_codes,
        fit_values,
        test_codes,
        test_values,
        associated,
        codes.groups,
        seed,
        bootstraps,
        survives_from=survives_from,
    )
    bench.report(2, 4, {})
    few = slice(probe_images)
    probed = probes.compute(
        attributes,
        fit_codes[few],
        fit_values[few],
        test_codes[few],
        test_values[few],
        {name: (kept["probe_fit"][few], kept["probe_test"][few]) for name, kept in codes.controls.items()},
        seed,
        bootstraps,
        boosting_iterations,
    )
    bench.report(3, 4, {})
    scores = disentanglement_scores.compute(
        fit_codes,
        factor_levels(attributes, fit_values, fit_values),
        test_codes,
        factor_levels(attributes, fit_values, test_values),
        seed,
        has_factor_grid=data.data.factor_sizes is not None,
    )
    write_json(
        folder / "probe.json",
        {
            "association": to_plain(associated),
            "specificity": to_plain(specific),
            "probes": to_plain(probed),
            "scores": to_plain(scores),
        },
    )
    best = {f"uncertainty.{claim.attribute}": claim.uncertainty.value for claim in specific}
    known = {f"score.{name}": score.value for name, score in scores.items() if isinstance(score, Estimate)}
    write_json(folder / "summary.json", {"metrics": {**best, **known}})


PROBE = Stage("probe", "probing", compute)
