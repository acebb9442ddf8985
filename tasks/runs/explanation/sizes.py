"""Sizes and limits of the explanation of one image, each defined here and nowhere else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Sizes of an explanation.

    held_out_images: among which the image is unusual or not. unusual_percentile: beyond it, what is said is not to be
    relied on. training_images: at most so many are searched for the nearest; shown_neighbours are shown. absent_codes:
    held-out codes from which absent players take their values. standard_error_share, permutations: until when
    permutations are added. shapley_pictures: how many pictures the fewest permutations may cost; where players are so
    many that it would be more, fewer absent codes are used, and the explanation says how many. plausible_quantile: of
    the distances of held-out codes, within which moves stay. draws, holds_in, disturbance: in how many draws of noise,
    or of pixel noise of this standard deviation, an answer must hold. beyond: a move is tested so much further than its
    end, where the answer turns. discriminator_images: over which the terms of a discriminator are centred.
    reference_images: whose mean is the baseline of pixel maps. gradient_steps: of integrated gradients.
    superpixel_samples: coalitions of LIME and KernelShap.
    """

    held_out_images: int = 1000
    unusual_percentile: float = 99.0
    training_images: int = 20_000
    shown_neighbours: int = 6
    absent_codes: int = 100
    standard_error_share: float = 0.02
    permutations: int = 200
    shapley_pictures: int = 40_000
    plausible_quantile: float = 0.98
    draws: int = 10
    holds_in: int = 9
    disturbance: float = 0.02
    beyond: float = 0.1
    discriminator_images: int = 200
    reference_images: int = 100
    gradient_steps: int = 16
    superpixel_samples: int = 200
