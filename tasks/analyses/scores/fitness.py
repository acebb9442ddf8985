"""Fitness of a model: reconstruction, KL, active units and posterior collapse."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.vocabulary.reasons import Reason, reason

# Of a posterior mean over images, from which its dimension is active (Burda et al. 2016, appendix C).
ACTIVE_VARIANCE = 0.01


@dataclass(frozen=True)
class DimensionUse:
    """One latent dimension: its KL in nats per image (None without a posterior), and its activity.

    mean_variance: variance over images of its posterior mean (Burda et al. 2016, appendix C).
    """

    index: int
    name: str
    kl_nats: float | None
    mean_variance: float
    active: bool
    active_by_variance: bool


@dataclass(frozen=True)
class Fitness:
    """The content of `fitness` in audit.json, without pictures; all in nats per image.

    kl and kl_nats_per_image are None for a model whose code is a point, which has no KL; reconstruction and
    reconstruction_nats_per_image for one without a decoder; elbo for one that lacks either. elbo: the evidence lower
    bound at one draw of each posterior, below the reconstruction at the posterior mean less the KL.
    collapsed is a decision, collapse_reason the sentence for it, also where nothing collapsed.
    """

    reconstruction_nats_per_image: float | None
    kl_nats_per_image: float | None
    reconstruction: Estimate | None
    kl: Estimate | None
    elbo: Estimate | None
    active_units: int
    active_units_by_variance: int
    dimensions: tuple[DimensionUse, ...]
    collapsed: bool
    collapse_reason: Reason


def measure_fitness(
    reconstruction_nats: NDArray[np.floating] | None,
    kl_nats: NDArray[np.floating] | None,
    means: NDArray[np.floating],
    names: tuple[str, ...],
    reconstruction_spread: float | None,
    rng: np.random.Generator,
    *,
    unused_kl_nats: float,
    unused: NDArray[np.bool_] | None = None,
    whole_kl_nats: NDArray[np.floating] | None = None,
    elbo_nats: NDArray[np.floating] | None = None,
    active_variance: float = ACTIVE_VARIANCE,
    least_spread: float = 0.02,
    resamples: int = 1000,
) -> Fitness:
    """Returns the fitness of a model on held-out images.

    reconstruction_nats: (n,); kl_nats and means: (n, d), of the same images; kl_nats is None for a model
    whose code is a point. reconstruction_spread: from `spread_of_reconstructions`. Both of reconstructions are None for
    a model without a decoder. A dimension is active
    when its mean KL exceeds unused_kl_nats; by Burda's criterion, the
    only one without a KL, when the variance of its posterior mean exceeds active_variance. unused: (d,) dimensions
    that are not active whatever these say, such as free ones that do not live. whole_kl_nats: (n,), of a code whose
    KL is not a sum over dimensions. elbo_nats: (n,) evidence lower bounds.
    """
    _refuse(reconstruction_nats, kl_nats, means, names)
    variance = means.astype(np.float64).var(axis=0)
    by_variance = variance > active_variance
    per_dimension = None if kl_nats is None else kl_nats.astype(np.float64).mean(axis=0)
    if unused is not None:
        by_variance &= ~unused
    active = by_variance if per_dimension is None else is_used(per_dimension, unused_kl_nats)
    if unused is not None:
        active = active & ~unused
    uses = tuple(
        DimensionUse(
            index=j,
            name=names[j],
            kl_nats=None if per_dimension is None else float(per_dimension[j]),
            mean_variance=float(variance[j]),
            active=bool(active[j]),
            active_by_variance=bool(by_variance[j]),
        )
        for j in range(len(names))
    )
    collapsed, why = decide_collapse(uses, reconstruction_spread, least_spread)
    source = "bootstrap over images"
    reconstruction = None
    if reconstruction_nats is not None:
        reconstruction = mean_estimate(reconstruction_nats.astype(np.float64), resamples, rng, source)
    kl = elbo = None
    whole = whole_kl_nats if kl_nats is None else kl_nats.astype(np.float64).sum(axis=1)
    if whole is not None:
        kl = mean_estimate(whole.astype(np.float64), resamples, rng, source)
    if elbo_nats is not None:
        elbo = mean_estimate(elbo_nats.astype(np.float64), resamples, rng, source)
    return Fitness(
        reconstruction_nats_per_image=None if reconstruction is None else reconstruction.value,
        kl_nats_per_image=None if kl is None else kl.value,
        reconstruction=reconstruction,
        kl=kl,
        elbo=elbo,
        active_units=int(active.sum()),
        active_units_by_variance=int(by_variance.sum()),
        dimensions=uses,
        collapsed=collapsed,
        collapse_reason=why,
    )


def is_used(mean_kl_nats: NDArray[np.float64], unused_kl_nats: float) -> NDArray[np.bool_]:
    """Returns (d,) whether a dimension is used: whether its KL, a mean over images, exceeds the limit."""
    return np.asarray(mean_kl_nats > unused_kl_nats)


def decide_collapse(
    dimensions: tuple[DimensionUse, ...], reconstruction_spread: float | None, least_spread: float
) -> tuple[bool, Reason]:
    """Returns (collapsed, reason). Collapsed: no active dimension, or nearly equal reconstructions.

    reconstruction_spread: None for a model without a decoder.
    """
    active = sum(use.active for use in dimensions)
    count = len(dimensions)
    if active == 0:
        known = [use.kl_nats for use in dimensions if use.kl_nats is not None]
        largest = (
            reason("collapse.largest_kl", value=f"{max(known):.3g}")
            if known
            else reason(
                "collapse.largest_variance", value=f"{max(use.mean_variance for use in dimensions):.3g}"
            )
        )
        return True, reason("collapse.posterior", count=str(count), largest=largest)
    if reconstruction_spread is None:
        return False, reason("collapse.none_of_codes", active=str(active), count=str(count))
    if reconstruction_spread < least_spread:
        return True, reason(
            "collapse.constant", spread=f"{reconstruction_spread:.1%}", least=f"{least_spread:.0%}"
        )
    return False, reason(
        "collapse.none", active=str(active), count=str(count), spread=f"{reconstruction_spread:.0%}"
    )


def spread_of_reconstructions(images: NDArray[np.uint8], reconstructions: NDArray[np.floating]) -> float:
    """Returns the variance over images of reconstructions by that of the images, summed over pixels; 0 up.

    images: uint8 (n, c, h, w); reconstructions: the same shape, in [0, 1]. 0 when the images are constant.
    """
    if images.shape != reconstructions.shape:
        raise ValueError(f"images {images.shape} and reconstructions {reconstructions.shape} must agree")
    original = (images.astype(np.float64) / 255.0).var(axis=0).sum()
    rebuilt = reconstructions.astype(np.float64).var(axis=0).sum()
    return float(rebuilt / original) if original > 0 else 0.0


def reconstruction_pairs(
    images: NDArray[np.uint8], reconstructions: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """Returns uint8 (2m, c, h, w): original, reconstruction, original, ...; reconstructions in [0, 1]."""
    rebuilt = np.round(np.clip(reconstructions, 0.0, 1.0) * 255.0).astype(np.uint8)
    return np.stack([images, rebuilt], axis=1).reshape(-1, *images.shape[1:])


def _refuse(
    reconstruction_nats: NDArray[np.floating] | None,
    kl_nats: NDArray[np.floating] | None,
    means: NDArray[np.floating],
    names: tuple[str, ...],
) -> None:
    nats = np.zeros(len(means)) if reconstruction_nats is None else reconstruction_nats
    n, d = len(nats), len(names)
    kl = np.zeros((n, d)) if kl_nats is None else kl_nats
    if n < 2 or kl.shape != (n, d) or means.shape != (n, d):
        raise ValueError(
            f"fitness needs at least two images, and KL and means of shape (images, dimensions); got "
            f"{n} reconstructions, {d} names, KL {kl.shape}, means {means.shape}"
        )
    if not (np.isfinite(nats).all() and np.isfinite(kl).all()):
        raise ValueError("reconstruction or KL is NaN or infinite: the model has diverged; train it again")
