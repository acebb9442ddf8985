"""Chooses how to read a model trained elsewhere, if its files allow several ways: what rebuilds images best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.inference import decode_latents, encode_images
from latent_audit.vae_models.model import Model
from latent_audit.vae_models.pretrained.existing_models import open_existing
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings

# A second reading whose error is at most so many times the best one's is as likely as the best.
AS_LIKELY = 1.2
_TOLD = ("network", "latent_dim", "posterior_layout", "pixel_range", "transposed")


@dataclass(frozen=True)
class TriedReading:
    """One way to read the files, and the mean square error of the reconstructions, null if it cannot be opened."""

    reading: str
    error: float | None
    taken: bool


def choose_reading(
    model: ExistingModelSettings, shape: tuple[int, int, int], images: NDArray[np.uint8]
) -> tuple[Model, ExistingModelSettings, tuple[TriedReading, ...]]:
    """Returns the opened model, its completed settings, and what was tried; nothing was if there is one way.

    Readings that differ in the order of height and width alone count as one: many data sets look alike in both orders,
    and the plain order is kept unless the other is better by a factor of 1.2. Raises BadCheckpoint where two readings
    are about as good.
    """
    readings = model.readings(shape)
    if len(readings) == 1:
        return open_existing(readings[0], shape), readings[0], ()
    tried = [(_error(reading, shape, images), reading) for reading in readings]
    by_meaning: dict[str, tuple[float, ExistingModelSettings]] = {}
    for error, reading in tried:  # of each pair the plain order comes first
        key = _described(reading, without="transposed")
        if key not in by_meaning or error * AS_LIKELY < by_meaning[key][0]:
            by_meaning[key] = (error, reading)
    (best, taken), *others = sorted(by_meaning.values(), key=lambda found: found[0])
    rows = tuple(
        TriedReading(_described(reading), error if np.isfinite(error) else None, reading is taken)
        for error, reading in sorted(tried, key=lambda found: found[0])
    )
    if others and others[0][0] <= AS_LIKELY * best:
        raise BadCheckpoint(
            f"the weights can be read in several ways that rebuild {len(images)} images about equally well: "
            f"{_listed(rows)}. Choose one by its settings"
        )
    return open_existing(taken, shape), taken, rows


def _error(reading: ExistingModelSettings, shape: tuple[int, int, int], images: NDArray[np.uint8]) -> float:
    opened = open_existing(reading, shape)
    rebuilt = decode_latents(opened, encode_images(opened, images)[0])
    error = float(((rebuilt - images.astype(np.float32) / 255) ** 2).mean())
    return error if np.isfinite(error) else float("inf")


def _described(reading: ExistingModelSettings, without: str = "") -> str:
    known: dict[str, Any] = reading.model_dump(mode="json", include=set(_TOLD) - {without})
    return ", ".join(f"{name} {known[name]}" for name in _TOLD if name in known)


def _listed(rows: Sequence[TriedReading]) -> str:
    return "; ".join(f"{row.reading}: {row.error:.4g}" for row in rows if row.error is not None)
