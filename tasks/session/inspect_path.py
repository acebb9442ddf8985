"""Says what a file or folder is, model or data, and prints the settings that use it; nothing of it is run."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from latent_audit.reports.page.messages import english
from latent_audit.tasks.datasets.recognise import recognise_data
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.terminal_text import named
from latent_audit.vae_models.pretrained.recognising.inspection import Inspection, inspect_model


def inspected_lines(path: Path) -> Iterator[str]:
    """Yields lines for the terminal: the format, what was found, what is missing, and the settings to copy.

    Raises UsageError if there is nothing at the path, or it may not be read.
    """
    if not path.exists():
        raise UsageError(f"there is nothing at {path}: give the path of a model, a table or a folder")
    try:
        seen = _looked_at(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    yield f"{named(path)} is {named(seen.what)}"
    yield from (named(line) for line in seen.found)
    yield from (f"missing for an audit: {named(line)}" for line in seen.missing)
    if seen.settings:
        yield "settings to copy:"
        text = yaml.safe_dump(dict(seen.settings), sort_keys=False, allow_unicode=True)
        yield from (f"  {named(line)}" for line in text.splitlines())


def _looked_at(path: Path) -> Inspection:
    if not path.is_dir() and not path.is_file():
        return Inspection(path, "no plain file", missing=("a pipe or device is not read: give a file",))
    data = recognise_data(path)
    if data is not None:
        needed = () if data.settings is None else ("a model: section models",)
        settings = None if data.settings is None else {"data": dict(data.settings)}
        found = tuple(line if isinstance(line, str) else english(line) for line in data.found)
        return Inspection(path, data.what, found, settings, (*data.missing, *needed))
    model = inspect_model(path)
    if model is not None:
        return model
    return Inspection(
        path,
        "of no format that is known here",
        missing=(
            "a model (docs/existing-models.md) or data (docs/data.md) in one of the formats listed there",
        ),
    )
