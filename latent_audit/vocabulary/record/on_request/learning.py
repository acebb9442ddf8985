"""While it learns: what a classifier and a model know at checkpoints of a training."""

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.classifier import Calibration, ClassifierScore
from latent_audit.vocabulary.record.fitness import Curve
from latent_audit.vocabulary.record.forms import Estimate, Matrix


class ClassifierCheckpoint(TypedDict):
    """The classifier after so many steps; 0: untrained."""

    step: int
    scores: list[ClassifierScore]
    calibration: list[Calibration]


class ClassifierLearning(TypedDict):
    """The classifier's training once more, to its last step, on images of probe_test."""

    images: int
    checkpoints: list[ClassifierCheckpoint]
    curves: dict[str, Curve]


class CauseAtStep(TypedDict):
    """How far an attribute follows when the dimension that tells most of it is swapped; null where nothing does."""

    attribute: str
    dimension: int
    cause: Estimate | None


class ModelCheckpoint(TypedDict):
    """A model after so many steps: U [k][d] of every attribute and dimension, and the cause of the strongest."""

    step: int
    uncertainty: Matrix
    causes: list[CauseAtStep]


class Uptake(TypedDict):
    """From which checkpoint on the dimension that ends with most of an attribute tells half of that; null: never."""

    attribute: str
    dimension: int
    uncertainty: float
    step: int | None


class ModelLearning(TypedDict):
    """A model's training once more; same_weights: whether it ends with the weights that were audited."""

    attributes: list[str]
    images: int
    pairs: int
    checkpoints: list[ModelCheckpoint]
    taken_up: list[Uptake]
    same_weights: bool
    curves: dict[str, Curve]
