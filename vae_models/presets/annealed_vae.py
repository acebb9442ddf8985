"""The VAE with a capacity that grows (Burgess et al. 2018)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_serializer, model_validator

from latent_audit.vae_models.presets.autoencoder_settings import AutoencoderSettings
from latent_audit.vae_models.training.durations import Duration, in_steps

if TYPE_CHECKING:
    from latent_audit.vae_models.attribute_classifier.targets import Target
    from latent_audit.vae_models.components.vae import VariationalAutoencoder


class AnnealedVaeSettings(AutoencoderSettings):
    """loss = reconstruction + gamma * |KL - C|, with C rising linearly from 0, so information enters gradually."""

    kind: Literal["annealed_vae"] = "annealed_vae"
    warm_up_steps: Literal[0] = Field(0, description="always 0: the capacity is what rises")
    capacity_nats: float = Field(25.0, gt=0, description="what the KL is held to in the end, nats per image")
    capacity_steps: Duration | None = Field(
        None,
        gt=0,
        description="steps over which the capacity rises from 0; below 1: a share of training.steps; null: all of them",
    )
    gamma: float = Field(100.0, gt=0, description="weight of the distance between KL and capacity")

    @property
    def capacity_rise(self) -> int:
        """Returns the steps over which the capacity rises."""
        if self.capacity_steps is None:
            return self.training.steps
        return max(1, in_steps(self.capacity_steps, self.training.steps))

    @field_serializer("capacity_steps", when_used="json")
    def _rise_in_steps(self, value: float | None) -> int:
        """Records and keys hold what is done, however it was asked for."""
        return self.capacity_rise

    @model_validator(mode="after")
    def _capacity_is_reached(self) -> "AnnealedVaeSettings":
        if self.capacity_rise > self.training.steps:
            raise ValueError(
                f"capacity_steps ({self.capacity_rise}) is beyond the last training step ({self.training.steps}), "
                "so the capacity is never reached: lower it, or train longer"
            )
        return self

    def build(
        self, image_shape: tuple[int, int, int], targets: Sequence["Target"]
    ) -> "VariationalAutoencoder":
        """Returns the untrained model; it learns without the targets."""
        from latent_audit.vae_models.components.capacity import CapacityPenalty

        penalty = CapacityPenalty(self.gamma, self.capacity_nats, self.capacity_rise, self.latent_dim)
        return self.compose(image_shape, self.latent_dim, penalty)
