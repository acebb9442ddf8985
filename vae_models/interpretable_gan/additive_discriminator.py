"""An additive discriminator: its logit is a bias plus terms of one dimension of a semantic code, or of a pair of
attributes (a generalised additive model with interactions, after Lou et al. 2013), so every decision is a list of
contributions that add up to it.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from latent_audit.vae_models.interpretable_gan.pair_choice import Choice
from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout

_UNITS = 4  # tanh units of one dimension's function: enough for a bump or a threshold, too few to memorise
NO_PAIR = -1


class Contributions(NamedTuple):
    """values: (n, terms), one column a name; bias: scalar; logit: (n,) = bias + values.sum(1), above 0 for real."""

    names: tuple[str, ...]
    values: Tensor
    bias: Tensor
    logit: Tensor


class AdditiveDiscriminator(nn.Module):
    """logit = bias + a function of each dimension + functions of a few pairs of attributes, chosen in training."""

    def __init__(self, layout: SemanticLayout, pairwise_terms: int) -> None:
        """pairwise_terms: the most pairs of attributes, which `take_pairs` names; until then there is none."""
        super().__init__()
        size, attributes = layout.size, layout.attribute_names
        self.layout = layout
        self.bias = nn.Parameter(torch.zeros(()))
        self.slope = nn.Parameter(torch.zeros(size))
        self.unit_slope = nn.Parameter(torch.randn(size, _UNITS))
        self.unit_shift = nn.Parameter(torch.randn(size, _UNITS))
        # Undecided at first. One that took samples for data at first taught the encoder, whose code it reads, to read
        # worse: of four seeds one never came back (shapes 0.50 of held-out sprites, not 0.95).
        self.unit_weight = nn.Parameter(torch.zeros(size, _UNITS))
        self.pair_slope = nn.Parameter(torch.randn(2, pairwise_terms, _UNITS, size))
        self.pair_shift = nn.Parameter(torch.randn(2, pairwise_terms, _UNITS))
        self.pair_weight = nn.Parameter(torch.zeros(pairwise_terms, _UNITS))
        groups = torch.tensor(layout.groups)
        self.register_buffer("members", groups[None] == torch.arange(len(attributes))[:, None])
        self.register_buffer("chosen", torch.full((pairwise_terms, 2), NO_PAIR))
        # What each of them takes from the loss on held-out images, in nats, and its standard error.
        self.register_buffer("taken", torch.zeros(pairwise_terms, 2))
        # Pairs that were tried, and held-out images, beside as many samples, on which they were.
        self.register_buffer("tried", torch.zeros(2, dtype=torch.long))

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Returns the chosen pairs of attributes, as places in `layout.attribute_names`."""
        chosen: list[list[int]] = self.get_buffer("chosen").tolist()
        return tuple((a, b) for a, b in chosen if a != NO_PAIR)

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the name of each term: of dimensions, then of pairs."""
        attributes = self.layout.attribute_names
        return self.layout.names + tuple(f"{attributes[a]} × {attributes[b]}" for a, b in self.pairs)

    def take_pairs(self, choice: Choice) -> None:
        """Gives the pairs of a choice terms of their own, which are 0 at first; a second choice replaces the first."""
        found = choice.pairs
        assert len(found) <= len(self.pair_weight)
        with torch.no_grad():
            self.pair_weight.zero_()
        chosen, taken = self.get_buffer("chosen"), self.get_buffer("taken")
        chosen.fill_(NO_PAIR)
        taken.zero_()
        for place, pair in enumerate(found):
            chosen[place] = torch.tensor([pair.first, pair.second])
            taken[place] = torch.tensor([pair.nats, pair.standard_error])
        self.get_buffer("tried").copy_(torch.tensor([choice.candidates, choice.images]))

    def terms(self, presented: Tensor) -> Tensor:
        """Returns (n, terms) contributions of a presented code (n, size), named by `names`."""
        units = torch.tanh(presented[:, :, None] * self.unit_slope + self.unit_shift)
        single = presented * self.slope + (units * self.unit_weight).sum(2)
        count = len(self.pairs)
        members, chosen = self.get_buffer("members"), self.get_buffer("chosen")
        sides = []
        for side in (0, 1):
            slope = self.pair_slope[side, :count] * members[chosen[:count, side]][:, None]
            sides.append(
                torch.tanh(torch.einsum("ns,pus->npu", presented, slope) + self.pair_shift[side, :count])
            )
        return torch.cat([single, (sides[0] * sides[1] * self.pair_weight[:count]).sum(2)], 1)

    def forward(self, presented: Tensor) -> Tensor:
        """Returns (n,) logits, above 0 for "real", of presented codes (n, size)."""
        return self.bias + self.terms(presented).sum(1)

    def contributions(self, presented: Tensor) -> Contributions:
        """Returns every term of each decision; they and the bias add up to the logit by construction."""
        values = self.terms(presented)
        return Contributions(self.names, values, self.bias, self.bias + values.sum(1))
