"""Sizes of the explanations: three depths, each a set of sizes that can also be set one by one."""

from dataclasses import fields
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator

from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.settings.explanation_sizes import ExplanationSizes
from latent_audit.tasks.settings.on_request.applications import (
    AugmentedCnnSettings,
    LeaveOutSettings,
    MixtureSettings,
)
from latent_audit.tasks.settings.on_request.bayesian_classifier import WeightPosteriorSettings
from latent_audit.tasks.settings.on_request.variations import VariationSettings

SIZES_BY_DEPTH = {
    "quick": ExplanationSizes(
        projection_images=500,
        projection_seeds=2,
        projection_components=(2,),
        traversal_steps=7,
        attribution_images=8,
        attribution_dimensions=3,
        attribution_steps=16,
        superpixel_samples=48,
        manipulation_images=48,
        anomaly_images=64,
        regret_steps=10,
        bound_images=0,
    ),
    "standard": ExplanationSizes(
        projection_images=1000,
        projection_seeds=2,
        projection_components=(2,),
        traversal_steps=9,
        attribution_images=16,
        attribution_dimensions=6,
        attribution_steps=32,
        superpixel_samples=96,
        manipulation_images=128,
        anomaly_images=200,
        regret_steps=30,
        bound_images=0,
    ),
    "deep": ExplanationSizes(
        projection_images=2000,
        projection_seeds=3,
        projection_components=(2, 3),
        traversal_steps=13,
        attribution_images=64,
        attribution_dimensions=10,
        attribution_steps=64,
        superpixel_samples=512,
        manipulation_images=512,
        anomaly_images=1000,
        regret_steps=100,
        bound_images=32,
    ),
}


class ExplanationSettings(BaseModel):
    """Amount of explanations for the first seed of each model."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    depth: Literal["quick", "standard", "deep"] = Field(
        "standard",
        description="quick for a first look, standard, or deep for a final report; what is null below follows",
    )
    projection_images: int | None = Field(
        None, ge=100, description="images in latent maps, a stratified sample; null: by depth"
    )
    projection_seeds: int | None = Field(
        None, ge=2, le=10, description="seeds of t-SNE and UMAP; null: by depth"
    )
    projection_components: tuple[Literal[2, 3], ...] | None = Field(
        None, min_length=1, description="axes of latent maps, as [2] or [2, 3]; null: by depth"
    )
    traversal_steps: int | None = Field(
        None, ge=3, le=25, description="pictures a dimension in traversals; null: by depth"
    )
    traversal_shifts: tuple[float, ...] = Field(
        (),
        description="numbers added to each dimension of one image's code, shown beside the quantiles, such as "
        "[-1, 0, 1]; empty for none",
    )
    attribution_images: int | None = Field(
        None, ge=2, description="images that pixel attributions are computed for; null: by depth"
    )
    attribution_dimensions: int | None = Field(
        None, ge=1, description="dimensions attributed, those with most KL first; null: by depth"
    )
    attribution_steps: int | None = Field(
        None, ge=8, description="steps of Integrated Gradients; null: by depth"
    )
    superpixel_samples: int | None = Field(
        None, ge=24, description="coalitions of superpixels behind Lime and KernelShap; null: by depth"
    )
    manipulation_images: int | None = Field(
        None, ge=16, description="held-out images that are edited, perturbed and interpolated; null: by depth"
    )
    anomaly_images: int | None = Field(
        None, ge=20, description="images of either kind in anomaly detection; null: by depth"
    )
    application_images: int = Field(
        1500, ge=50, description="most images in compression and augmentation, to fit and to score on"
    )
    response_images: int = Field(
        256,
        ge=32,
        description="most held-out images behind latent responses, half of them set to values of the others",
    )
    distance_images: int = Field(
        500, ge=50, description="most held-out images in the Frechet distance of samples"
    )
    free_dimension_samples: int = Field(
        1000,
        ge=50,
        description="samples in which dimensions without a name are read, to see whether they live",
    )
    memorisation_images: int = Field(
        10_000, ge=50, description="most training images that samples are held against"
    )
    memorisation_held_out_images: int = Field(
        200, ge=50, description="most held-out images that show how near a new image comes to those"
    )
    reference_images: int = Field(
        200, ge=2, description="most training images behind the baselines of pixel attributions"
    )
    variance_draws: int = Field(
        1000,
        ge=50,
        description="pairs of draws behind the shares of the pictures' variance that an InterpretableGAN's named "
        "dimensions, free ones and noise have",
    )
    discriminator_images: int = Field(
        500,
        ge=32,
        description="most held-out images whose decisions an InterpretableGAN's discriminator explains",
    )
    start_images: int = Field(
        12, ge=1, description="most held-out images that a reader of the report can start from under Try it"
    )
    compared_codes: int = Field(
        64, ge=2, description="most codes on which the decoder in 12 bits is compared with the model"
    )
    attention_images: int = Field(
        1000, ge=8, description="most held-out images that the reach of attention is averaged over"
    )
    uncertainty_images: int = Field(
        100, ge=8, description="most held-out images that the uncertainty of weights is averaged over"
    )
    label_images: int = Field(
        5000, ge=100, description="most labelled images that the baseline of label efficiency is fitted on"
    )
    regret_steps: int | None = Field(
        None, ge=1, description="steps that each image's posterior is optimised for; null: by depth"
    )
    bound_images: int | None = Field(
        None,
        ge=0,
        description="held-out images whose evidence lower bound is held against log p(x); 0 for none; null: by depth",
    )
    bound_draws: tuple[PositiveInt, ...] = Field(
        (500, 5000), min_length=1, description="draws of each image's posterior in importance-weighted bounds"
    )
    variations: VariationSettings = Field(
        VariationSettings(), description="variations of images that are drawn on request"
    )
    drop_unused: bool = Field(
        False,
        description="whether the evidence is gathered once more, of codes (first seed) without the dimensions that are "
        "not used, to see whether the verdicts are the same",
    )
    learning_checkpoints: int = Field(
        0,
        ge=0,
        le=8,
        description="checkpoints at which classifier and models (first seed) are looked at while they learn, 3 to 8; "
        "each is trained once more; 0 for none",
    )
    bayesian_classifier: WeightPosteriorSettings = Field(
        WeightPosteriorSettings(),
        description="the attribute classifier trained once more, with a distribution over its weights",
    )
    augmented_cnn: AugmentedCnnSettings = Field(
        AugmentedCnnSettings(),
        description="a CNN trained on few labelled images, with and without images that a model (first seed) generated",
    )
    mixture: MixtureSettings = Field(
        MixtureSettings(),
        description="a mixture with each model's distribution of pixels, whose likelihood its bound is held against",
    )
    leave_out: LeaveOutSettings = Field(
        LeaveOutSettings(),
        description="a class that each model (first seed) is trained without, once more, to see whether its images are "
        "found",
    )
    outside: DataSettings | None = Field(
        None,
        description="data set of another kind for anomaly detection, as {kind: mnist}; null: the same images with "
        "their quarters exchanged",
    )

    @field_validator("learning_checkpoints")
    @classmethod
    def _more_than_both_ends(cls, checkpoints: int) -> int:
        if checkpoints in (1, 2):
            raise ValueError(f"give 0, or 3 to 8: the untrained and the last are two, got {checkpoints}")
        return checkpoints

    def sizes(self) -> ExplanationSizes:
        """Returns all sizes: the given ones, and those of the depth for the rest."""
        preset = SIZES_BY_DEPTH[self.depth]
        given = {field.name: getattr(self, field.name) for field in fields(ExplanationSizes)}
        return ExplanationSizes(
            **{name: getattr(preset, name) if value is None else value for name, value in given.items()}
        )
