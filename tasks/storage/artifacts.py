"""References to stored results, which tasks exchange instead of tensors."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Artifact:
    """A finished stage in the store.

    `digest` is the SHA-256 over the digests of all its files. `seconds` is what computing it took, when it was
    computed; `origin` is the MLflow run that computed it.
    """

    stage: str
    key: str
    path: Path
    digest: str
    seconds: float
    reused: bool
    origin: str

    def json(self, name: str) -> Any:
        """Returns the content of one of its JSON files."""
        return json.loads((self.path / name).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class ModelKey:
    """A model of a run: its name in the settings, and its seed."""

    name: str
    seed: int

    @property
    def id(self) -> str:
        """The name of the model in report, MLflow and ledger."""
        return f"{self.name}-seed{self.seed}"


def canonical(value: Any) -> str:
    """Returns JSON that is the same for equal values: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Any) -> str:
    """Returns the SHA-256 of a JSON value in canonical form."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def digest_of_file(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
