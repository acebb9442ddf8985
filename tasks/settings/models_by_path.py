"""Models that are given by a path alone: their kind, and the size of images that they were trained on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latent_audit.tasks.errors import SettingsError
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.file_kinds import KINDS_OF_WEIGHTS, FileKind, kind_of

_PATH, _KIND = "path", "kind"


def has_a_path_alone(model: Any) -> bool:
    """Returns whether the values of a model name a path and no kind."""
    return isinstance(model, Mapping) and _PATH in model and _KIND not in model


def with_kind_of_path(name: str, model: Any) -> Any:
    """Returns a model's values with the kind that its path has; others as they are.

    A folder with one file of weights stands for that file. Raises SettingsError where the content has no kind.
    """
    if not has_a_path_alone(model):
        return model
    path = Path(str(model[_PATH]))
    folder = _kind(path) if path.is_dir() else None
    if folder is not None and folder.kind is not None:
        return {_KIND: folder.kind, **model}
    if path.is_dir():
        files = [
            file for file in sorted(path.iterdir()) if file.is_file() and _kind(file) in KINDS_OF_WEIGHTS
        ]
        path = files[0] if len(files) == 1 else path
    if not path.exists():
        raise SettingsError(f"models.{name}.path is {path}, and there is no such file")
    kind = _kind(path)
    if kind in KINDS_OF_WEIGHTS:
        return {_KIND: "checkpoint", **model, _PATH: str(path)}
    what = "of no format that is known here" if kind is None else kind.name
    helps = "" if kind is None else f": {kind.taken_by}"
    raise SettingsError(
        f"models.{name}.path is {path}, which is {what}{helps}. Set models.{name}.kind, or see what is in it with: "
        f"latent-audit inspect {path}"
    )


def _kind(path: Path) -> FileKind | None:
    try:
        return kind_of(path)
    except OSError:
        return None


def image_size_of(models: Mapping[str, Any]) -> int | None:
    """Returns the side of the images that checkpoints are for; None where their shapes leave it open or differ."""
    sides: set[int] = set()
    for model in models.values():
        if isinstance(model, Mapping) and model.get(_KIND) == "checkpoint" and _PATH in model:
            sides |= _sides(Path(str(model[_PATH])), model.get("entry"))
        elif isinstance(model, Mapping) and model.get(_KIND) == "pythae" and model.get(_PATH):
            sides |= _side_of_pythae(Path(str(model[_PATH])))
    return sides.pop() if len(sides) == 1 else None


def _side_of_pythae(path: Path) -> set[int]:
    from latent_audit.vae_models.pretrained.libraries.pythae_model import checked_config
    from latent_audit.vae_models.pretrained.libraries.pythae_settings import PythaeSettings

    try:
        return {checked_config(Path(PythaeSettings(path=path).given_files()["config"]))[2][1]}
    except (BadCheckpoint, OSError):
        return set()


def _sides(path: Path, entry: str | None) -> set[int]:
    # Here: torch takes seconds to import, and few settings need it.
    from latent_audit.vae_models.pretrained.recognising.weights_by_shape import fits
    from latent_audit.vae_models.pretrained.state_dict_files import entry_of, read_state_dict

    try:
        tensors = read_state_dict(path, entry_of(path) if entry is None else entry)
    except (BadCheckpoint, OSError):
        return set()  # said when the file is looked at before the audit
    return {way.image_shape[1] for way in fits(tensors)}
