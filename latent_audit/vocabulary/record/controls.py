"""Negative controls of a run, and the error rates that the evidence itself showed on synthetic data."""

from typing import Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.association import Association, Specificity
from latent_audit.vocabulary.record.forms import CLOSED, Check, NotApplicable
from latent_audit.vocabulary.record.intervention import Intervention
from latent_audit.vocabulary.record.places import Place, Places
from latent_audit.vocabulary.verdicts import OverallWord


@with_config(CLOSED)
class ControlDimension(TypedDict):
    """One dimension of a control's code."""

    index: int
    name: str


class ChecksOfOneModel(TypedDict):
    """The outcome of each check that needs one model alone."""

    association: Check
    specificity: Check
    intervention: Check


class ControlVerdict(TypedDict):
    """What the rules say of one attribute in a control."""

    attribute: str
    dimension: int
    dimension_name: str
    verdict: OverallWord
    reason: str
    reason_message: NotRequired[Reason]
    checks: ChecksOfOneModel


class Control(TypedDict):
    """The first three checks on a code that can carry nothing by design, and the verdicts of the same rules."""

    name: str
    seed: int
    control: Literal["shuffled", "random_init", "pca"]
    dimensions: list[ControlDimension]
    association: Association
    specificity: list[Specificity]
    intervention: Intervention | NotApplicable
    verdicts: list[ControlVerdict]
    places: NotRequired[Places | None]
    where: NotRequired[list[Place]]


@with_config(CLOSED)
class SelftestRow(TypedDict):
    """One kind of synthetic data, what the evidence must show on it, and what it showed."""

    name: str
    must_show: str
    measured: dict[str, float]
    holds: bool
    seconds: float


class Selftest(TypedDict):
    """Error rates of the evidence itself, measured on synthetic data whose truth is known."""

    digest: str
    holds: bool
    of_this_version: bool
    rows: list[SelftestRow]
    seed: int
    sizes: dict[str, int]
