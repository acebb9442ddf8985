"""The settings of all kinds of model, as one typed union."""

from typing import Annotated

from pydantic import Field

from latent_audit.vae_models.interpretable_gan.settings import InterpretableGanSettings
from latent_audit.vae_models.presets.annealed_vae import AnnealedVaeSettings
from latent_audit.vae_models.presets.attention_vae import AttentionVaeSettings
from latent_audit.vae_models.presets.attribute_vae import AttributeVaeSettings
from latent_audit.vae_models.presets.autoencoder import PlainAutoencoderSettings
from latent_audit.vae_models.presets.bayesian_vae import BayesianVaeSettings
from latent_audit.vae_models.presets.beta_tc_vae import BetaTcVaeSettings
from latent_audit.vae_models.presets.beta_vae import BetaVaeSettings
from latent_audit.vae_models.presets.dip_vae_i import DipVaeISettings
from latent_audit.vae_models.presets.dip_vae_ii import DipVaeIiSettings
from latent_audit.vae_models.presets.factor_vae import FactorVaeSettings
from latent_audit.vae_models.presets.gm_vae import GmVaeSettings
from latent_audit.vae_models.presets.laplace_vae import LaplaceVaeSettings
from latent_audit.vae_models.presets.linear_vae import LinearVaeSettings
from latent_audit.vae_models.presets.plain_vae import VaeSettings
from latent_audit.vae_models.presets.related_vaes import FlowVaeSettings, FullCovarianceVaeSettings
from latent_audit.vae_models.presets.semi_supervised_settings import SemiSupervisedVaeSettings
from latent_audit.vae_models.presets.vamp_vae import VampVaeSettings
from latent_audit.vae_models.pretrained.checkpoint_settings import CheckpointSettings
from latent_audit.vae_models.pretrained.entrypoint_settings import EntrypointSettings
from latent_audit.vae_models.pretrained.exported_settings import ExportedProgramsSettings
from latent_audit.vae_models.pretrained.extension_settings import ExtensionSettings
from latent_audit.vae_models.pretrained.libraries.diffusers_settings import DiffusersSettings
from latent_audit.vae_models.pretrained.libraries.lightning_settings import LightningSettings
from latent_audit.vae_models.pretrained.libraries.pythae_settings import PythaeSettings
from latent_audit.vae_models.pretrained.onnx_files.onnx_settings import OnnxSettings

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
    | LinearVaeSettings
    | FullCovarianceVaeSettings
    | FlowVaeSettings
    | CheckpointSettings
    | EntrypointSettings
    | ExtensionSettings
    | ExportedProgramsSettings
    | OnnxSettings
    | DiffusersSettings
    | PythaeSettings
    | LightningSettings
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
        and getattr(settings, "start_from", None) is None
        and getattr(settings, "sampling_noise", True)
        and settings.training.restarts == 0
    )
