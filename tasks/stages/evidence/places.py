"""Where attributes live in a code, as stages measure it, and how alike the seeds of a model are in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.many_dimensions.ladder import measure_many
from latent_audit.tasks.analyses.places import ladder, rung_stability
from latent_audit.tasks.analyses.places.claimed_swaps import Claim
from latent_audit.tasks.analyses.places.evidence import DIMENSION, RUNGS, Ladder
from latent_audit.tasks.analyses.places.rung_stability import RungLikeness
from latent_audit.tasks.analyses.places.sizes import Sizes
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.stages.inputs.codes import ProbeCodes
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.storage.arrays import read_array, read_json, write_array, write_json
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.vae_models.inference import classify_images
from latent_audit.vocabulary.reasons import Reason

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.reads_attributes import ReadsAttributes

PREDICTIONS, LAYOUT = "predictions.npy", "predictions.json"
RESAMPLES = 200


@dataclass(frozen=True)
class PlaceStability:
    """How alike the seeds of one model are, by attribute and rung."""

    model: str
    seeds: tuple[int, ...]
    attributes: tuple[RungLikeness, ...]


def untestable(gates: Sequence[Gate]) -> list[Reason | None]:
    """Returns why the classifier may not judge each attribute, None where it may."""
    return [None if gate.status == "passed" else gate.reason for gate in gates]


def measure_places(
    data: Prepared,
    attribute_classifier: "ReadsAttributes",
    codes: ProbeCodes,
    decode: Decode | None,
    why_not: Sequence[Reason | None],
    claims: Sequence[Claim],
    thresholds: Thresholds,
    sizes: Sizes,
    seed: int,
) -> Ladder:
    """Returns the evidence on every rung of a code; `why_not`: why an attribute cannot be judged, or None.

    decode: of the whole code; None where the model has no decoder, then no attribute can be judged. claims: on
    dimensions of `codes.one_by_one()`, by whose numbers the evidence is returned.
    """
    most = len(codes.fit) if codes.folds is not None else sizes.fit_images
    fitted = data.draw("probe_fit", most, seed, "places", every_class=True)
    code = ladder.Code(
        attributes=data.data.attributes,
        fit_codes=codes.fit[fitted],
        fit_values=data.values("probe_fit", fitted),
        test_codes=np.asarray(codes.test),
        test_values=data.values("probe_test"),
        names=codes.names,
        groups=codes.groups,
        decode=decode,
        respond=lambda pictures: classify_images(attribute_classifier, pictures, precision="auto"),
        response_columns=attribute_classifier.response_columns,
        untestable=why_not,
        fit_groups=data.image_groups("probe_fit", fitted),
        test_groups=data.image_groups("probe_test"),
        claims=claims,
        folds=codes.folds,
    )
    if codes.chosen is None:
        return ladder.measure(code, thresholds, sizes, seed)
    narrow = codes.one_by_one()
    return measure_many(code, codes.chosen, narrow.used, narrow.changes, thresholds, sizes, seed)


def claims_of(
    association: Mapping[str, Any], specificity: Sequence[Mapping[str, Any]], significance: float
) -> list[Claim]:
    """Returns the claims on single dimensions that are associated with their attribute, of JSON-ready results."""
    rows = dict(zip(association["attributes"], association["p_adjusted"], strict=True))
    return [
        Claim(claim["attribute"], claim["dimension"])
        for claim in specificity
        if rows[claim["attribute"]][claim["dimension"]] <= significance
    ]


def write_predictions(folder: Path, found: Ladder) -> None:
    """Writes the coordinates of held-out images on every rung, by which seeds are compared."""
    layout, columns, start = [], [], 0
    for place in found.attributes:
        for rung in place.rungs:
            width = rung.predictions.shape[1]
            layout.append([place.attribute, rung.rung, start, start + width])
            columns.append(rung.predictions.astype(np.float32))
            start += width
    empty = np.zeros((found.images, 0), np.float32)
    write_array(folder / PREDICTIONS, np.concatenate([empty, *columns], axis=1))
    write_json(folder / LAYOUT, layout)


def write_lines(folder: Path, found: Ladder) -> None:
    """Writes the directions of a code, what they read and how it moves along them, for those who show them."""
    layout, filters, patterns, start = [], [], [], 0
    for place in found.attributes:
        for rung in place.rungs:
            for line in rung.lines:
                rank = line.filters.shape[1]
                layout.append(
                    {"attribute": place.attribute, "held": line.held, "columns": [start, start + rank]}
                )
                filters.append(line.filters)
                patterns.append(line.pattern)
                start += rank
    empty = np.zeros((len(found.used), 0))
    for name, columns in (("filters", filters), ("patterns", patterns)):
        write_array(folder / f"{name}.npy", np.concatenate([empty, *columns], axis=1))
    write_json(folder / "lines.json", layout)


def place_stability(
    models: Sequence[ModelKey],
    records: Sequence[Mapping[str, Any]],
    results: Mapping[str, Mapping[str, Artifact]],
    seed: int,
    groups: ImageGroups | None = None,
) -> list[PlaceStability]:
    """Returns a section for each model of which several seeds were trained."""
    found = []
    for name in dict.fromkeys(model.name for model in models):
        family = [model for model in models if model.name == name]
        if len(family) > 1:
            places = [results[model.id]["locate"] for model in family]
            attributes = [place["attribute"] for place in _first(records, name)["places"]["attributes"]]
            found.append(
                PlaceStability(
                    name, tuple(m.seed for m in family), tuple(_likeness(attributes, places, seed, groups))
                )
            )
    return found


def _first(records: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next(record for record in records if record["name"] == name)


def _likeness(
    attributes: Sequence[str], places: Sequence[Artifact], seed: int, groups: ImageGroups | None
) -> list[RungLikeness]:
    layouts = [
        {(name, rung): range(start, stop) for name, rung, start, stop in read_json(found.path / LAYOUT)}
        for found in places
    ]
    arrays = [read_array(found.path / PREDICTIONS) for found in places]
    rows = []
    for attribute in attributes:
        for place, rung in enumerate(RUNGS):
            if not any((attribute, rung) in layout for layout in layouts):
                continue
            # Where a seed has nothing on this rung, an earlier one stands for it.
            earlier = RUNGS[: place + 1][::-1]
            ranges = [
                next((layout[attribute, r] for r in earlier if (attribute, r) in layout), None)
                for layout in layouts
            ]
            if any(columns is None for columns in ranges):
                continue
            predictions = [
                array[:, list(columns or ())] for array, columns in zip(arrays, ranges, strict=True)
            ]
            rows.append(
                rung_stability.likeness(
                    attribute,
                    rung,
                    [np.asarray(found, dtype=np.float64) for found in predictions],
                    signed=rung != DIMENSION,
                    resamples=RESAMPLES,
                    seed=seed,
                    groups=groups,
                )
            )
    return rows
