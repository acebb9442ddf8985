"""Probe: what each dimension carries (check A), what else it carries (check B), and the scores of the whole code."""

from pathlib import Path

from tasks.analyses import disentanglement_scores, probes
from tasks.analyses.estimates import Estimate
from tasks.analyses.factor_levels import factor_levels
from tasks.analyses.plain import to_plain
from tasks.arrays import write_json
from tasks.bench import Bench
from tasks.claims import find_claims
from tasks.inputs.codes import PROBE_PARTS, open_codes
from tasks.inputs.prepared import open_prepared
from tasks.records import Artifact


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
    kept = open_codes(encoded)
    codes = kept.of_probe_parts()
    attributes = data.data.attributes
    fit_values, test_values = (data.values(part) for part in PROBE_PARTS)
    bench.report(0, 3, {})
    associated, specific = find_claims(data, codes, permutations, bootstraps, survives_from, seed)
    bench.report(1, 3, {})
    few = slice(probe_images)
    probed = probes.compute(
        attributes,
        codes.fit[few],
        fit_values[few],
        codes.test[few],
        test_values[few],
        {name: (of["probe_fit"][few], of["probe_test"][few]) for name, of in kept.controls.items()},
        seed,
        bootstraps,
        boosting_iterations,
    )
    bench.report(2, 3, {})
    scores = disentanglement_scores.compute(
        codes.fit,
        factor_levels(attributes, fit_values, fit_values),
        codes.test,
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
