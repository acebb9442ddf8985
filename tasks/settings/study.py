"""Settings of the study of latent sizes."""

from pydantic import Field, PositiveInt, field_validator

from latent_audit.tasks.settings.run import Section


class LatentSizeSettings(Section):
    """Sizes, folds and model of `latent-audit latent-size`; audits do not depend on them."""

    model: str = Field("vae", description="which of the models is tried at every size")
    sizes: tuple[PositiveInt, ...] = Field(
        (2, 3, 4, 5, 6, 8, 10, 15), min_length=2, description="numbers of latent dimensions to try"
    )
    folds: int = Field(5, ge=2, le=20, description="parts of the training images, each held out once")

    @field_validator("sizes")
    @classmethod
    def _sizes_differ(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(sizes)) != len(sizes):
            raise ValueError(f"sizes must be different, got {list(sizes)}")
        return sizes
