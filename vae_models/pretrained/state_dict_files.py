"""Reads named tensors from a file that is not trusted, without running any of its content."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.file_kinds import (
    KINDS_OF_WEIGHTS,
    SAFETENSORS,
    kind_of,
    refuse_other_kinds,
)
from latent_audit.vae_models.pretrained.printable import printable
from latent_audit.vae_models.storage.weight_files import read_tensors
from latent_audit.vocabulary.machine_errors import raise_machine_error

_NAMED_AT_MOST = 8


def read_state_dict(path: Path, entry: str | None = None) -> dict[str, Tensor]:
    """Returns the tensors in a .safetensors file or a torch file by name, on the CPU.

    entry: key of the state_dict in a file that holds more. torch files are unpickled with weights_only, which
    makes tensors and plain containers and nothing else. Raises BadCheckpoint.
    """
    if not path.is_file():
        raise BadCheckpoint(f"there is no file of weights at {path}: name the one that holds them")
    refuse_other_kinds(path, KINDS_OF_WEIGHTS, "a file of tensors")
    if kind_of(path) == SAFETENSORS or path.suffix == ".safetensors":
        if entry is not None:
            raise BadCheckpoint(
                f"{path} is a safetensors file and has no entries: leave out entry ({entry!r})"
            )
        return read_tensors(path, torch.device("cpu"))[0]
    content = _unpickled(path)
    if entry is not None:
        if not isinstance(content, Mapping) or entry not in content:
            raise BadCheckpoint(f"{path} has no entry {entry!r}; it {_described(content)}")
        content = content[entry]
    if (
        not isinstance(content, Mapping)
        or not content
        or not all(_is_tensor(item) for item in content.items())
    ):
        where = f"the entry {entry!r} of {path}" if entry else str(path)
        raise BadCheckpoint(
            f"{where} is not a state_dict, names with tensors: it {_described(content)}. Name the entry that is "
            "one with `entry`, or save model.state_dict() alone"
        )
    return dict(content)


def entry_of(path: Path) -> str | None:
    """Returns the only entry of a torch file that holds named tensors; None if all of the file does, or no or several
    entries do. Raises BadCheckpoint as `read_state_dict` does.
    """
    if kind_of(path) == SAFETENSORS or path.suffix == ".safetensors":
        return None
    content = _unpickled(path)
    if not isinstance(content, Mapping) or (content and all(_is_tensor(item) for item in content.items())):
        return None
    named = [
        str(name)
        for name, part in content.items()
        if isinstance(part, Mapping) and part and all(_is_tensor(item) for item in part.items())
    ]
    return named[0] if len(named) == 1 else None


def _unpickled(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file can fail in as many ways as torch's readers have
        raise_machine_error(error)
        reason = str(error).split("\n")[0].split(". ")[0].strip() or type(error).__name__
        raise BadCheckpoint(
            f"{path} cannot be read as tensors alone ({reason}). Python objects in it are not unpickled, since "
            "that would run code: save model.state_dict(), or write it as safetensors"
        ) from error


def _is_tensor(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)


def _described(content: Any) -> str:
    if not isinstance(content, Mapping):
        return f"holds a {type(content).__name__}"
    names = [printable(name) for name in content][:_NAMED_AT_MOST]
    return f"holds {', '.join(names) or 'nothing'}{', ...' if len(content) > _NAMED_AT_MOST else ''}"
