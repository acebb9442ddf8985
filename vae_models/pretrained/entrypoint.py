"""Makes a model with a user's own Python function. This runs code that has not been checked, and says so
wherever the model is described.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from latent_audit.vae_models.components.reconstruction import build_reconstruction
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.foreign_model import ForeignModel
from latent_audit.vae_models.pretrained.functions.halves import halves_of, networks_of
from latent_audit.vocabulary.extensions import BadExtension, load
from latent_audit.vocabulary.machine_errors import raise_machine_error

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.entrypoint_settings import OwnCodeSettings, OwnFunctionSettings


class OwnCode(Protocol):
    """Settings that name a function of the user's own."""

    @property
    def entrypoint(self) -> str | None: ...  # noqa: D102
    @property
    def entry_point_group(self) -> str | None: ...  # noqa: D102
    @property
    def folder(self) -> Path: ...  # noqa: D102
    @property
    def arguments(self) -> Mapping[str, Any]: ...  # noqa: D102

    def in_folder(self, folder: Path) -> Self:
        """Returns the settings with another folder of the code."""
        ...


def build_from_entrypoint(settings: "OwnFunctionSettings", image_shape: tuple[int, int, int]) -> ForeignModel:
    """Returns the model that the user's function makes, with its weights.

    Raises BadCheckpoint if the function cannot be found or called, or its result cannot be used.
    """
    return wrapped(made_by(settings, settings.files), settings, image_shape)


def made_by(settings: OwnCode, files: Mapping[str, Path]) -> Any:
    """Returns what the user's function makes; raises BadCheckpoint if it cannot be found or called."""
    function = found_by(settings)
    try:
        return function(**settings.arguments, **files)
    except (Exception, SystemExit) as error:  # the user's code can fail in any way
        raise_machine_error(error)
        raise BadCheckpoint(
            f"{settings.entrypoint} failed: {type(error).__name__}: {str(error)[:300] or 'without a word'}"
        ) from error


def wrapped(made: Any, settings: "OwnCodeSettings", image_shape: tuple[int, int, int]) -> ForeignModel:
    """Returns an object with both halves as a model; raises BadCheckpoint if it has none."""
    assert settings.entrypoint is not None
    encode, decode = halves_of(made, image_shape, settings.entrypoint, decodes=settings.decodes)
    return ForeignModel(
        image_shape,
        networks_of(made),
        encode,
        decode,
        build_reconstruction(settings.reconstruction, settings.pixel_variance),
        settings.pixel_range,
        settings.entrypoint,
        settings.returns,
    )


def found_by(settings: OwnCode) -> Callable[..., Any]:
    """Returns the user's function; raises BadCheckpoint if it cannot be found."""
    assert settings.entrypoint is not None
    if settings.entry_point_group is not None:
        try:
            return load(settings.entry_point_group, settings.entrypoint)
        except BadExtension as error:
            raise BadCheckpoint(str(error)) from error
    module_name, _, name = settings.entrypoint.partition(":")
    folder = str(settings.folder.absolute())
    if folder not in sys.path and settings.folder != Path():  # a recipe does not know it any more
        sys.path.append(folder)
    try:
        function = getattr(importlib.import_module(module_name), name)
    except (Exception, SystemExit) as error:  # the user's module is run when it is imported
        raise_machine_error(error)
        raise BadCheckpoint(
            f"{settings.entrypoint} cannot be imported: {type(error).__name__}: {str(error)[:300]}. Set `folder` to "
            "the folder that its package or module is in"
        ) from error
    if not callable(function):
        raise BadCheckpoint(f"{settings.entrypoint} is a {type(function).__name__}; it must be a function")
    return function


def module_files(settings: OwnCode) -> list[Path]:
    """Returns the Python files of the function: its module, or all of its package; runs none of them.

    Raises BadCheckpoint where there is no such module below `folder`.
    """
    if settings.entrypoint is None:
        raise BadCheckpoint(
            "weights do not say how their network computes: name the function that makes the module as `entrypoint`. "
            "Where the weights fit one of our networks, kind checkpoint with entry: state_dict takes them"
        )
    top = settings.entrypoint.partition(":")[0].split(".")[0]
    package, module = settings.folder / top, settings.folder / f"{top}.py"
    if package.is_dir():
        return sorted(path for path in package.rglob("*.py") if path.is_file())
    if module.is_file():
        return [module]
    raise BadCheckpoint(
        f"there is no module or package {top} in {settings.folder.absolute()}: set `folder` to where "
        f"{settings.entrypoint} is"
    )
