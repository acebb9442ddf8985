"""The direction of a place, fitted again as it was located: audit.json keeps its largest members alone."""

import numpy as np

from latent_audit.tasks.analyses.places.linear_readers import fit_reader
from latent_audit.tasks.analyses.places.patterns import pattern
from latent_audit.tasks.analyses.places.scaled_codes import fit_scaling
from latent_audit.tasks.analyses.places.swaps import DirectionSwap
from latent_audit.tasks.analyses.places.targets import target_columns
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.errors import RunUnusable
from latent_audit.tasks.stages.inputs.codes import ProbeCodes
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.terminal_text import named
from latent_audit.vocabulary.record.audit import Audit


def direction_swap(attribute: Attribute, audit: Audit, data: Prepared, codes: ProbeCodes) -> DirectionSwap:
    """Returns the swap along the direction that reads an attribute, by the run's own settings and seed."""
    settings = audit["settings"]
    seed = int(settings["run"]["seed"])
    fitted = data.draw(
        "probe_fit", int(settings["evidence"]["probe_images"]), seed, "places", every_class=True
    )
    column = data.data.attributes.index(attribute)
    values = data.values("probe_fit", fitted)[:, column]
    scaling = fit_scaling(codes.fit[fitted])
    fit = scaling.apply(codes.fit[fitted])
    known = ~np.isnan(values)
    targets = target_columns(attribute, values, values)
    filters = fit_reader(attribute, fit[known], targets[known], seed).filter
    moved = pattern(np.asarray(fit.T @ fit / len(fit)), filters)
    if moved is None:
        raise RunUnusable(
            f"the direction of {named(attribute.name)} cannot be fitted again from the codes kept"
        )
    return DirectionSwap(scaling, filters, moved)
