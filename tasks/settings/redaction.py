"""Removes secrets and folders from settings and command lines that others may read.

Prefect keeps a flow's parameters in its database and shows them on its pages: a flow is given addresses without
secrets, and this process, which runs the flow, keeps the whole ones.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from latent_audit.tasks.passwords import has_password, without_password

if TYPE_CHECKING:
    from latent_audit.tasks.datasets.registry import DataSettings
    from latent_audit.tasks.settings.audit import Settings

_whole: dict[str, str] = {}


def without_secrets(settings: "Settings") -> "Settings":
    """Returns the settings without passwords and tokens in addresses; `restored` gives them back.

    A tracking address with one is moved to MLFLOW_TRACKING_URI, since MLflow's clients look there.
    """
    uri = settings.tracking.uri
    if uri is not None and has_password(uri):
        os.environ["MLFLOW_TRACKING_URI"] = uri
        settings = settings.model_copy(
            update={"tracking": settings.tracking.model_copy(update={"uri": None})}
        )
    outside = settings.explanations.outside
    explanations = settings.explanations
    if outside is not None:
        explanations = explanations.model_copy(update={"outside": _without_mirror(outside)})
    run, compute = settings.run, settings.compute
    return settings.model_copy(
        update={
            "data": _without_mirror(settings.data),
            "explanations": explanations,
            "run": run.model_copy(update={"shared_store": _kept_apart(run.shared_store)}),
            "compute": compute.model_copy(update={"address": _kept_apart(compute.address)}),
        }
    )


def restored(address: str) -> str:
    """Returns an address with the parts that `without_secrets` removed."""
    return _whole.get(address, address)


def _without_mirror(data: "DataSettings") -> "DataSettings":
    mirror = getattr(data, "mirror", None)
    return data if mirror is None else data.model_copy(update={"mirror": _kept_apart(mirror)})


def _kept_apart(address: str | None) -> str | None:
    if address is None or not has_password(address):
        return address
    shown = without_password(address)
    _whole[shown] = address
    return shown


def redacted_settings(settings: "Settings") -> "Settings":
    """Returns the settings as stored in a run's folder, which may be passed on to others.

    Paths outside the current folder are reduced to their last component.
    """
    redacted: Settings = _redacted(settings)
    return redacted


def redacted_words(words: list[str]) -> list[str]:
    """Returns the words of a command without passwords, user names and folders."""
    return ["=".join(_last_part(part) for part in word.split("=", 1)) for word in words]


def redacted_address(address: str) -> str:
    """Returns the address of a store without secrets."""
    kind, path = re.match(r"((?:sqlite:///|file://)?)(.*)", address, re.DOTALL).groups()  # type: ignore[union-attr]  # every text matches
    if not kind:
        return without_password(address)
    return f"{kind}{_redacted_path(Path(path))}"


def _redacted(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_copy(
            update={name: _redacted(getattr(value, name)) for name in type(value).model_fields}
        )
    if isinstance(value, Path):
        return _redacted_path(value)
    if isinstance(value, str):
        return _last_part(value)
    if isinstance(value, dict):
        return {name: _redacted(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_redacted(item) for item in value)
    return value


def _redacted_path(path: Path) -> Path:
    if not path.is_absolute():
        return path
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else Path(path.name)


def _last_part(word: str) -> str:
    if Path(word).is_absolute():
        return Path(word).name
    # Paths inside a YAML value, as in {folder: /home/ada/faces}; addresses of hosts stay.
    return re.sub(r"(?<![\w:/.~-])/(?:[^\s,{}\[\]\"'/]+/)+", "", redacted_address(word))
