"""Variations of images that a user asks for: arithmetic and interpolation of named images, edits, sheets of noise."""

from pydantic import BaseModel, ConfigDict, Field, field_validator


class VariationSettings(BaseModel):
    """What is drawn beside the analyses of the depth, for the first seed of each model; nothing by default.

    An image is named by its file, or by its row in the data, as in codes.parquet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    images: int = Field(
        0, ge=0, le=64, description="held-out images drawn again with noise on their codes; 0 for none"
    )
    arithmetic: tuple[tuple[str, str, str], ...] = Field(
        (), description="triples of images a, b, c: the picture of the code a - b + c, as [[12, 7, 40]]"
    )
    interpolations: tuple[tuple[str, str], ...] = Field(
        (), description="pairs of images that are joined through the latent space, as [[a.png, b.png]]"
    )
    edits: tuple[tuple[str, ...], ...] = Field(
        (),
        description="attributes to add (+) and to remove (-) together, as [[+Smiling, -Eyeglasses], [-Smiling]]",
    )

    edited_images: int = Field(256, ge=16, description="most held-out images that edits start from")

    @field_validator("arithmetic", "interpolations", mode="before")
    @classmethod
    def _rows_are_names(cls, groups: object) -> object:
        """Takes row numbers for names."""
        if not isinstance(groups, list | tuple):
            return groups
        return tuple(
            tuple(str(name) if isinstance(name, int) else name for name in group)
            if isinstance(group, list | tuple)
            else group
            for group in groups
        )

    @field_validator("edits")
    @classmethod
    def _edits_have_signs(cls, edits: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        for edit in edits:
            names = [term[1:] for term in edit]
            if not edit or any(term[:1] not in ("+", "-") or len(term) < 2 for term in edit):
                raise ValueError(f"an edit lists attributes with + or - before them, got {list(edit)}")
            if len(set(names)) < len(names):
                raise ValueError(f"an edit names each attribute once, got {list(edit)}")
        return edits

    @property
    def anything(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.images or self.arithmetic or self.interpolations or self.edits)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that edits name."""
        return tuple(dict.fromkeys(term[1:] for edit in self.edits for term in edit))
