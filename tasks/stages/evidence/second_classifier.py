"""What a second classifier adds to the record: itself, its evidence on each model, and the weaker of two verdicts."""

from collections.abc import Mapping, Sequence
from typing import Any

from latent_audit.reports.page.reasons import with_sentences, with_text
from latent_audit.tasks.analyses.checks.rules import places_of, verdicts_of
from latent_audit.tasks.analyses.two_classifiers.combining import EVIDENCE, SECOND
from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey, digest_of_file
from latent_audit.vae_models.storage.saved_model import WEIGHTS_FILE

Record = dict[str, Any]


def add_evidence(
    records: Sequence[Record], models: Sequence[ModelKey], results: Mapping[str, Mapping[str, Artifact]]
) -> None:
    """Puts what the second classifier found of each model into the model's section."""
    for record, model in zip(records, models, strict=True):
        folder = results[model.id]["compare_classifiers"].path
        record[EVIDENCE] = with_sentences(read_json(folder / "second.json"))


def record_of(second_classifier: Artifact, networks: Sequence[str]) -> Record:
    """Returns the second classifier as it stands in audit.json; networks: the names of both."""
    return {
        **with_sentences(read_json(second_classifier.path / "classifier.json")),
        "weights_digest": digest_of_file(second_classifier.path / WEIGHTS_FILE),
        "names": list(networks),
    }


def combined(judged: Record) -> tuple[list[Record], list[Record]]:
    """Returns `verdicts` and `where` by both classifiers, of what audit.json holds of their evidence."""
    assert SECOND in judged
    return with_sentences(verdicts_of(judged)), with_text(places_of(judged))
