"""Input times gradient (Shrikumar et al. 2016)."""

from collections.abc import Sequence

from torch import Tensor

from latent_audit.tasks.analyses.attributions.attribution_maps import Function, shared_gradients


def input_times_gradient(function: Function, images: Tensor, columns: Sequence[int]) -> Tensor:
    """Returns maps (n, len(columns), c, h, w), in units of the outputs."""
    return shared_gradients(function, images, columns) * images.unsqueeze(1)
