"""Which parts of the VAE family contradict each other, said before anything is trained."""

from vae_models.errors import BadSettings
from vae_models.mixture_priors import MixturePrior, VampPrior
from vae_models.moment_matching import MomentMatching
from vae_models.posteriors import GaussianPosterior, PointPosterior, PosteriorFamily
from vae_models.priors import ObservedCodes, Prior
from vae_models.regularisers import Regulariser, Unregularised
from vae_models.total_correlation import BetaTotalCorrelation
from vae_models.total_correlation_discriminator import DiscriminatedTotalCorrelation

_INDEPENDENCE = (BetaTotalCorrelation, DiscriminatedTotalCorrelation, MomentMatching)


def refuse_illegal(posterior: PosteriorFamily, prior: Prior, regulariser: Regulariser) -> None:
    """Raises BadSettings, with the reason and what to do, where parts do not go together."""
    if isinstance(posterior, PointPosterior):
        if not isinstance(prior, ObservedCodes):
            raise BadSettings(
                "a deterministic posterior is a point and has no distance from a prior: use the prior of observed "
                "codes, or a gaussian or laplace posterior"
            )
        if not isinstance(regulariser, Unregularised):
            raise BadSettings(
                f"a deterministic posterior has neither KL nor density, and {type(regulariser).__name__} is made of "
                "them: leave the regulariser out, or use a gaussian or laplace posterior"
            )
        return
    if isinstance(prior, ObservedCodes):
        raise BadSettings(
            "without a prior nothing keeps a random posterior from shrinking to points: use a standard normal or "
            "mixture prior, or the deterministic posterior"
        )
    if isinstance(prior, VampPrior) and not isinstance(posterior, GaussianPosterior):
        raise BadSettings(
            "the VampPrior's components are posteriors, and its density is that of gaussian ones: use a gaussian "
            "posterior, or the gaussian mixture prior"
        )
    if isinstance(prior, MixturePrior) and isinstance(regulariser, _INDEPENDENCE):
        raise BadSettings(
            f"a mixture prior makes dimensions depend on each other, and {type(regulariser).__name__} charges for "
            "that: use the standard normal prior, or weigh the KL alone"
        )
