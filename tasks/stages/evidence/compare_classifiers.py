"""Compare two classifiers: the second one's evidence on a model, and how far it differs from the first's."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from latent_audit.tasks.analyses.places.evidence import DIRECTION
from latent_audit.tasks.analyses.places.pairs import draw_pairs
from latent_audit.tasks.analyses.places.scaled_codes import Scaling
from latent_audit.tasks.analyses.places.swaps import DimensionSwap, DirectionSwap
from latent_audit.tasks.analyses.places.targets import label_columns
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.two_classifiers.combining import CLAIM
from latent_audit.tasks.analyses.two_classifiers.differences import (
    CauseDifference,
    PartOfCode,
    cause_differences,
)
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.inputs.reach import reach_of
from latent_audit.tasks.storage.arrays import read_array, read_json, write_json
from latent_audit.tasks.storage.artifacts import Artifact
from latent_audit.vae_models.inference import classify_images, decoder_of
from latent_audit.vae_models.storage.checkpoints import load, load_classifier

Plain = Mapping[str, Any]


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    trained: Artifact,
    encoded: Artifact,
    classifier: Artifact,
    second_classifier: Artifact,
    located: Artifact,
    second_intervened: Artifact,
    second_located: Artifact,
    probe_images: int,
    interchange_pairs: int,
    bootstraps: int,
    seed: int,
) -> None:
    """Writes second.json: intervention and places by the second classifier, and differences of causes.

    Differences are of each part of the code that either classifier saw swapped.
    """
    second = {
        "intervention": read_json(second_intervened.path / "intervention.json"),
        "places": read_json(second_located.path / "places.json"),
    }
    differences: list[CauseDifference] = []
    if reach_of(trained).has_decoder:
        data, whole = open_prepared(prepared), open_codes(encoded).of_probe_parts()
        codes = whole.one_by_one()
        classifiers = [
            load_classifier(found.path, context.device) for found in (classifier, second_classifier)
        ]
        columns = classifiers[0].response_columns
        names = [attribute.name for attribute in data.data.attributes]
        fitted = data.draw("probe_fit", probe_images, seed, "places", every_class=True)
        values = data.values("probe_test")
        images = data.image_groups("probe_test") or ImageGroups.of(None, len(values))
        first = read_json(located.path / "places.json")
        differences = cause_differences(
            list(_parts(located, [first, second["places"]], codes.groups, codes.test.shape[1])),
            names,
            [columns[name] for name in names],
            label_columns(data.data.attributes, values, data.values("probe_fit", fitted), columns),
            np.asarray(codes.test),
            draw_pairs(images, interchange_pairs, seed),
            whole.decoder(decoder_of(load(trained.path, context.device), "auto")),
            (
                partial(classify_images, classifiers[0], precision="auto"),
                partial(classify_images, classifiers[1], precision="auto"),
            ),
            bootstraps,
            seed,
        )
    write_json(folder / "second.json", {**second, "differences": to_json(differences)})


def _parts(
    located: Artifact, places: Sequence[Plain], groups: Sequence[int], dimensions: int
) -> Iterator[PartOfCode]:
    """Yields the parts that either classifier saw swapped: single claimed dimensions, then those of every rung."""
    claims = {(row["attribute"], row["dimension"]) for found in places for row in found.get("claimed", ())}
    for attribute, dimension in sorted(claims):
        own = tuple(j for j, group in enumerate(groups) if group == groups[dimension])
        yield PartOfCode(attribute, CLAIM, DimensionSwap(own))
    lines = {
        row["attribute"]: row["columns"] for row in read_json(located.path / "lines.json") if not row["held"]
    }
    filters, patterns = (read_array(located.path / f"{name}.npy") for name in ("filters", "patterns"))
    plain = Scaling(np.zeros(dimensions), np.ones(dimensions), np.ones(dimensions, bool))
    for rows in zip(*(found["attributes"] for found in places), strict=True):
        for rungs in zip(*(row["rungs"] for row in rows), strict=True):
            name, rung = rows[0]["attribute"], rungs[0]["rung"]
            if all(one["swapped"] is None for one in rungs):
                continue
            if rung != DIRECTION:
                own = tuple(int(member["dimension"]) for member in rungs[0]["members"])
                yield PartOfCode(name, rung, DimensionSwap(own))
            elif name in lines:
                taken = np.arange(*lines[name])
                yield PartOfCode(name, rung, DirectionSwap(plain, filters[:, taken], patterns[:, taken]))
