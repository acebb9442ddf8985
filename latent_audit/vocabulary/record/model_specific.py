"""What only some kinds of model have to show: GANs, mixtures, attention, uncertainty, capacity, few labels."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.forms import ArrayFile, Estimate, Numbers, Part


class Contributions(TypedDict):
    """How the logit of one example is a sum of terms."""

    logit: float | None
    bias: float | None
    contributions: Numbers


class MeanContributions(TypedDict):
    """What the discriminator's logit is made of."""

    names: list[str]
    mean_absolute: Numbers
    examples: list[Contributions]
    largest_sum_error: float | None


class SamplesFollow(TypedDict):
    """How far samples show the attribute that was asked for."""

    attribute: str
    statistic: str
    estimate: Part[Estimate]


class ConditionalEdit(TypedDict):
    """What changing one condition does to its attribute and to the one that it changes most beside."""

    attribute: str
    change: Estimate
    moved: Estimate
    off_target: str | None
    off_target_change: Estimate | None


class AskedAndRead(TypedDict):
    """What shown samples were asked for beside what the classifier reads, and how often both agree over all samples.

    Classes by name, numbers in the attribute's unit.
    """

    attribute: str
    asked: list[str | float]
    read: Part[list[str | float]]
    agrees: Part[list[bool]]
    share: Part[Estimate]


class VarianceShare(TypedDict):
    """A group's shares of the variance of pictures, summed over pixels (generalised Sobol indices).

    Groups: named dimensions, free ones, noise. total: all that the group takes part in; alone: without interplay.
    """

    group: str
    columns: int
    total: Estimate
    alone: Estimate


class Noise(TypedDict):
    """What each dimension of a generator's noise does to pictures.

    strips: one held-out image, a row a dimension, which is set to each of `levels`. moved: mean absolute change of a
    pixel, in [0, 1], from the first level to the last.
    """

    levels: list[float]
    moved: list[Estimate]
    strips: ArrayFile


class Convergence(TypedDict):
    """Whether a curve of training had levelled off. moved: share of its whole way that it went in the last quarter."""

    curve: str
    start: float | None
    end: float | None
    moved: float | None
    levelled_off: bool | None


class Gan(TypedDict):
    """Explanations of an interpretable GAN; `contributions` is null where the model has `discriminator` instead."""

    contributions: Part[MeanContributions]
    samples_follow: list[SamplesFollow]
    edits: NotRequired[list[ConditionalEdit]]
    samples: Part[ArrayFile]
    asked: NotRequired[list[AskedAndRead]]
    variance_shares: NotRequired[list[VarianceShare]]
    noise: NotRequired[Noise | None]
    convergence: NotRequired[list[Convergence]]
    collapse_reason: NotRequired[str | None]


class Term(TypedDict):
    """A term of the discriminator's logit and its mean absolute value over held-out real images; its mean is 0."""

    name: str
    importance: Estimate


class AttributeFunction(TypedDict):
    """What an attribute adds to the logit at places `at`; `few` marks those with too few real or generated images."""

    attribute: str
    kind: Literal["number", "classes", "angle"]
    at: list[float]
    labels: list[str]
    value: Numbers
    real: list[int]
    generated: list[int]
    few: list[bool]


class PairFunction(TypedDict):
    """What two attributes add together beyond their own functions: value[i][j] at places i and j.

    taken: nats a decision that the pair took from the loss on held-out images when it was chosen.
    """

    first: str
    second: str
    taken: float | None
    standard_error: float | None
    first_at: list[float]
    second_at: list[float]
    first_labels: list[str]
    second_labels: list[str]
    value: list[Numbers]


class Decision(TypedDict):
    """One held-out real image: base + terms = logit. `row` of the data; `picked`: the rule that selects it."""

    row: int
    picked: str
    logit: float | None
    terms: Numbers


class CaptumAgreement(TypedDict):
    """Largest differences between integrated gradients over the code and the exact terms."""

    term_difference: float | None
    completeness_gap: float | None
    steps: int


class Discriminator(TypedDict):
    """What the additive discriminator of the last step decides by; terms have mean 0 over `images` held-out real ones.

    base: mean logit of these. pairs_tried, pairs_tried_on: candidates, and held-out images that they were tried on.
    """

    step: int
    images: int
    base: float | None
    fewest_images: int
    terms: list[Term]
    functions: list[AttributeFunction]
    pairs: list[PairFunction]
    pairs_tried: int
    pairs_tried_on: int
    examples: list[Decision]
    images_of_examples: ArrayFile
    largest_sum_error: float | None
    adds_up: bool
    captum: CaptumAgreement


class NamedDimension(TypedDict):
    """How well a dimension that was trained for an attribute predicts it."""

    attribute: str
    statistic: str
    estimate: Estimate
    chance: float


class MixtureComponent(TypedDict):
    """One component of the prior, and the most frequent class of each attribute in it."""

    index: int
    weight: float
    share: float
    classes: dict[str, str]
    class_shares: dict[str, float]


class Purity(TypedDict):
    """How far components are classes of one attribute."""

    attribute: str
    estimate: Estimate
    chance: float


class Mixture(TypedDict):
    """The components of a mixture prior that images fall into."""

    components: list[MixtureComponent]
    used: int
    of: int
    purity: list[Purity]
    samples: ArrayFile


class DecoderAttention(TypedDict):
    """The same of the decoder's attention; images: the pictures that it drew."""

    strength: float
    reach: Estimate
    uniform_reach: float
    images: ArrayFile
    maps: ArrayFile


class Attention(TypedDict):
    """How far the encoder's attention reaches over an image, beside uniform attention."""

    strength: float
    reach: Estimate
    uniform_reach: float
    images: ArrayFile
    maps: ArrayFile
    # From 1.1 on, of models whose decoder has attention too.
    decoder: NotRequired[DecoderAttention]


class Uncertainty(TypedDict):
    """Variance of reconstructions that comes from weights (epistemic) and from codes (aleatoric)."""

    weights: Estimate
    latents: Estimate
    weights_share: Estimate
    images: ArrayFile
    weight_maps: ArrayFile
    latent_maps: ArrayFile


class Information(TypedDict):
    """KL of each dimension as the capacity of the code grows in training."""

    capacity_nats: list[float]
    kl_nats: list[list[float]]


class LabelShare(TypedDict):
    """Scores with one share of the labels."""

    share: float
    labelled_images: int
    model: Estimate
    baseline: Estimate
    cnn: NotRequired[Estimate]


class LabelEfficiency(TypedDict):
    """How well a model and a classifier alone do with few labels."""

    attribute: str
    chance: float
    shares: list[LabelShare]


class ModelSpecific(TypedDict):
    """What this kind of model has to show; the keys of others are absent."""

    named: NotRequired[list[NamedDimension]]
    mixture: NotRequired[Mixture]
    attention: NotRequired[Attention]
    uncertainty: NotRequired[Uncertainty]
    information: NotRequired[Information]
    label_efficiency: NotRequired[LabelEfficiency | None]
