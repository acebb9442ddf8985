"""Settings of a folder as a library saves a model: a JSON configuration and a file of weights."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field, model_validator

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.existing_settings import ForeignModelSettings

if TYPE_CHECKING:
    from torch import Tensor, nn


_LARGEST_CONFIG_BYTES = 1 << 20
_NAMED_AT_MOST = 6


class LibraryFolderSettings(ForeignModelSettings):
    """A model as a library saves it: a folder with a configuration and weights."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path", "config", "weights"})
    library: ClassVar[str]
    config_name: ClassVar[str]
    weights_name: ClassVar[str]

    path: Path | None = Field(
        None, description="the folder that the library saved; its two files are found in it"
    )
    config: Path | None = Field(None, description="in place of path: the configuration (JSON)")
    weights: Path | None = Field(None, description="in place of path: the weights")

    @model_validator(mode="after")
    def _is_given(self) -> Self:
        if self.path is None and (self.config is None or self.weights is None):
            raise ValueError(f"name the folder that {self.library} saved as path")
        return self

    def given_files(self) -> dict[str, str]:
        """Returns the configuration and the weights. Raises BadCheckpoint where path is no such folder."""
        if self.path is None:
            return {"config": str(self.config), "weights": str(self.weights)}
        found = {
            "config": self.config or self.path / self.config_name,
            "weights": self.weights or self.path / self.weights_name,
        }
        for name, place in found.items():
            if not place.is_file():
                raise BadCheckpoint(
                    f"{self.path} is {_described(self.path)}, and a folder of {self.library} is needed: it has no "
                    f"{place.name}, the {'configuration' if name == 'config' else 'weights'} that "
                    f"{self.library} saves. latent-audit inspect says what a path is"
                )
        return {name: str(place) for name, place in found.items()}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings with both files somewhere else."""
        return self.model_copy(
            update={"path": None, **{name: places[name] for name in ("config", "weights")}}
        )


def _described(path: Path) -> str:
    from latent_audit.vae_models.pretrained.file_kinds import kind_of

    if not path.exists():
        return "not there"
    found = kind_of(path)
    return "of no known format" if found is None else found.name


def read_config(path: Path) -> dict[str, Any]:
    """Returns the JSON object in a configuration; raises BadCheckpoint for everything else."""
    try:
        if path.stat().st_size > _LARGEST_CONFIG_BYTES:
            raise BadCheckpoint(
                f"{path} has more than {_LARGEST_CONFIG_BYTES:,} bytes: it is no configuration"
            )
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadCheckpoint(f"{path} cannot be read as JSON in UTF-8: {str(error)[:200]}") from error
    if not isinstance(content, dict):
        raise BadCheckpoint(f"{path} holds a {type(content).__name__}, and a configuration is an object")
    return content


def check_weights(expected: Mapping[str, "Tensor"], found: Mapping[str, "Tensor"], source: str) -> None:
    """Raises BadCheckpoint unless tensors have the names and shapes that the configuration asks for."""
    from latent_audit.vae_models.pretrained.printable import printable

    odd = [f"{printable(name)} is missing" for name in sorted(expected.keys() - found.keys())]
    odd += [f"{printable(name)} is not asked for" for name in sorted(found.keys() - expected.keys())]
    odd += [
        f"{name} is {tuple(found[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in found and found[name].shape != tensor.shape
    ]
    if odd:
        more = f", and {len(odd) - _NAMED_AT_MOST} more" if len(odd) > _NAMED_AT_MOST else ""
        raise BadCheckpoint(
            f"the weights of {source} do not fit its configuration: {'; '.join(odd[:_NAMED_AT_MOST])}{more}"
        )


def filled(module: "nn.Module", weights: Mapping[str, "Tensor"], source: str) -> "nn.Module":
    """Returns a module that was made on the device `meta`, with these weights in float32 in it.

    A configuration alone thus takes no memory: only as much as the file of weights has is ever held. Raises
    BadCheckpoint.
    """
    check_weights(module.state_dict(), weights, source)
    module.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, assign=True)
    left = [name for name, tensor in (*module.named_parameters(), *module.named_buffers()) if tensor.is_meta]
    if left:
        raise BadCheckpoint(f"the weights of {source} lack {', '.join(left[:_NAMED_AT_MOST])}")
    return module.eval()
