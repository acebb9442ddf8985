"""All kinds of model that a user can pick: their settings, joined in one typed union."""

from typing import Annotated

from pydantic import Field

from vae_models.annealed_vae import AnnealedVaeSettings
from vae_models.attention_vae import AttentionVaeSettings
from vae_models.attribute_vae import AttributeVaeSettings
from vae_models.autoencoder import PlainAutoencoderSettings
from vae_models.bayesian_vae import BayesianVaeSettings
from vae_models.beta_tc_vae import BetaTcVaeSettings
from vae_models.beta_vae import BetaVaeSettings
from vae_models.checkpoint_settings import CheckpointSettings
from vae_models.dip_vae_i import DipVaeISettings
from vae_models.dip_vae_ii import DipVaeIiSettings
from vae_models.entrypoint_settings import EntrypointSettings
from vae_models.exported_settings import ExportedProgramsSettings
from vae_models.factor_vae import FactorVaeSettings
from vae_models.gm_vae import GmVaeSettings
from vae_models.interpretable_gan_settings import InterpretableGanSettings
from vae_models.laplace_vae import LaplaceVaeSettings
from vae_models.plain_vae import VaeSettings
from vae_models.semi_supervised_settings import SemiSupervisedVaeSettings
from vae_models.vamp_vae import VampVaeSettings

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


def can_be_stacked(settings: object) -> bool:
    """Returns whether models of these settings can be trained together; see stacked_training.py."""
    return (
        isinstance(settings, _STACKABLE)
        and settings.network != "attention"
        and settings.training.patience is None
    )
