"""Folders and seed of a run. They are read first, because other settings take a second to import."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.words import layered, parse_overrides, read_yaml, split_words

SOURCES = SettingsConfigDict(
    env_prefix="LATENT_AUDIT_", env_nested_delimiter="__", nested_model_default_partial_update=True
)


class Section(BaseModel):
    """A group of settings: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


class RunSettings(Section):
    """Folders of a run's work and results, and its seed."""

    name: str | None = Field(
        None, description="the run's name in runs/ and MLflow; null: the data set's kind"
    )
    seed: int = Field(0, ge=0, lt=2**31, description="the one seed that every random stream is derived from")
    store: Path = Field(
        Path("artifacts"), description="folder of finished stages, downloads and MLflow's data"
    )
    shared_store: str | None = Field(
        None,
        description="address (s3://bucket/folder, file:///mnt/share) where finished stages are kept as well, so that "
        "machines without a common disk share them; null: run.store alone",
    )
    output: Path = Field(Path("runs"), description="folder of reports: <output>/<name>/<run id>/")

    @field_validator("store", "output")
    @classmethod
    def _is_a_place(cls, place: Path) -> Path:
        if "\0" in str(place):
            raise ValueError("a path holds no zero byte")
        return place


class _OnlyRun(BaseSettings):
    model_config = SettingsConfigDict(**SOURCES, extra="ignore")

    run: RunSettings = RunSettings()


def store_of_words(words: Sequence[str]) -> Path | None:
    """Returns the store that a command's words, its settings file and the environment name.

    None if they are invalid; loading all settings reports the error.
    """
    try:
        config, overrides = split_words(words)
        file_layer = read_yaml(config) if config else {}
        return layered(_OnlyRun, file_layer)(**parse_overrides(overrides)).run.store
    except (SettingsError, ValidationError):
        return None
