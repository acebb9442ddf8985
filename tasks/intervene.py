"""Intervene: move one dimension, decode, and ask the independent classifier what changed (check C)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.analyses import classifier_gate, intervention
from tasks.analyses.classifier_gate import Gate
from tasks.analyses.intervention import Decode, Intervention
from tasks.analyses.plain import to_plain
from tasks.arrays import read_json, write_array, write_json
from tasks.encode import ProbeCodes, open_codes
from tasks.prepare import Prepared, open_prepared
from tasks.records import Artifact
from tasks.stage import Bench
from vae_models.attribute_classifier import AttributeClassifier
from vae_models.checkpoints import load, load_classifier, load_untrained
from vae_models.inference import classify_images, decode_latents

RESPONSES, RESPONSES_FACTS = "responses.npy", "responses.json"
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
    seed: int,
) -> None:
    """Writes intervention.json as audit.json holds it, and the readings behind the claims, by which subgroups differ.

    Images are drawn from probe_test; doses are quantiles of the codes of probe_fit.
    """
    data = open_prepared(prepared)
    codes = open_codes(encoded).of_probe_parts()
    model = load(trained.path, bench.device)
    judge = load_classifier(classifier.path, bench.device)
    untrained = load_untrained(trained.path, bench.device)
    moves = Moves(images, bootstraps, null_moves_per_dimension, seed)
    claims = read_json(probed.path / "probe.json")["specificity"]
    decode = partial(decode_latents, model, precision="auto")
    gates = judge_reconstructions(data, judge, codes, decode, classifier_share_of_way)
    result = intervene_on(
        data,
        judge,
        codes,
        decode,
        partial(decode_latents, untrained, precision="auto"),
        [claim["dimension"] for claim in claims],
        gates,
        moves,
    )
    write_json(folder / "intervention.json", to_plain(result))
    _write_responses(folder, result, moves.rows(codes), judge.response_columns)
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


def _write_responses(
    folder: Path, result: Intervention, rows: NDArray[np.int64], columns: Mapping[str, Sequence[int]]
) -> None:
    """Writes the readings (claimed dimensions, doses, images, columns) and what they are of."""
    claims = [{"attribute": claim.attribute, "dimension": claim.dimension} for claim in result.claims]
    dimensions = sorted({claim.dimension for claim in result.claims})
    write_array(folder / RESPONSES, result.responses[dimensions])
    facts = {"claims": claims, "dimensions": dimensions, "rows": rows.tolist(), "columns": dict(columns)}
    write_json(folder / RESPONSES_FACTS, to_plain(facts))
