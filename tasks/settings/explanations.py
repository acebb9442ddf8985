"""Sizes of the explanations: three depths, each a set of sizes that can also be set one by one."""

from dataclasses import fields
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.settings.explanation_sizes import ExplanationSizes

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
        64, ge=2, description="most codes on which the decoder in half precision is compared with the model"
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
    outside: DataSettings | None = Field(
        None,
        description="data set of another kind for anomaly detection, as {kind: mnist}; null: the same images with "
        "their quarters exchanged",
    )

    def sizes(self) -> ExplanationSizes:
        """Returns all sizes: the given ones, and those of the depth for the rest."""
        preset = SIZES_BY_DEPTH[self.depth]
        given = {field.name: getattr(self, field.name) for field in fields(ExplanationSizes)}
        return ExplanationSizes(
            **{name: getattr(preset, name) if value is None else value for name, value in given.items()}
        )
