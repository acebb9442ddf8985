"""Settings of weights trained elsewhere that fit one of our networks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from latent_audit.vae_models.components.choices import NetworkKind, PosteriorLayout, ResidualSize
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings, PixelRange

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder

# What is assumed where nothing is said and nothing can be found out.
_NETWORK: NetworkKind = "burgess"
_DIMENSIONS = 10
_LAYOUT: PosteriorLayout = "halves"
_BLACK_TO_WHITE = (0.0, 1.0)


class CheckpointSettings(ExistingModelSettings):
    """Weights trained elsewhere that fit one of our networks; read without running code from the file."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path"})

    rebuilds_from_files: ClassVar[bool] = False

    kind: Literal["checkpoint"] = "checkpoint"
    path: Path = Field(description="a .safetensors file, or a torch file that holds a state_dict")
    entry: str | None = Field(
        None,
        min_length=1,
        description="where in the file the state_dict is, as in state_dict; null: it is all",
    )
    network: NetworkKind | None = Field(
        None, description="which of our networks the weights are for; null: found by their shapes"
    )
    residual: ResidualSize | None = Field(
        None, description="width, depth and normalisation of network residual; null: its defaults"
    )
    latent_dim: int | None = Field(None, ge=1, description="latent dimensions; null: found by the shapes")
    posterior_layout: PosteriorLayout | None = Field(
        None,
        description="the encoder's last outputs: halves (means, then log variances), interleaved (a mean and its "
        "log variance side by side), separate (two layers, named encoder.mean and encoder.log_variance by `names`); "
        "null: tried on images",
    )
    transposed: bool | None = Field(
        None,
        description="whether the model was trained with height and width exchanged; null: as posterior_layout",
    )
    pixel_range: PixelRange | None = Field(
        None, description="what black and white were to the encoder; null: as posterior_layout"
    )
    names: dict[str, str] = Field(
        default_factory=dict,
        description="names in the file: names in our network; the beginning of a name stands for all that follows",
    )
    left_out: tuple[str, ...] = Field(
        (), description="beginnings of names in the file that the audit does not need, such as discriminator"
    )

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns our untrained network; targets are not used."""
        from latent_audit.vae_models.presets.plain_vae import VaeSettings
        from latent_audit.vae_models.pretrained.readings import read_differently

        ours = VaeSettings(
            latent_dim=self.latent_dim or _DIMENSIONS,
            network=self.network or _NETWORK,
            residual=self.residual if self.network == "residual" else None,
            reconstruction=self.reconstruction,
            pixel_variance=self.pixel_variance,
        )
        model = ours.build(image_shape, targets)
        read_differently(
            model, transposed=bool(self.transposed), pixel_range=self.pixel_range or _BLACK_TO_WHITE
        )
        return model

    def given_files(self) -> dict[str, str]:
        """Returns the file of weights."""
        return {"path": str(self.path)}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with the file of weights somewhere else."""
        return self.model_copy(update={"path": places["path"]})

    def look_through(self, files: Mapping[str, Path]) -> None:
        """Raises BadCheckpoint unless the file is one of tensors."""
        from latent_audit.vae_models.pretrained.file_kinds import KINDS_OF_WEIGHTS, refuse_other_kinds

        refuse_other_kinds(files["path"], KINDS_OF_WEIGHTS, "a file of tensors")

    def readings(self, image_shape: tuple[int, int, int]) -> list[Self]:
        """Returns the settings with all that is null found out, in every way that the shapes allow.

        Where nothing fits, these settings alone, whose error says what does not fit.
        """
        if self.network and self.latent_dim and self.posterior_layout:
            return [self]
        from latent_audit.vae_models.pretrained.readings import checkpoint_readings

        return [self.model_copy(update=found) for found in checkpoint_readings(self, image_shape)] or [self]

    def open_trained(self, image_shape: tuple[int, int, int]) -> "VariationalAutoencoder":
        """Returns our network with the weights of the file; settings that are null have their most common value."""
        from latent_audit.vae_models.building import build
        from latent_audit.vae_models.pretrained.key_map import fit_state_dict
        from latent_audit.vae_models.pretrained.state_dict_files import read_state_dict

        model = build(self, image_shape, (), seed=0)
        weights = fit_state_dict(
            read_state_dict(self.path, self.entry),
            model.state_dict(),
            self.names,
            self.left_out,
            self.posterior_layout or _LAYOUT,
            self.path.name,
        )
        model.load_state_dict(weights)
        return model
