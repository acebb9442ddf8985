"""The file in which people name dimensions (names.yaml), as settings name it."""

from pathlib import Path

from pydantic import Field, ValidationError

from latent_audit.tasks.analyses.dimension_names.given import GivenName
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.run import Section
from latent_audit.tasks.settings.words import read_yaml


class _Named(Section):
    weights: str = Field(pattern="^[0-9a-f]{64}$")
    dimension: int = Field(ge=0)
    name: str = Field(min_length=1, max_length=80)
    attribute: str | None = None


class _NamesFile(Section):
    names: tuple[_Named, ...] = Field(max_length=200)


def read_names(path: Path | None) -> tuple[GivenName, ...]:
    """Returns the names in a file; none without one.

    Raises SettingsError: the file cannot be read, or an entry lacks the SHA-256 of a model's weights, the number of a
    dimension or a name.
    """
    if path is None:
        return ()
    try:
        found = _NamesFile.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"{path}: {place}: {first['msg']}; expected names: [{{weights: SHA-256 of a model's weights as in its "
            "report, dimension: 0, name: what you call it, attribute: what you guess it is (optional)}}]"
        ) from None
    return tuple(GivenName(one.weights, one.dimension, one.name, one.attribute) for one in found.names)
