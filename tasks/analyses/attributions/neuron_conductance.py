"""Neuron conductance: attribution of the discriminator's decision to pixels through each semantic dimension.

Dhamdhere et al. 2018, "How important is a neuron?", eq. 3. For a logit that is a sum of functions of one
dimension each, the conductance of a dimension adds up over pixels to the change of its own term.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.attribution_maps import Function
from latent_audit.tasks.analyses.attributions.attribution_methods import Method

Code = Callable[[nn.Module, Tensor], Tensor]


def neuron_conductance(
    code: Function,
    logit: Function,
    images: Tensor,
    baseline: Tensor,
    columns: Sequence[int],
    steps: int = 16,
) -> Tensor:
    """Returns conductance (n, len(columns), c, h, w) in units of the logit, as Captum's NeuronConductance.

    code: images (n, c, h, w) -> (n, s); logit: code -> (n,). Gauss-Legendre rule with `steps` nodes from the
    baseline (c, h, w); one forward pass a node serves all dimensions.
    """
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    difference = images - baseline
    total = images.new_zeros((len(images), len(columns), *images.shape[1:]))
    for node, weight in zip(nodes, weights, strict=True):
        point = (baseline + 0.5 * (1.0 + node) * difference).detach().requires_grad_(True)
        with torch.enable_grad():
            presented = code(point)
            leaf = presented.detach().requires_grad_(True)
            slopes = torch.autograd.grad(logit(leaf).sum(), leaf)[0]  # (n, s)
            for place, column in enumerate(columns):
                through = (slopes[:, column] * presented[:, column]).sum()
                total[:, place] += 0.5 * weight * torch.autograd.grad(through, point, retain_graph=True)[0]
    return total * difference.unsqueeze(1)


def conductance_method(
    code: Code, logit: Code, columns: Sequence[int], baseline: Tensor, steps: int
) -> Method:
    """Returns NeuronConductance as a method; code: (module, images) -> (n, s), logit: (module, codes) -> (n,)."""

    def conductance(module: nn.Module, images: Tensor) -> Tensor:
        return neuron_conductance(
            partial(code, module), partial(logit, module), images, baseline, columns, steps
        )

    return Method("NeuronConductance", "share_of_change", conductance, baseline.unsqueeze(0))
