"""What only some kinds of model have to show: GANs, mixtures, attention, uncertainty, capacity, few labels."""

from typing import NotRequired

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


class Gan(TypedDict):
    """Explanations of an interpretable GAN."""

    contributions: Part[MeanContributions]
    samples_follow: list[SamplesFollow]
    edits: NotRequired[list[ConditionalEdit]]
    samples: Part[ArrayFile]


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


class Attention(TypedDict):
    """How far attention reaches over an image, beside uniform attention."""

    strength: float
    reach: Estimate
    uniform_reach: float
    images: ArrayFile
    maps: ArrayFile


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
