"""The whole record of one run: what audit.json holds, key by key."""

from typing import Annotated, Any, Final, NotRequired

from pydantic import Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.absence import Absence
from latent_audit.vocabulary.record.classifier import Classifier
from latent_audit.vocabulary.record.comparison import Comparison, Direction, Stability, Subgroup
from latent_audit.vocabulary.record.controls import Control, Selftest
from latent_audit.vocabulary.record.data import Data
from latent_audit.vocabulary.record.forms import CLOSED, NotApplicable, Part
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.on_request.bayesian_classifier import BayesianClassifier
from latent_audit.vocabulary.record.on_request.bias import Erasure
from latent_audit.vocabulary.record.on_request.dimension_names import NamedDimension
from latent_audit.vocabulary.record.on_request.learning import ClassifierLearning
from latent_audit.vocabulary.record.on_request.pruning import PrunedVerdict
from latent_audit.vocabulary.record.on_request.two_classifiers import SecondClassifier
from latent_audit.vocabulary.record.places import Place, PlaceStability, Requirement
from latent_audit.vocabulary.record.verdict import CheckId, Unclaimed, Verdict

# The version of the schema that these types describe. Files of released versions are read as the same types.
OPEN_VERSION: Final = "1.1"


class Subject(TypedDict):
    """What was audited, and what for; null where the settings do not say. names: what people call its parts."""

    title: str
    dataset: str
    models: Annotated[list[str], Field(min_length=1)]
    lead_seed: int
    intended_use: str | None
    out_of_scope: str | None
    owner: str | None
    names: NotRequired[dict[str, str]]


@with_config(CLOSED)
class FailedPart(TypedDict):
    """A part of the audit that failed and is missing from it, or a model that was left out."""

    part: str
    model: str | None
    seed: int | None
    reason: str
    reason_message: NotRequired[Reason]


class Auditability(TypedDict):
    """Whether the classifier reads an attribute in real images well enough to audit it."""

    attribute: str
    auditable: bool
    statistic: str
    value: float | None
    threshold: float
    reason: str
    reason_message: NotRequired[Reason]
    helps: str
    helps_message: NotRequired[Reason]


class Audit(TypedDict):
    """The truth of one audit run; report.html is a rendering of it.

    Unknown numbers are null; what cannot be computed is {"not_applicable": reason}. Beside a sentence `NAME`, its key
    and values are in `NAME_message`. Further keys are allowed in most
    objects, so that a newer writer stays readable; estimates, references and reasons are closed.
    """

    schema_version: Annotated[str, WithJsonSchema({"const": OPEN_VERSION})]
    subject: Subject
    settings: dict[str, Any]
    settings_digest: str
    thresholds: dict[str, Any]
    thresholds_digest: str
    data: Data
    classifier: Part[Classifier]
    second_classifier: NotRequired[SecondClassifier]
    bayesian_classifier: NotRequired[BayesianClassifier]
    classifier_learning: NotRequired[ClassifierLearning]
    models: Annotated[list[Model], Field(min_length=1)]
    checks: NotRequired[list[CheckId]]
    stability: Part[list[Stability]]
    controls: list[Control]
    subgroups: Part[list[Subgroup]]
    comparison: Part[list[Comparison]]
    verdicts: list[Verdict]
    unclaimed: Part[list[Unclaimed]]
    failed: NotRequired[list[FailedPart]]
    selftest: Selftest | NotApplicable
    auditability: NotRequired[list[Auditability]]
    where: NotRequired[list[Place]]
    place_stability: NotRequired[list[PlaceStability]]
    absent: NotRequired[list[Absence]]
    named_dimensions: NotRequired[list[NamedDimension]]
    erased: NotRequired[list[Erasure]]
    pruned: NotRequired[list[PrunedVerdict]]
    requirements: NotRequired[list[Requirement]]
    score_directions: NotRequired[dict[str, Direction]]
