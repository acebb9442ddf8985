"""One trained model, that is one name and seed, with everything that was found about it."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.absence import MeasuredAbsence
from latent_audit.vocabulary.record.applications import Applications
from latent_audit.vocabulary.record.association import Association, Probe, Specificity
from latent_audit.vocabulary.record.attributions import Attribution, AttributionEvidence
from latent_audit.vocabulary.record.fitness import Fitness, Training
from latent_audit.vocabulary.record.forms import Estimate, NotApplicable, Part, TableFile
from latent_audit.vocabulary.record.intervention import Intervention
from latent_audit.vocabulary.record.latent_manipulation import LatentManipulation
from latent_audit.vocabulary.record.latent_space import (
    Decoder,
    Frames,
    LatentResponses,
    Projection,
    Traversal,
)
from latent_audit.vocabulary.record.model_specific import Discriminator, Gan, ModelSpecific
from latent_audit.vocabulary.record.origin import ImportCheck, Origin
from latent_audit.vocabulary.record.places import Places


class Dimension(TypedDict):
    """One latent dimension; dimensions of one group stand for one attribute together."""

    index: int
    name: str
    kl_nats: float | None
    active: bool
    group: NotRequired[int]


class Supervision(TypedDict):
    """With which attributes' labels a model was trained: [] for none, null where it is not known."""

    attributes: list[str] | None
    labelled_share: float | None
    stated_by: Literal["training", "user"] | None


class CodesTable(TypedDict):
    """A table of all images, one row each: file, part, codes, attributes and what the classifier reads."""

    file: TableFile
    images: int
    columns: list[str]


class Model(TypedDict):
    """One trained model. `is_lead` is whether this seed is shown in full."""

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
    origin: NotRequired[Origin | None]
    import_check: NotRequired[ImportCheck | None]
    training: Part[Training]
    fitness: Fitness
    scores: dict[str, Part[Estimate]]
    association: Part[Association]
    probes: Part[list[Probe]]
    specificity: Part[list[Specificity]]
    intervention: Part[Intervention]
    places: NotRequired[Places | None]
    absence: NotRequired[list[MeasuredAbsence]]
    traversal: Part[Traversal]
    latent_responses: NotRequired[LatentResponses | None]
    frames: NotRequired[Frames | None]
    decoder: NotRequired[Part[Decoder]]
    projections: Part[list[Projection]]
    moves: NotRequired[Part[LatentManipulation]]
    uses: NotRequired[Part[Applications]]
    attributions: Part[list[Attribution | NotApplicable]]
    attribution_evidence: NotRequired[list[AttributionEvidence] | None]
    gan: Part[Gan]
    # From 1.1 on, of every seed of an InterpretableGAN.
    discriminator: NotRequired[Part[Discriminator]]
    particulars: NotRequired[ModelSpecific | None]
    # Of the first seed, where images are files.
    table: NotRequired[CodesTable | None]
    supervision: NotRequired[Supervision]
