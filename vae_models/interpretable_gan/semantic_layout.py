"""Codes whose first dimensions are named after attributes of the data.

Layout of a code: the dimensions of each named attribute in order (categorical: one centred logit a class;
binary: a logit; ordinal and continuous: the standardised value; cyclic: cos and sin), then the free ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latent_audit.vae_models.attribute_classifier.targets import Target, split_outputs, total_size
from latent_audit.vae_models.errors import BadSettings

# Logit of a class that is asked for: with 3 classes, softmax gives it 0.995. Finite, as S's own codes are.
CERTAIN_LOGIT = 6.0


@dataclass(frozen=True)
class SemanticLayout:
    """The meaning of each dimension of a code."""

    targets: tuple[Target, ...]
    free_dimensions: int

    @property
    def named_size(self) -> int:
        """Returns the number of named dimensions; the free ones come after them."""
        return total_size(self.targets)

    @property
    def size(self) -> int:
        """Returns the number of dimensions of a code."""
        return self.named_size + self.free_dimensions

    @property
    def names(self) -> tuple[str, ...]:
        """Returns one name per dimension: "shape=heart", "posX", "free0"."""
        named = tuple(name for target in self.targets for name in target.columns)
        return named + tuple(f"free{i}" for i in range(self.free_dimensions))

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """Returns one name per number in `groups`: "shape", "posX", "free0"."""
        named = tuple(target.name for target in self.targets)
        return named + tuple(f"free{i}" for i in range(self.free_dimensions))

    @property
    def attribute_kinds(self) -> tuple[str, ...]:
        """Returns the kind of each of `attribute_names`; free dimensions are continuous."""
        return tuple(target.kind for target in self.targets) + ("continuous",) * self.free_dimensions

    @property
    def groups(self) -> tuple[int, ...]:
        """Returns one number per dimension; the dimensions of one attribute share it."""
        groups = [index for index, target in enumerate(self.targets) for _ in range(target.size)]
        return tuple(groups + [len(self.targets) + i for i in range(self.free_dimensions)])

    def named_code(self, encoded: Tensor) -> Tensor:
        """Returns the named part (n, named_size) of the code conditioned on encoded values (n, k)."""
        parts = []
        for index, target in enumerate(self.targets):
            value = encoded[:, index]
            if target.kind == "categorical":
                one_hot = nn.functional.one_hot(value.long(), target.size).to(value.dtype)
                parts.append(CERTAIN_LOGIT * (one_hot - 1 / target.size))
            elif target.kind == "binary":
                parts.append(CERTAIN_LOGIT * (value[:, None] - 0.5))
            elif target.kind == "cyclic":
                parts.append(torch.stack([value.cos(), value.sin()], 1))
            else:
                parts.append(value[:, None])
        return torch.cat(parts, 1) if parts else encoded.new_zeros(len(encoded), 0)

    def conditioned_on(self, code: Tensor, name: str, yes: bool) -> Tensor:
        """Returns codes (n, size) with a binary attribute set or not set, all else as in `code`."""
        start = 0
        for target in self.targets:
            if target.name == name and target.kind == "binary":
                edited = code.clone()
                edited[:, start] = CERTAIN_LOGIT * (float(yes) - 0.5)
                return edited
            start += target.size
        raise BadSettings(f"no binary attribute of this code is called {name!r}")

    def presented(self, code: Tensor) -> Tensor:
        """Returns the code (n, size) as generator and discriminator see it: softmax over each categorical
        group times 2 minus 1, tanh of half of each binary logit, all else as it is.

        Bounded, so that one large logit cannot dominate the others.
        """
        named, free = torch.split(code, [self.named_size, self.free_dimensions], dim=1)
        parts = []
        for target, part in zip(self.targets, split_outputs(self.targets, named), strict=True):
            if target.kind == "categorical":
                parts.append(2 * part.softmax(1) - 1)
            elif target.kind == "binary":
                parts.append((0.5 * part).tanh())
            else:
                parts.append(part)
        return torch.cat([*parts, free], 1)

    def supervised_nats(self, code: Tensor, encoded: Tensor) -> dict[str, Tensor]:
        """Returns (n,) nats for each attribute between the code's named part and encoded values (n, k)."""
        parts = split_outputs(self.targets, code[:, : self.named_size])
        pairs = enumerate(zip(self.targets, parts, strict=True))
        return {target.name: target.loss(part, encoded[:, index]) for index, (target, part) in pairs}


def named_columns(kind: str, named: Sequence[str] | None, targets: Sequence[Target]) -> tuple[int, ...]:
    """Returns which of the data's targets get dimensions of their own: those `named`, all of them for None.

    Raises BadSettings for unknown names and for none at all; `kind` is the model that asks.
    """
    known = {target.name: index for index, target in enumerate(targets)}
    chosen = tuple(known) if named is None else tuple(named)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise BadSettings(
            f"{kind}.named asks for {', '.join(unknown)}, and the data have {', '.join(known) or 'none'}"
        )
    if not chosen:
        raise BadSettings(f"{kind} needs at least one attribute to name a dimension after")
    return tuple(known[name] for name in chosen)


def labelled_rows(count: int, share: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Returns the rows of `count` images whose labels a model may learn from: a random share, at least one."""
    return random.permutation(count)[: max(1, round(share * count))]
