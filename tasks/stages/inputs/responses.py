"""The classifier's readings of intervened images, as one stage writes them and another reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.intervention import Intervention
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.estimates import NotApplicable
from latent_audit.tasks.storage.arrays import read_array, read_json, write_array, write_json
from latent_audit.tasks.storage.artifacts import Artifact

READINGS, FACTS = "responses.npy", "responses.json"


@dataclass(frozen=True)
class Responses:
    """Readings float32 (doses, images, columns) by dimension, and what they are of.

    `claims` are pairs of an attribute that the classifier may judge and its dimension; `rows` the images' rows in
    probe_test; `columns` the columns of each attribute's readings.
    """

    claims: tuple[tuple[str, int], ...]
    rows: NDArray[np.int64]
    columns: Mapping[str, Sequence[int]]
    of_dimension: Mapping[int, NDArray[np.float32]]


def write_responses(
    folder: Path, result: Intervention, rows: NDArray[np.int64], columns: Mapping[str, Sequence[int]]
) -> None:
    """Writes the readings of claimed dimensions into a stage's folder."""
    dimensions = sorted({claim.dimension for claim in result.claims})
    write_array(folder / READINGS, result.responses[dimensions])
    # Where the classifier did not pass its gate, it says nothing of any group's pictures either.
    claims = [
        [claim.attribute, claim.dimension]
        for claim in result.claims
        if not isinstance(claim.on_target, NotApplicable)
    ]
    facts = {"claims": claims, "dimensions": dimensions, "rows": rows.tolist(), "columns": dict(columns)}
    write_json(folder / FACTS, to_json(facts))


def open_responses(intervened: Artifact) -> Responses:
    """Returns what `write_responses` wrote."""
    facts = read_json(intervened.path / FACTS)
    return Responses(
        tuple((attribute, dimension) for attribute, dimension in facts["claims"]),
        np.asarray(facts["rows"], dtype=np.int64),
        facts["columns"],
        dict(zip(facts["dimensions"], read_array(intervened.path / READINGS), strict=True)),
    )
