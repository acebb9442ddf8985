"""Names that MLflow accepts."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from latent_audit.reports.page.visible_text import visible_lines

# What is exported of a model, each part as a registered model of its own.
EXPORTED_PARTS = ("encoder", "decoder")


def registered_name(experiment: str, model: str, part: str) -> str:
    """Returns the name in MLflow's registry of one exported part of a model."""
    return f"{experiment}-{model}-{part}"


def clean_name(name: str) -> str:
    """Returns the name with characters that MLflow refuses replaced by an underscore."""
    return re.sub(r"[^\w\-. ]", "_", name)[:250] or "_"


def clean_model_name(name: str) -> str:
    """Returns the name with characters that MLflow refuses in names of models, and dots, replaced by an underscore."""
    return clean_name(name).replace(".", "_")


def flat(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Yields nested settings under dotted names."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{clean_name(str(name))}.")
        else:
            yield prefix + clean_name(str(name)), value


def clean_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Returns tags with names that MLflow accepts and with visible values; MLflow's own names are kept."""
    return {
        name if name.startswith("mlflow.") else clean_name(name): visible_lines(str(value))
        for name, value in tags.items()
    }
