"""A model's code without its unused dimensions: the evidence on it, and the words beside those of the whole code."""

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.association import Association, Specificity
from latent_audit.vocabulary.record.forms import Estimate, Part
from latent_audit.vocabulary.record.intervention import Intervention
from latent_audit.vocabulary.record.places import Places, RungWord
from latent_audit.vocabulary.verdicts import OverallWord


class RebuiltWithout(TypedDict):
    """Mean squared error of reconstructions: from the whole code, from what is kept, and the difference."""

    whole: Estimate
    kept: Estimate
    difference: Estimate


class Pruned(TypedDict):
    """The dimensions that were fixed at their mean, and checks A to C and places of the code that is left."""

    dropped: list[int]
    reconstruction: RebuiltWithout
    association: Association
    specificity: list[Specificity]
    intervention: Part[Intervention]
    places: Places


class PrunedWords(TypedDict):
    """Where an attribute lives, the verdict on that, the claimed dimension, and the verdict on it, by checks A to C."""

    rung: RungWord
    place: OverallWord
    dimension: int
    claim: OverallWord


class PrunedVerdict(TypedDict):
    """One attribute in one model: words from the whole code and from what is kept; same: rung and both verdicts."""

    model: str
    seed: int
    attribute: str
    whole: PrunedWords
    kept: PrunedWords
    same: bool
