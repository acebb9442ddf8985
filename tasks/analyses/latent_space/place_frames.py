"""What a place looks like: one held-out image decoded again with the place of an attribute set to a few levels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space.code_controls import QUANTILES, Control
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
Latents = NDArray[np.float32]
Read = Callable[[Latents], NDArray[np.float32]]
SHOWN = (0.02, 0.25, 0.5, 0.75, 0.98)
FRAMES = len(SHOWN)
SOURCE = "bootstrap over images"


@dataclass(frozen=True)
class PlaceFrames:
    """Codes to decode, one a frame, and what they differ in.

    kind: quantiles, classes, around or donors. marks: of the frames: quantiles, class codes, or values of the
    attribute. effect: what the classifier reads at the last level less at the first, mean over images; of classes, the
    share of images that are named as the class that was set; None where it is not measured. unit: of the effect:
    "own", the attribute's, or "probability" or "named".
    """

    attribute: str
    rung: str
    held: tuple[str, ...]
    kind: str
    marks: tuple[float, ...]
    effect: Estimate | None
    unit: str
    codes: Latents = field(metadata={"plain": False})


def shown_levels(control: Control) -> list[int]:
    """Returns which levels of a control are shown: five quantiles, classes or sectors spread over all."""
    if control.kind == "quantiles":
        return [int(np.abs(QUANTILES - level).argmin()) for level in SHOWN]
    count = len(control.levels)
    steps = np.arange(min(FRAMES, count)) * count / min(FRAMES, count)
    return [int(step) for step in steps]


def along_control(
    attribute: Attribute,
    rung: str,
    held: Sequence[str],
    control: Control,
    base: Latents,
    effect: tuple[Estimate, str] | None,
) -> PlaceFrames:
    """Returns the frames of the image with the code `base` (d,) along a control."""
    shown = shown_levels(control)
    codes = np.concatenate([control.moved(base[None], control.levels[level]) for level in shown])
    marks = tuple(float(control.marks[level]) for level in shown)
    found, unit = effect or (None, "")
    return PlaceFrames(attribute.name, rung, tuple(held), control.kind, marks, found, unit, codes)


def with_donors(
    attribute: Attribute, dimensions: Sequence[int], base: Latents, codes: Latents, values: Floats
) -> PlaceFrames:
    """Returns the frames of the image with the code `base` (d,) with a block of five donors in it.

    codes (n, d), values (n,): of the images that donors are chosen from: nearest to quantiles of the attribute, one of
    each class, or one of each sector.
    """
    if attribute.kind in ("binary", "categorical"):
        wanted = np.arange(min(FRAMES, len(attribute.classes)), dtype=np.float64)
    elif attribute.kind == "cyclic":
        assert attribute.period is not None  # Attribute refuses a cyclic one without it
        wanted = np.arange(FRAMES) * attribute.period / FRAMES
    else:
        wanted = np.quantile(values, SHOWN)
    donors = [int(np.abs(values - value).argmin()) for value in wanted]
    swapped = np.repeat(base[None], len(donors), axis=0)
    swapped[:, list(dimensions)] = codes[donors][:, list(dimensions)]
    marks = tuple(float(values[donor]) for donor in donors)
    return PlaceFrames(attribute.name, "block", (), "donors", marks, None, "", swapped)


def effect_of(
    attribute: Attribute,
    control: Control,
    columns: Sequence[int],
    scale: float,
    codes: Latents,
    read: Read,
    resamples: int,
    seed: int,
) -> tuple[Estimate, str] | None:
    """Returns the effect of a control on its attribute over images with codes (n, d), and its unit; None if undefined.

    columns: of the classifier's readings that are the attribute's; scale: the attribute's unit a unit of them.
    """
    rng = np.random.default_rng([seed, 61])
    if control.kind == "quantiles" and len(columns) == 1:
        low, high = (read(control.moved(codes, level))[:, columns[0]] for level in control.levels[[0, -1]])
        change = (high.astype(np.float64) - low) * scale
        unit = "probability" if attribute.kind == "binary" else "own"
        return mean_estimate(change, resamples, rng, SOURCE), unit
    if control.kind == "classes":
        named = [
            read(control.moved(codes, level))[:, list(columns)].argmax(axis=1) == int(mark)
            for level, mark in zip(control.levels, control.marks, strict=True)
        ]
        return mean_estimate(np.mean(named, axis=0), resamples, rng, SOURCE), "named"
    return None
