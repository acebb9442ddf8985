"""Settings of the InterpretableGAN; the defaults are the recipe that was measured on 32x32 sprites."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer, model_validator

from latent_audit.vae_models.components.choices import (
    ReconstructionKind,
    ResidualSize,
    refuse_size,
    refuse_variance,
)
from latent_audit.vae_models.interpretable_gan.choices import AdversarialLoss, Augmentation, GeneratorKind
from latent_audit.vae_models.training.durations import Duration, in_steps
from latent_audit.vae_models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.interpretable_gan.model import InterpretableGan


class InterpretableGanSettings(BaseModel):
    """A GAN whose generator takes, and whose discriminator sees only, a semantic code of the image."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # A training step's time, in those of a plain VAE on the same images; only the order of work depends on it.
    step_cost: ClassVar[float] = 3.5

    kind: Literal["interpretable_gan"] = "interpretable_gan"
    named: tuple[str, ...] | None = Field(
        None, description="attributes that get dimensions with their names; null names all of the data's"
    )
    free_dimensions: int = Field(
        0,
        ge=0,
        description="dimensions of the code without a name, for what varies in images beside the named attributes; "
        "the encoder is paid for reading in samples what was asked of them",
    )
    noise_dimensions: int = Field(8, ge=0, description="dimensions of generator noise outside the code")
    hidden: int = Field(256, ge=1, description="units of the fully connected layers of encoder and generator")
    pairwise_terms: int = Field(
        6,
        ge=0,
        description="most terms of the discriminator that read two attributes; the rest read one dimension",
    )
    pairs_chosen_at: Duration = Field(
        0.8,
        description="step at which these pairs are chosen, by what they take from the loss on held-out images; below "
        "1: a share of training.steps",
    )
    labelled_share: float = Field(
        1.0, gt=0, le=1, description="share of training images whose attributes the encoder may learn from"
    )
    reconstruction: ReconstructionKind = Field(
        "bernoulli",
        description="pixel distribution of rebuilt images: bernoulli for near-binary ones, gaussian or laplace",
    )
    pixel_variance: float | None = Field(
        None, gt=0, description="variance of gaussian or laplace pixels on the [0, 1] scale"
    )
    encoder_learning_rate: float = Field(
        4e-4, gt=0, description="Adam's step size, encoder and discriminator"
    )
    generator_learning_rate: float = Field(3e-3, gt=0, description="Adam's step size, generator")
    # A step of the encoder alone is three times as cheap.
    warm_up_steps: Duration = Field(
        0.5833,
        description="first steps, in which only the encoder learns, from labelled images; below 1: a share of "
        "training.steps",
    )
    warm_up_learning_rate: float = Field(2e-3, gt=0, description="Adam's step size in these steps")
    encoder_width: int = Field(64, ge=2, description="channels of the encoder's 3x3 convolutions")
    generator_network: GeneratorKind = Field(
        "burgess",
        description="convolutions of the generator: burgess (32 channels), locatello (32 to 64) or residual",
    )
    residual: ResidualSize | None = Field(
        None, description="width, depth and normalisation of a residual generator; null: its defaults"
    )
    augmentation: tuple[Augmentation, ...] = Field(
        (),
        description="changes of data and samples, drawn anew each time, before the discriminator judges them, for "
        "small data: color, translation, cutout",
    )
    adversarial_loss: AdversarialLoss = Field(
        "logistic", description="loss of both players: logistic (non-saturating) or hinge"
    )
    feature_matching_weight: float = Field(
        0.0,
        ge=0,
        description="weight of the squared distance between mean features of data and samples, for the generator",
    )
    supervised_weight: float = Field(
        1.0, ge=0, description="weight of the encoder's nats on the attributes of labelled images"
    )
    # At 3, small squares were drawn too large, to be told from ellipses (R2 of scale in samples 0.72 against 0.86).
    class_weight: float = Field(1.0, gt=0, description="further weight of categorical attributes")
    follow_weight: float = Field(
        3.0,
        ge=0,
        description="weight of the generator's nats for images that the encoder reads otherwise than asked",
    )
    recovery_weight: float = Field(
        1.0, ge=0, description="weight of the nats of recovering free dimensions from samples"
    )
    reconstruction_weight: float = Field(
        0.3,
        ge=0,
        description="weight of the reconstruction nats of real images through encoder and generator",
    )
    adversarial_weight: float = Field(1.0, gt=0, description="weight of the adversarial loss of both players")
    gradient_penalty: float = Field(
        1.0, ge=0, description="weight of R1: squared gradient of the logit on data"
    )
    gradient_penalty_every: int = Field(
        16, ge=1, description="steps between two R1 terms, weighted up by as much"
    )
    # Half of both takes a ninth off a step of both players, and neither shapes nor images are read or rebuilt worse.
    penalised_share: float = Field(
        0.5, gt=0, le=1, description="share of a batch's images that an R1 term is the mean of"
    )
    learnt_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of a step's samples that encoder and discriminator learn from; the generator has all",
    )
    average_decay: float = Field(
        0.98,
        ge=0,
        lt=1,
        description="decay a step of the averaged generator, the one that draws and decodes",
    )
    training: TrainingSettings = Field(
        TrainingSettings(steps=1200, evaluate_every=0.2, learning_rate_decay=0.2),
        description="how long to train, and on what",
    )

    @property
    def warm_up(self) -> int:
        """Returns the first steps, in which only the encoder learns; a share leaves the generator one at least."""
        steps = in_steps(self.warm_up_steps, self.training.steps)
        return min(steps, self.training.steps - 1) if self.warm_up_steps < 1 else steps

    @property
    def choice_step(self) -> int:
        """Returns the step before which pairs are chosen: when both players have learnt, and before the last."""
        steps = in_steps(self.pairs_chosen_at, self.training.steps)
        return max(self.warm_up + 1, min(steps, self.training.steps - 1))

    @field_serializer("warm_up_steps", when_used="json")
    def _warm_up_in_steps(self, value: float) -> int:
        """Records and keys hold what is done, however it was asked for."""
        return self.warm_up

    @field_serializer("pairs_chosen_at", when_used="json")
    def _choice_in_steps(self, value: float) -> int:
        """Records and keys hold what is done, however it was asked for."""
        return self.choice_step

    @model_validator(mode="after")
    def _parts_fit_together(self) -> "InterpretableGanSettings":
        refuse_variance(self.reconstruction, self.pixel_variance)
        refuse_size(self.generator_network, self.residual)
        if self.warm_up >= self.training.steps:
            raise ValueError(
                f"warm_up_steps ({self.warm_up}) leaves no steps for the generator before the last one "
                f"({self.training.steps}): lower it, or train longer"
            )
        patience, between = self.training.patience, self.training.evaluation_interval
        if patience is not None and patience * between <= self.warm_up:
            raise ValueError(
                f"patience ({patience} evaluations, one every {between} steps) could run out in the warm-up of "
                f"{self.warm_up} steps, before the generator has learnt anything: give more patience, or warm up "
                "for fewer steps"
            )
        return self

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> "InterpretableGan":
        """Returns the untrained model, with dimensions named after the targets chosen."""
        from latent_audit.vae_models.interpretable_gan.model import InterpretableGan

        return InterpretableGan(self, image_shape, targets)
