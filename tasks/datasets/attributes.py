"""A semantic attribute: a name and a type, which determines its statistics."""

from dataclasses import dataclass

from latent_audit.vocabulary.attribute_kinds import AttributeKind


@dataclass(frozen=True)
class Attribute:
    """One typed column of a data set.

    `classes` names the codes 0..k-1 of binary and categorical attributes, and the levels of ordinal ones
    where they have names. `period` is the length of a full turn of a cyclic attribute, in the unit of
    its values.
    """

    name: str
    kind: AttributeKind
    classes: tuple[str, ...] = ()
    period: float | None = None
    unit: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        if self.kind in ("binary", "categorical") and len(self.classes) < 2:
            raise ValueError(
                f"attribute {self.name!r} is {self.kind} and needs at least two classes, got {self.classes}"
            )
        if self.kind == "binary" and len(self.classes) != 2:
            raise ValueError(f"attribute {self.name!r} is binary and needs two classes, got {self.classes}")
        if (self.kind == "cyclic") != (self.period is not None):
            raise ValueError(
                f"attribute {self.name!r}: a period belongs to cyclic attributes and only to them"
            )
