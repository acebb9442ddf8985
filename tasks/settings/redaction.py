"""What a run says of itself, without what belongs to the machine it was made on: no folder, no user, no password."""

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from latent_audit.tasks.settings.addresses import without_password
from latent_audit.tasks.settings.audit import Settings


def redacted_settings(settings: Settings) -> Settings:
    """Returns the settings as a run's folder holds them, for the folder is handed on as a whole.

    Paths outside the current folder stand by their last part.
    """
    plain: Settings = _plain(settings)
    return plain


def redacted_words(words: list[str]) -> list[str]:
    """Returns the words of a command without passwords, user names and folders."""
    return ["=".join(_last_part(part) for part in word.split("=", 1)) for word in words]


def redacted_address(address: str) -> str:
    """Returns the address of a store as others may read it."""
    kind, path = re.match(r"((?:sqlite:///|file://)?)(.*)", address, re.DOTALL).groups()  # type: ignore[union-attr]  # every text matches
    if not kind:
        return without_password(address)
    return f"{kind}{_plain_path(Path(path))}"


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_copy(
            update={name: _plain(getattr(value, name)) for name in type(value).model_fields}
        )
    if isinstance(value, Path):
        return _plain_path(value)
    if isinstance(value, str):
        return _last_part(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_plain(item) for item in value)
    return value


def _plain_path(path: Path) -> Path:
    if not path.is_absolute():
        return path
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else Path(path.name)


def _last_part(word: str) -> str:
    if Path(word).is_absolute():
        return Path(word).name
    # Paths inside a YAML value, as in {folder: /home/ada/faces}; addresses of hosts stay.
    return re.sub(r"(?<![\w:/.~-])/(?:[^\s,{}\[\]\"'/]+/)+", "", redacted_address(word))
