"""What a user picks: settings classes joined in one typed union, and the function that builds from them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

from pydantic import Field

from vae_models.annealed_vae import AnnealedVaeSettings
from vae_models.attention_vae import AttentionVaeSettings
from vae_models.attribute_vae import AttributeVaeSettings
from vae_models.autoencoder import PlainAutoencoderSettings
from vae_models.bayesian_vae import BayesianVaeSettings
from vae_models.beta_tc_vae import BetaTcVaeSettings
from vae_models.beta_vae import BetaVaeSettings, VaeSettings
from vae_models.dip_vae import DipVaeIiSettings, DipVaeISettings
from vae_models.existing_settings import CheckpointSettings, EntrypointSettings, ExportedProgramsSettings
from vae_models.factor_vae import FactorVaeSettings
from vae_models.gm_vae import GmVaeSettings
from vae_models.interpretable_gan_settings import InterpretableGanSettings
from vae_models.laplace_vae import LaplaceVaeSettings
from vae_models.semi_supervised_settings import SemiSupervisedVaeSettings
from vae_models.vamp_vae import VampVaeSettings

if TYPE_CHECKING:
    from torch import nn

    from vae_models.targets import Target

AnyModelSettings = (
    VaeSettings
    | BetaVaeSettings
    | InterpretableGanSettings
    | PlainAutoencoderSettings
    | LaplaceVaeSettings
    | AnnealedVaeSettings
    | BetaTcVaeSettings
    | DipVaeISettings
    | DipVaeIiSettings
    | FactorVaeSettings
    | GmVaeSettings
    | VampVaeSettings
    | AttributeVaeSettings
    | SemiSupervisedVaeSettings
    | AttentionVaeSettings
    | BayesianVaeSettings
    | CheckpointSettings
    | EntrypointSettings
    | ExportedProgramsSettings
)
ModelSettings = Annotated[AnyModelSettings, Field(discriminator="kind")]

# What these build has an encoder and a decoder that learn, and nothing else that does.
_STACKABLE = (
    VaeSettings,
    BetaVaeSettings,
    BetaTcVaeSettings,
    DipVaeISettings,
    DipVaeIiSettings,
    LaplaceVaeSettings,
)

Built = TypeVar("Built", bound="nn.Module", covariant=True)


class Buildable(Protocol[Built]):
    """Settings of a model or of an attribute classifier."""

    def build(self, image_shape: tuple[int, int, int], targets: Sequence["Target"]) -> Built:
        """Returns an untrained module with weights from torch's global random stream."""
        ...


def build(
    settings: Buildable[Built], image_shape: tuple[int, int, int], targets: Sequence["Target"], seed: int
) -> Built:
    """Returns an untrained model or attribute classifier on the CPU; the same seed gives the same weights.

    image_shape: (channels, height, width). targets: the attributes that named dimensions stand for; models
    without such dimensions ignore them. Raises BadSettings where settings do not fit the images.
    """
    import torch  # here: it takes seconds to import

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return settings.build(image_shape, targets).eval()


def can_be_stacked(settings: object) -> bool:
    """Returns whether models of these settings can be trained together; see stacked_training.py."""
    return (
        isinstance(settings, _STACKABLE)
        and settings.network != "attention"
        and settings.training.patience is None
    )
