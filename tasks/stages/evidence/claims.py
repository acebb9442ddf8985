"""Checks A and B of a code: what each dimension carries, and which dimension is claimed for each attribute."""

from latent_audit.tasks.analyses.checks import association, specificity
from latent_audit.tasks.analyses.checks.association import Association
from latent_audit.tasks.analyses.checks.specificity import Specificity
from latent_audit.tasks.analyses.statistics.parts import PROBE_PARTS
from latent_audit.tasks.stages.inputs.codes import ProbeCodes
from latent_audit.tasks.stages.inputs.prepared import Prepared


def find_claims(
    data: Prepared,
    codes: ProbeCodes,
    permutations: int,
    bootstraps: int,
    significance: float,
    survives_from: float,
    gap_min: float,
    seed: int,
) -> tuple[Association, tuple[Specificity, ...]]:
    """Returns checks A and B of a code: every cell's association, and the claim that is made of each attribute."""
    fit_values, test_values = (data.values(part) for part in PROBE_PARTS)
    parts = (codes.fit, fit_values, codes.test, test_values)
    attributes = data.data.attributes
    groups = data.image_groups("probe_test")
    associated = association.compute(
        attributes,
        *parts,
        seed,
        permutations,
        bootstraps,
        code_bins=association.CODE_BINS if codes.folds is None else association.FEW_CODE_BINS,
        image_groups=groups,
    )
    claims = specificity.compute(
        attributes,
        *parts,
        associated,
        codes.groups,
        seed,
        significance=significance,
        survives_from=survives_from,
        gap_min=gap_min,
        used=codes.used,
        resamples=bootstraps,
        image_groups=groups,
        folds=codes.folds,
    )
    return associated, claims
