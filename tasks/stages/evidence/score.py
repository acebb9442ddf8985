"""Score: the global disentanglement scores of a whole code."""

from pathlib import Path

from latent_audit.tasks.analyses.scores import disentanglement_scores
from latent_audit.tasks.analyses.scores.factor_levels import factor_levels
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.estimates import Estimate
from latent_audit.tasks.analyses.statistics.parts import PROBE_PARTS
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    encoded: Artifact,
    predictor_images: int,
    seed: int,
) -> None:
    """Writes scores.json: each score by its name, as audit.json holds them, of the images that have every attribute.

    Predictors are fitted on at most `predictor_images`, drawn with the seed.
    """
    data = open_prepared(prepared)
    codes = open_codes(encoded).of_probe_parts().one_by_one()
    attributes = data.data.attributes
    fit_rows, test_rows = (data.complete(part) for part in PROBE_PARTS)
    fit_values, test_values = data.values("probe_fit", fit_rows), data.values("probe_test", test_rows)
    scores = disentanglement_scores.compute(
        codes.fit[fit_rows],
        factor_levels(attributes, fit_values, fit_values),
        codes.test[test_rows],
        factor_levels(attributes, fit_values, test_values),
        seed,
        has_factor_grid=data.data.factor_sizes is not None,
        predictor_images=predictor_images,
    )
    write_json(folder / "scores.json", to_json(scores))
    known = {f"score.{name}": score.value for name, score in scores.items() if isinstance(score, Estimate)}
    write_summary(folder, metrics=known)
