"""The record of an attribution: maps of examples selected by rule, means over images, and checks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.attributions.attribution_methods import MethodSettings
from latent_audit.tasks.analyses.attributions.faithfulness import Word, randomisation_verdict
from latent_audit.tasks.analyses.attributions.mass_inside import mass_inside
from latent_audit.tasks.analyses.attributions.weight_randomisation import (
    LayerCorrelation,
    mean_known,
    rank_correlations,
)
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.vocabulary.reasons import Reason

TargetKind = Literal["encoder", "decoder", "classifier", "discriminator"]
PICKED = ("best", "median", "worst")


@dataclass(frozen=True)
class Subjects:
    """The explained outputs (or latent dimensions): columns, names and latent dimensions."""

    target: TargetKind
    columns: tuple[int, ...]
    names: tuple[str, ...]
    dimensions: tuple[int | None, ...]

    def __post_init__(self) -> None:
        if not len(self.columns) == len(self.names) == len(self.dimensions) > 0:
            raise ValueError(
                f"columns, names and dimensions must be equally many and at least one, got "
                f"{len(self.columns)}, {len(self.names)}, {len(self.dimensions)}"
            )


@dataclass(frozen=True)
class Checks:
    """Checks of one subject's maps; None for a check that does not apply.

    convergence_delta: mean |sum of map - change of output|, in units of the output. infidelity: share of
    output changes, in [0, 1], that the map does not foresee. max_sensitivity: largest relative change of
    the map under small noise. verdict, faithful, faithful_places: see `Verdict`; where the second is false,
    mass_inside says where the image is, not where the model looks. mass_inside, area_share: share of |map|
    inside object masks, and of area. mass_randomised: the same share for maps of the wholly randomised model, which is
    what the method gives by chance: one that multiplies by the image finds the object whatever the weights.
    agreement: mean rank correlation over images with the maps of each other method for the same subject.
    """

    convergence_delta: float | None
    infidelity: Estimate | None
    max_sensitivity: Estimate | None
    randomisation: tuple[LayerCorrelation, ...]
    faithful: bool | None
    faithful_places: bool | None
    reason: Reason
    mass_inside: Estimate | None
    area_share: float | None
    mass_randomised: Estimate | None
    agreement: dict[str, float | None]
    verdict: Word


@dataclass(frozen=True)
class Attribution:
    """Maps of one subject by one method: an entry of `attributions` in audit.json, arrays not yet stored.

    images: uint8 (3, c, h, w) and maps: float32 (3, h, w), channels summed, of the images with the least,
    the median and the largest infidelity (`picked`, `picked_by`), or, where infidelity is unknown, with
    the strongest, median and weakest map. mean_map, spread_map: float32 (h, w),
    mean |map| and standard deviation of the map over all `image_count` images.
    """

    target: TargetKind
    method: str
    subject: str
    dimension: int | None
    images: NDArray[np.uint8] = field(metadata={"plain": False})
    maps: NDArray[np.float32] = field(metadata={"plain": False})
    picked: tuple[str, ...]
    picked_by: str
    picked_rows: tuple[int, ...]
    mean_map: NDArray[np.float32] = field(metadata={"plain": False})
    spread_map: NDArray[np.float32] = field(metadata={"plain": False})
    image_count: int
    checks: Checks


@dataclass(frozen=True)
class Measured:
    """Maps of all subjects by one method, with each check's raw numbers, (n, r) unless said otherwise."""

    method: str
    shown: NDArray[np.float32]  # (n, r, h, w), channels summed
    infidelity: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    layers: list[tuple[str, NDArray[np.float64], NDArray[np.float64]]]  # name, signed and magnitudes (r,)
    delta: NDArray[np.float64] | None  # (r,)
    randomised: NDArray[np.float32]  # (m, r, h, w), maps of `randomised_rows` by the wholly randomised model


def assemble(
    subjects: Subjects,
    measured: Measured,
    others: Sequence[Measured],
    images: NDArray[np.uint8],
    masks: NDArray[np.bool_] | None,
    seed: int,
    depth: MethodSettings,
) -> list[Attribution]:
    """Returns one Attribution per subject; the random generator of intervals depends on seed and subject.

    others: what every method measured, itself included, for the agreement between methods.
    """
    return [
        Attribution(
            target=subjects.target,
            method=measured.method,
            subject=subjects.names[place],
            dimension=subjects.dimensions[place],
            images=np.ascontiguousarray(images[list(rows)]),
            maps=measured.shown[list(rows), place],
            picked=PICKED,
            picked_by=picked_by,
            picked_rows=rows,
            mean_map=np.abs(measured.shown[:, place]).mean(axis=0),
            spread_map=measured.shown[:, place].std(axis=0),
            image_count=len(images),
            checks=_checks(measured, others, place, masks, seed, depth),
        )
        for place in range(len(subjects.columns))
        for rows, picked_by in [_examples(measured, place)]
    ]


def _examples(measured: Measured, place: int) -> tuple[tuple[int, int, int], str]:
    """Returns the example rows and the score they were picked by."""
    scores = measured.infidelity[:, place]
    if np.isnan(scores).all():
        return pick_by_rule(-np.abs(measured.shown[:, place]).sum(axis=(1, 2))), "strength of the map"
    return pick_by_rule(scores), "infidelity"


def pick_by_rule(scores: NDArray[np.float64]) -> tuple[int, int, int]:
    """Returns the rows with the least, the median and the largest score; unknown scores count as largest."""
    order = np.argsort(np.where(np.isnan(scores), np.inf, scores), kind="stable")
    return int(order[0]), int(order[len(order) // 2]), int(order[-1])


def _checks(
    measured: Measured,
    others: Sequence[Measured],
    place: int,
    masks: NDArray[np.bool_] | None,
    seed: int,
    depth: MethodSettings,
) -> Checks:
    rng = np.random.default_rng((seed, place))
    layers = tuple(
        LayerCorrelation(name, _known(signed[place]), _known(magnitudes[place]))
        for name, signed, magnitudes in measured.layers
    )
    verdict = randomisation_verdict(layers, depth.faithful_below)
    maps = measured.shown[:, place]
    inside = by_chance = None
    if masks is not None:
        inside = mass_inside(maps, masks, rng, depth.dilate_pixels, depth.resamples)
        redrawn = measured.randomised[:, place]
        if layers:
            same = randomised_rows(len(masks), seed, depth)
            by_chance = mass_inside(redrawn, masks[same], rng, depth.dilate_pixels, depth.resamples)
    return Checks(
        convergence_delta=None if measured.delta is None else float(measured.delta[place]),
        infidelity=_over_images(measured.infidelity[:, place], rng, depth),
        max_sensitivity=_over_images(measured.sensitivity[:, place], rng, depth),
        randomisation=layers,
        faithful=verdict.faithful,
        faithful_places=verdict.faithful_places,
        reason=verdict.reason,
        mass_inside=None if inside is None else inside.mass,
        area_share=None if inside is None else inside.area_share,
        mass_randomised=None if by_chance is None else by_chance.mass,
        agreement={
            other.method: _known(
                float(mean_known(rank_correlations(maps, other.shown[:, place])[:, None])[0])
            )
            for other in others
            if other is not measured
        },
        verdict=verdict.word,
    )


def randomised_rows(images: int, seed: int, depth: MethodSettings) -> NDArray[np.int64]:
    """Returns the rows of the images used for maps of randomised weights."""
    return draw_rows(images, depth.randomisation_images, seed, "weight randomisation")


def _over_images(
    scores: NDArray[np.float64], rng: np.random.Generator, depth: MethodSettings
) -> Estimate | None:
    known = scores[~np.isnan(scores)]
    if known.size == 0:
        return None
    return mean_estimate(known, depth.resamples, rng, "bootstrap over images")


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
