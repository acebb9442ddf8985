"""An additive discriminator: its logit is a bias plus terms of one or two dimensions
of a semantic code (a generalised additive model with interactions, after Lou et al. 2013), so every decision
is a list of contributions that add up to it.
"""

from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor, nn

from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout

_UNITS = 4  # tanh units of one dimension's function: enough for a bump or a threshold, too few to memorise


class Contributions(NamedTuple):
    """values: (n, terms), one column a name; bias: scalar; logit: (n,) = bias + values.sum(1), above 0 for real."""

    names: tuple[str, ...]
    values: Tensor
    bias: Tensor
    logit: Tensor


class AdditiveDiscriminator(nn.Module):
    """logit = bias + sum of one-dimensional functions + a stated number of pairwise terms."""

    def __init__(self, layout: SemanticLayout, pairwise_terms: int) -> None:
        """pairwise_terms: how many pairs of dimensions, of different attributes, in order of the code."""
        super().__init__()
        groups = layout.groups
        pairs = [(i, j) for i, j in combinations(range(layout.size), 2) if groups[i] != groups[j]]
        self.pairs = pairs[:pairwise_terms]
        self.names = layout.names + tuple(f"{layout.names[i]} × {layout.names[j]}" for i, j in self.pairs)
        size, pair_count = layout.size, len(self.pairs)
        self.bias = nn.Parameter(torch.zeros(()))
        self.slope = nn.Parameter(torch.zeros(size))
        self.unit_slope = nn.Parameter(torch.randn(size, _UNITS))
        self.unit_shift = nn.Parameter(torch.randn(size, _UNITS))
        # Undecided at first. One that took samples for data at first taught the encoder, whose code it reads, to read
        # worse: of four seeds one never came back (shapes 0.50 of held-out sprites, not 0.95).
        self.unit_weight = nn.Parameter(torch.zeros(size, _UNITS))
        self.pair_slope = nn.Parameter(torch.randn(2, pair_count))
        self.pair_shift = nn.Parameter(torch.randn(2, pair_count))
        self.pair_weight = nn.Parameter(torch.zeros(pair_count))
        self.register_buffer("pair_index", torch.tensor(self.pairs, dtype=torch.long).reshape(-1, 2))

    def terms(self, presented: Tensor) -> Tensor:
        """Returns (n, terms) contributions of a presented code (n, size), named by `names`."""
        units = torch.tanh(presented[:, :, None] * self.unit_slope + self.unit_shift)
        single = presented * self.slope + (units * self.unit_weight).sum(2)
        if not self.pairs:
            return single
        index = self.get_buffer("pair_index")
        first = torch.tanh(presented[:, index[:, 0]] * self.pair_slope[0] + self.pair_shift[0])
        second = torch.tanh(presented[:, index[:, 1]] * self.pair_slope[1] + self.pair_shift[1])
        return torch.cat([single, self.pair_weight * first * second], 1)

    def forward(self, presented: Tensor) -> Tensor:
        """Returns (n,) logits, above 0 for "real", of presented codes (n, size)."""
        return self.bias + self.terms(presented).sum(1)

    def contributions(self, presented: Tensor) -> Contributions:
        """Returns every term of each decision; they and the bias add up to the logit by construction."""
        values = self.terms(presented)
        return Contributions(self.names, values, self.bias, self.bias + values.sum(1))
