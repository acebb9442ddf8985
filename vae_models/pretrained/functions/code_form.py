"""The form of a model's codes: flat, spatial, or levels of a hierarchy; analyses see one row of numbers an image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class CodeForm:
    """Shapes of the levels of a code, without the images: ((10,),) is flat, ((4, 16, 16),) spatial."""

    shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, levels: Sequence[Tensor]) -> "CodeForm":
        """Returns the form of the levels of a code, each (n, ...)."""
        return cls(tuple(tuple(level.shape[1:]) for level in levels))

    @property
    def size(self) -> int:
        """Numbers in the code of one image."""
        return sum(math.prod(shape) for shape in self.shapes)

    @property
    def names(self) -> tuple[str, ...]:
        """Returns a name for each dimension: z0, or z2,3,4 for channel, row and column; level 1 as l1.z0."""
        found = []
        for number, shape in enumerate(self.shapes):
            prefix = f"l{number}." if len(self.shapes) > 1 else ""
            for place in range(math.prod(shape)):
                index = []
                for side in reversed(shape):
                    place, step = divmod(place, side)
                    index.append(str(step))
                found.append(f"{prefix}z{','.join(reversed(index))}")
        return tuple(found)

    def described(self) -> str:
        """Returns the form in words, for the record."""
        sizes = ["x".join(map(str, shape)) for shape in self.shapes]
        if len(sizes) > 1:
            return f"{len(sizes)} levels: {', '.join(sizes)}"
        return f"spatial: {sizes[0]}" if len(self.shapes[0]) > 1 else f"flat: {sizes[0]}"

    def flat(self, levels: Sequence[Tensor]) -> Tensor:
        """Returns the code (n, size) of levels of these shapes."""
        return torch.cat([level.flatten(1) for level in levels], 1)

    def restored(self, codes: Tensor) -> Tensor | list[Tensor]:
        """Returns codes (n, size) as the decoder takes them: a tensor, or a list of the levels."""
        if self.shapes == ((codes.shape[1],),):
            return codes
        parts = codes.split([math.prod(shape) for shape in self.shapes], dim=1)
        levels = [part.unflatten(1, shape) for part, shape in zip(parts, self.shapes, strict=True)]
        return levels[0] if len(levels) == 1 else levels
