"""Intervene: move one dimension, decode, and ask the independent classifier what changed (check C)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.analyses import classifier_gate, intervention, subgroups
from tasks.analyses.classifier_gate import Gate
from tasks.analyses.intervention import Decode, Intervention
from tasks.analyses.plain import to_plain
from tasks.arrays import read_json, write_json
from tasks.datasets.attributes import Attribute
from tasks.encode import ProbeCodes, open_codes
from tasks.import_check import reach_of
from tasks.prepare import Prepared, open_prepared
from tasks.records import Artifact
from tasks.stage import Bench
from vae_models.attribute_classifier import AttributeClassifier
from vae_models.checkpoints import load, load_classifier, load_untrained
from vae_models.inference import classify_images, decode_latents

# Reconstructions that the gate is judged on.
GATE_IMAGES = 2000


@dataclass(frozen=True)
class Moves:
    """How much is moved: held-out images to start from, bootstrap draws, random moves behind the null."""

    images: int
    bootstraps: int
    null_moves_per_dimension: int
    seed: int

    def rows(self, codes: ProbeCodes) -> NDArray[np.int64]:
        """Returns the sorted rows of probe_test that interventions start from."""
        count = len(codes.test)
        return np.sort(np.random.default_rng(self.seed).choice(count, min(self.images, count), False))


def compute(
    folder: Path,
    bench: Bench,
    *,
    prepared: Artifact,
    classifier: Artifact,
    trained: Artifact,
    encoded: Artifact,
    probed: Artifact,
    images: int,
    bootstraps: int,
    null_moves_per_dimension: int,
    classifier_share_of_way: float,
    subgroup_by: str | None,
    model_name: str,
    seed: int,
) -> None:
    """Writes intervention.json and subgroups.json as audit.json holds them.

    Images are drawn from probe_test; doses are quantiles of the codes of probe_fit.
    """
    data = open_prepared(prepared)
    codes = open_codes(encoded).of_probe_parts()
    model = load(trained.path, bench.device)
    judge = load_classifier(classifier.path, bench.device)
    untrained = load_untrained(trained.path, bench.device) if reach_of(trained).images_by_weights else None
    moves = Moves(images, bootstraps, null_moves_per_dimension, seed)
    claims = read_json(probed.path / "probe.json")["specificity"]
    decode = partial(decode_latents, model, precision="auto")
    gates = judge_reconstructions(data, judge, codes, decode, classifier_share_of_way)
    result = intervene_on(
        data,
        judge,
        codes,
        decode,
        None if untrained is None else partial(decode_latents, untrained, precision="auto"),
        [claim["dimension"] for claim in claims],
        gates,
        moves,
    )
    write_json(folder / "intervention.json", to_plain(result))
    by = subgroup_by or _first_grouping(data.data.attributes)
    groups = (
        ()
        if by is None
        else subgroups.compute(
            model_name,
            data.data.attributes,
            data.values("probe_test")[moves.rows(codes)],
            result,
            judge.response_columns,
            by,
            seed,
        )
    )
    write_json(folder / "subgroups.json", to_plain(groups))
    effects = {f"effect.{claim.attribute}": claim.on_target.value for claim in result.claims}
    write_json(folder / "summary.json", {"metrics": effects})


def judge_reconstructions(
    data: Prepared, judge: AttributeClassifier, codes: ProbeCodes, decode: Decode, share_of_way: float
) -> tuple[Gate, ...]:
    """Returns, for each attribute, whether the classifier reads what `decode` makes of held-out codes."""
    rows = slice(GATE_IMAGES)
    return classifier_gate.compute(
        data.data.attributes,
        data.values("probe_test")[rows],
        classify_images(judge, decode(codes.test[rows]), precision="auto"),
        judge.response_columns,
        {target.name: (target.mean, target.std) for target in judge.targets},
        share_of_way,
    )


def intervene_on(
    data: Prepared,
    judge: AttributeClassifier,
    codes: ProbeCodes,
    decode: Decode,
    untrained_decode: Decode | None,
    dimensions: Sequence[int],
    gates: Sequence[Gate],
    moves: Moves,
) -> Intervention:
    """Returns check C of a code; `dimensions` are the claimed ones, one for each attribute."""
    return intervention.compute(
        data.data.attributes,
        codes.test[moves.rows(codes)],
        codes.fit,
        decode,
        lambda pictures: classify_images(judge, pictures, precision="auto"),
        judge.response_columns,
        gates,
        dimensions,
        codes.groups,
        moves.seed,
        untrained_decode=untrained_decode,
        resamples=moves.bootstraps,
        null_moves_per_dimension=moves.null_moves_per_dimension,
    )


def _first_grouping(attributes: Sequence[Attribute]) -> str | None:
    return next((a.name for a in attributes if a.kind in ("binary", "categorical")), None)
