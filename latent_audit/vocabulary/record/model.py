"""One trained model, that is one name and seed, with everything that was found about it."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.absence import MeasuredAbsence
from latent_audit.vocabulary.record.applications import Applications
from latent_audit.vocabulary.record.association import Association, Probe, Specificity
from latent_audit.vocabulary.record.attributions import Attribution, AttributionEvidence
from latent_audit.vocabulary.record.fitness import Fitness, Likelihood, Training
from latent_audit.vocabulary.record.forms import Estimate, NotApplicable, Part
from latent_audit.vocabulary.record.intervention import Intervention
from latent_audit.vocabulary.record.latent_manipulation import LatentManipulation, Variations
from latent_audit.vocabulary.record.latent_space import (
    Decoder,
    Frames,
    LatentResponses,
    Projection,
    Traversal,
)
from latent_audit.vocabulary.record.model_specific import Discriminator, Gan, ModelSpecific
from latent_audit.vocabulary.record.on_request.applications import AugmentedCnn, LeftOut, Mixture
from latent_audit.vocabulary.record.on_request.bias import Bias
from latent_audit.vocabulary.record.on_request.dimension_names import Guess
from latent_audit.vocabulary.record.on_request.learning import ModelLearning
from latent_audit.vocabulary.record.on_request.pruning import Pruned
from latent_audit.vocabulary.record.on_request.two_classifiers import SecondEvidence
from latent_audit.vocabulary.record.origin import ImportCheck, Origin
from latent_audit.vocabulary.record.places import Places


class Dimension(TypedDict):
    """One latent dimension; dimensions of one group stand for one attribute together.

    quantiles, spread: of the held-out codes, at 5, 25, 50, 75 and 95 %, and their standard deviation.
    """

    index: int
    name: str
    kl_nats: float | None
    active: bool
    group: NotRequired[int]
    quantiles: NotRequired[list[float]]
    spread: NotRequired[float]


class Supervision(TypedDict):
    """With which attributes' labels a model was trained: [] for none, null where it is not known."""

    attributes: list[str] | None
    labelled_share: float | None
    stated_by: Literal["training", "user"] | None


class Model(TypedDict):
    """One trained model. `is_lead` is whether this seed is shown in full.

    latent_dim: of the whole code. chosen_by: why `dimensions` holds not all of it, but those that are audited one by
    one: they change the picture most when another code's value is put in, or have the largest variance.
    """

    id: str
    name: str
    kind: str
    seed: int
    is_lead: bool
    latent_dim: int
    parameters: int | None
    weights_digest: str | None
    recipe: dict[str, Any]
    dimensions: list[Dimension]
    # From 1.1 on, of codes of many dimensions.
    chosen_by: NotRequired[Literal["exchange", "variance"]]
    origin: NotRequired[Origin | None]
    import_check: NotRequired[ImportCheck | None]
    training: Part[Training]
    fitness: Fitness
    # From 1.1 on, where explanations.bound_images asks for it.
    likelihood: NotRequired[Part[Likelihood]]
    scores: dict[str, Part[Estimate]]
    association: Part[Association]
    probes: Part[list[Probe]]
    specificity: Part[list[Specificity]]
    intervention: Part[Intervention]
    places: NotRequired[Places | None]
    absence: NotRequired[list[MeasuredAbsence]]
    guesses: NotRequired[list[Guess]]
    bias: NotRequired[list[Bias]]
    traversal: Part[Traversal]
    latent_responses: NotRequired[LatentResponses | None]
    frames: NotRequired[Frames | None]
    decoder: NotRequired[Part[Decoder]]
    projections: Part[list[Projection]]
    moves: NotRequired[Part[LatentManipulation]]
    # From 1.1 on, where explanations.variations asks for it.
    variations: NotRequired[Part[Variations]]
    # From 1.1 on, where explanations.learning_checkpoints asks for it.
    learning: NotRequired[Part[ModelLearning]]
    uses: NotRequired[Part[Applications]]
    # From 1.1 on, each where the setting of explanations asks for it: augmented_cnn, mixture, leave_out.
    augmented_cnn: NotRequired[Part[AugmentedCnn]]
    mixture: NotRequired[Part[Mixture]]
    left_out: NotRequired[Part[LeftOut]]
    attributions: Part[list[Attribution | NotApplicable]]
    attribution_evidence: NotRequired[list[AttributionEvidence] | None]
    gan: Part[Gan]
    # From 1.1 on, of every seed of an InterpretableGAN.
    discriminator: NotRequired[Part[Discriminator]]
    particulars: NotRequired[ModelSpecific | None]
    supervision: NotRequired[Supervision]
    by_second_classifier: NotRequired[SecondEvidence]
    # From 1.1 on, where explanations.drop_unused asks for it.
    pruned: NotRequired[Pruned]
