"""Sizes of the explanations, as passed to stages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExplanationSizes:
    """Numbers of images, steps and samples of each explanation, described by the settings of the same names."""

    projection_images: int
    projection_seeds: int
    projection_components: tuple[int, ...]
    traversal_steps: int
    attribution_images: int
    attribution_dimensions: int
    attribution_steps: int
    superpixel_samples: int
    manipulation_images: int
    anomaly_images: int
    regret_steps: int
    bound_images: int
