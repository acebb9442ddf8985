"""What a user's classifier returns, checked, as the responses of a classifier of ours.

It returns a dict: the name of an attribute -> an array or tensor with a row for each of n images.

- binary: probability of the second class (n,), or of both classes (n, 2)
- categorical: probabilities (n, classes), in the order of the attribute's classes
- ordinal and continuous: the value (n,), in the attribute's unit
- cyclic: the angle (n,) in radians, a full turn being 2 pi, or its cosine and sine (n, 2)
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from latent_audit.vae_models.attribute_classifier.targets import Target
from latent_audit.vae_models.errors import BadCheckpoint

# Probabilities in half precision are off by about a thousandth.
_ROUNDING = 2e-3
# A regression overshoots the circle by a little, and degrees do by far.
_LARGEST_COSINE = 1.5


def responses_of(read: Mapping[str, Tensor], targets: Sequence[Target], images: int, source: str) -> Tensor:
    """Returns responses float32 (n, R), as `ReadsAttributes.responses` has them.

    read: by name, on one device. images: n. source: what errors call the classifier. Columns of attributes that are
    not in `read` hold what guessing says. Raises BadCheckpoint, with what came and what was expected.
    """
    device = next(iter(read.values())).device
    parts = [
        _checked(read[target.name], target, images, source)
        if target.name in read
        else _guess(target, images).to(device)
        for target in targets
    ]
    return torch.cat(parts, 1)


def _guess(target: Target, images: int) -> Tensor:
    share = {"binary": 1 / 2, "categorical": 1 / target.size}.get(target.kind, 0.0)
    return torch.full((images, target.size), share)


def _checked(given: Tensor, target: Target, images: int, source: str) -> Tensor:
    """Returns the columns (n, size) of one attribute."""
    found = given.float()
    if found.ndim == 1:
        found = found[:, None]
    expected = {
        "binary": (1, 2),
        "categorical": (target.size,),
        "cyclic": (1, 2),
    }.get(target.kind, (1,))
    if found.ndim != 2 or len(found) != images or found.shape[1] not in expected:
        raise _wrong(target, source, f"an array of shape {tuple(given.shape)} for {images} images")
    if not torch.isfinite(found).all():
        raise _wrong(target, source, "values that are NaN or infinite")
    if target.kind in ("binary", "categorical"):
        return _probabilities(found, target, source)
    if target.kind == "cyclic":
        return _turns(found, target, source)
    return (found - target.mean) / target.std


def _probabilities(found: Tensor, target: Target, source: str) -> Tensor:
    seen = found.detach()
    low, high = float(seen.min()), float(seen.max())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise _wrong(
            target, source, f"numbers from {low:.3g} to {high:.3g}; put a softmax or sigmoid after logits"
        )
    if found.shape[1] > 1:
        sums = seen.sum(1)
        if float((sums - 1).abs().max()) > _ROUNDING:
            raise _wrong(
                target,
                source,
                f"rows that add up to between {float(sums.min()):.3g} and {float(sums.max()):.3g}",
            )
    kept = found.clamp(0.0, 1.0)
    return kept[:, 1:] if target.kind == "binary" and found.shape[1] == 2 else kept


def _turns(found: Tensor, target: Target, source: str) -> Tensor:
    largest = float(found.detach().abs().max())
    if found.shape[1] == 2:
        if largest > _LARGEST_COSINE:
            raise _wrong(target, source, f"a cosine or sine as large as {largest:.3g}")
        return found
    if largest > 2 * math.pi + _ROUNDING:
        raise _wrong(target, source, f"an angle of {largest:.3g}, which is more than a full turn in radians")
    return torch.cat([found.cos(), found.sin()], 1)


def _wrong(target: Target, source: str, came: str) -> BadCheckpoint:
    expected = {
        "binary": f"the probability of {_class(target, 1)}, an array (n,), or of both classes, (n, 2)",
        "categorical": f"the probabilities of {', '.join(target.classes)}, an array (n, {target.size}) in this order",
        "cyclic": "the angle in radians, an array (n,), or its cosine and sine, (n, 2)",
    }.get(target.kind, "its value in the attribute's own unit, an array (n,)")
    return BadCheckpoint(
        f"the classifier {source} gives {came} for the attribute {target.name!r}; expected {expected}"
    )


def _class(target: Target, place: int) -> str:
    return target.classes[place] if len(target.classes) > place else f"class {place}"
