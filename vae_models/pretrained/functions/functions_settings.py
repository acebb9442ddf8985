"""Settings of a model that the running Python program holds: functions or an object, found by a handle."""

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field

from latent_audit.vae_models.components.choices import Returned
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.existing_settings import ForeignModelSettings, PixelRange
from latent_audit.vocabulary.machine_errors import raise_machine_error

if TYPE_CHECKING:
    from torch import nn

    from latent_audit.vae_models.pretrained.foreign_model import ForeignModel

SOURCE = "the given model"


@dataclass(frozen=True)
class GivenModel:
    """A model as a program holds it: an object with both halves, or else a function for each half."""

    model: object | None = None
    encode: Callable[[Any], Any] | None = None
    decode: Callable[[Any], Any] | None = None


_held: dict[str, Any] = {}


@contextmanager
def held(given: Any) -> Iterator[str]:
    """Yields the handle by which settings name a model or a function, inside the block alone."""
    # The same for the same audit: recipes hold it.
    handle = next(str(number) for number in itertools.count() if str(number) not in _held)
    _held[handle] = given
    try:
        yield handle
    finally:
        del _held[handle]


def held_by(handle: str) -> Any:
    """Returns what a handle stands for; raises BadCheckpoint where the program that held it has ended."""
    if handle not in _held:
        raise BadCheckpoint(
            "the model was held by a Python program that has ended: run the audit there again"
        )
    return _held[handle]


class FunctionsSettings(ForeignModelSettings):
    """A model that the running program holds; it cannot be named in a settings file."""

    runs_its_code: ClassVar[bool] = True

    kind: Literal["functions"] = "functions"
    handle: str = Field(description="which of the models that this process holds")
    pixel_range: PixelRange = Field((0.0, 1.0), description="what black and white are to the model")
    returns: Returned | None = Field(None, description="what encode returns, as for an entrypoint")
    decodes: bool = Field(True, description="whether the model decodes")

    @property
    def has_decoder(self) -> bool:
        """Whether the model decodes."""
        return self.decodes

    def given_files(self) -> dict[str, str]:
        """Returns nothing: the model is in memory."""
        return {}

    def with_files(self, places: Mapping[str, Path]) -> Self:
        """Returns the settings as they are."""
        return self

    def open_trained(self, image_shape: tuple[int, int, int]) -> "ForeignModel":
        """Returns the model with a copy of its weights, on the CPU."""
        from latent_audit.vae_models.components.reconstruction import build_reconstruction
        from latent_audit.vae_models.pretrained.foreign_model import ForeignModel

        networks, encode, decode = _copied(held_by(self.handle), image_shape, self.decodes)
        return ForeignModel(
            image_shape,
            networks,
            encode,
            decode,
            build_reconstruction(self.reconstruction, self.pixel_variance),
            self.pixel_range,
            SOURCE,
            self.returns,
        )


def _copied(
    given: GivenModel, image_shape: tuple[int, int, int], decodes: bool
) -> tuple["nn.Module", Callable[[Any], Any], Callable[[Any], Any] | None]:
    """Returns copies of the networks, on the CPU, and the halves that use the copies: controls change weights."""
    from torch import nn

    from latent_audit.vae_models.pretrained.functions.halves import halves_of, networks_of

    if given.model is not None:
        has_networks = isinstance(given.model, nn.Module) or len(list(networks_of(given.model).children()))
        model = copied(given.model) if has_networks else given.model
        return networks_of(model).cpu(), *halves_of(model, image_shape, SOURCE, decodes=decodes)
    assert given.encode is not None
    halves = (given.encode,) if given.decode is None else (given.encode, given.decode)
    owners = {id(owner): owner for half in halves if (owner := _owner(half)) is not None}
    # Copied together: what both halves share stays shared.
    copies = dict(zip(owners, copied(list(owners.values())), strict=True))
    encode, decode = (*(_of_copy(half, copies) for half in halves), None)[:2]
    assert encode is not None
    return nn.ModuleList(copies.values()).cpu(), encode, decode


def _of_copy(half: Callable[[Any], Any], copies: Mapping[int, "nn.Module"]) -> Callable[[Any], Any]:
    """Returns the same method of the copied module; a function that is no method as it is."""
    owner = _owner(half)
    if owner is None:
        return half
    copied = copies[id(owner)]
    found: Callable[[Any], Any] = copied if owner is half else getattr(copied, half.__name__)
    return found


def _owner(half: Callable[[Any], Any] | None) -> "nn.Module | None":
    """Returns the module that a function is, or is a method of."""
    from torch import nn

    if isinstance(half, nn.Module):
        return half
    owner = getattr(half, "__self__", None)
    return owner if isinstance(owner, nn.Module) else None


def copied(value: Any) -> Any:
    """Returns a deep copy of a model; raises BadCheckpoint where there can be none."""
    try:
        return copy.deepcopy(value)
    except Exception as error:  # locks, sessions, tensors with a history, ...
        raise_machine_error(error)
        raise BadCheckpoint(
            f"the weights of {SOURCE} cannot be copied ({type(error).__name__}: {error}), which the control with "
            "shuffled weights needs: give encode and decode as plain functions, and the control is left out"
        ) from error
