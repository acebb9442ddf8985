"""How much is drawn to find places; apart from what draws it, which takes long to import."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """How much is drawn: most images to fit on, most pairs, permutations, bootstrap draws, trees of the boosting probe.

    gap_resamples: draws behind the interval of a gap; member_resamples: behind those of members.
    """

    fit_images: int
    pairs: int
    permutations: int
    bootstraps: int
    boosting_iterations: int
    boosting_images: int
    gap_resamples: int = 100
    member_resamples: int = 200
