"""How much each explanation computes, as stages are told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExplanationSizes:
    """How much each explanation computes; the settings of the same names say what they are."""

    projection_images: int
    projection_seeds: int
    projection_components: tuple[int, ...]
    traversal_steps: int
    attribution_images: int
    attribution_dimensions: int
    attribution_steps: int
    superpixel_samples: int
    move_images: int
    use_images: int
    regret_steps: int
