"""Interchange interventions: one part of a code is taken over from another image's (Geiger et al. 2021, NeurIPS 34)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.places.scaled_codes import Scaling

Floats = NDArray[np.float64]
Latents = NDArray[np.float32]


@dataclass(frozen=True)
class DimensionSwap:
    """Takes over the values of some dimensions."""

    dimensions: tuple[int, ...]

    def apply(self, base: Latents, donor: Latents) -> Latents:
        """Returns the codes (n, d) of the bases with the part of the donors."""
        swapped = base.copy()
        swapped[:, list(self.dimensions)] = donor[:, list(self.dimensions)]
        return swapped


@dataclass(frozen=True)
class DirectionSwap:
    """Takes over what filters (live, r) read, by moving along their pattern (live, r)."""

    scaling: Scaling
    filters: Floats
    pattern: Floats

    def apply(self, base: Latents, donor: Latents) -> Latents:
        """Returns the codes (n, d) of the bases with the part of the donors."""
        live = self.scaling.live
        spread = self.scaling.spread[live]
        change = (donor[:, live].astype(np.float64) - base[:, live]) / spread
        swapped = base.copy()
        swapped[:, live] += ((change @ self.filters) @ self.pattern.T * spread).astype(np.float32)
        return swapped


Swap = DimensionSwap | DirectionSwap


class TakesOver(Protocol):
    """Takes over a part of codes."""

    def apply(self, base: Latents, donor: Latents) -> Latents:
        """Returns the codes (n, d) of the bases with the part of the donors."""
        ...
