"""Refuses incompatible components of the VAE family before training.

Components describe themselves; none is imported here, so that a stage's key covers only a model's own components.
"""

from typing import TYPE_CHECKING

from latent_audit.vae_models.components.related.related_posteriors import RelatedPosterior
from latent_audit.vae_models.errors import BadSettings

if TYPE_CHECKING:
    from latent_audit.vae_models.components.posteriors import PosteriorFamily
    from latent_audit.vae_models.components.priors import Prior
    from latent_audit.vae_models.components.regularisers import Regulariser


def refuse_illegal(posterior: "PosteriorFamily", prior: "Prior", regulariser: "Regulariser") -> None:
    """Raises BadSettings, with the reason and what to do, if components are incompatible."""
    if not posterior.has_density:
        if prior.has_density:
            raise BadSettings(
                "a deterministic posterior is a point and has no distance from a prior: use the prior of observed "
                "codes, or a gaussian or laplace posterior"
            )
        if regulariser.needs_density:
            raise BadSettings(
                f"a deterministic posterior has neither KL nor density, and {type(regulariser).__name__} is made of "
                "them: leave the regulariser out, or use a gaussian or laplace posterior"
            )
        return
    if not prior.has_density:
        raise BadSettings(
            "without a prior nothing keeps a random posterior from shrinking to points: use a standard normal or "
            "mixture prior, or the deterministic posterior"
        )
    if isinstance(posterior, RelatedPosterior) and (prior.is_mixture or regulariser.asks_for_independence):
        raise BadSettings(
            "the elements of this posterior depend on each other, so that its KL is not a sum over dimensions: use the "
            "standard normal prior, and weigh the KL alone"
        )
    if prior.needs_gaussian_posterior and not posterior.is_gaussian:
        raise BadSettings(
            "the VampPrior's components are posteriors, and its density is that of gaussian ones: use a gaussian "
            "posterior, or the gaussian mixture prior"
        )
    if prior.is_mixture and regulariser.asks_for_independence:
        raise BadSettings(
            f"a mixture prior makes dimensions depend on each other, and {type(regulariser).__name__} charges for "
            "that: use the standard normal prior, or weigh the KL alone"
        )
