"""Files of a trained model, and its kind, read without importing the model's code."""

import json
from pathlib import Path

WEIGHTS_FILE = "weights.safetensors"
RECIPE_FILE = "recipe.json"


def kind_in(folder: Path) -> str | None:
    """Returns the kind of the trained model in `folder`, None for a folder without one or with an unreadable recipe."""
    try:
        recipe = json.loads((folder / RECIPE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    kind = recipe.get("kind") if isinstance(recipe, dict) else None
    return kind if isinstance(kind, str) else None
