"""Exported programs in MLflow's model format."""

import platform
from pathlib import Path
from typing import Any


def save_exported(folder: Path, module: Any, example: Any) -> None:
    """Writes a torch module in MLflow's model format as an exported program: no pickle, runs without our code.

    Args:
        folder: where to; must not exist.
        module: takes one float tensor and returns one.
        example: float32 array (2 or more, ...), which fixes all but the number of rows.
    """
    import mlflow.pytorch  # here: only workers that export need torch's flavour of it

    # Said in full: MLflow would look for this environment's pip, and an environment made by uv has none.
    needed = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [
            f"python={platform.python_version()}", "pip", {"pip": ["torch", "mlflow", "numpy"]}
        ],
    }  # fmt: skip
    mlflow.pytorch.save_model(
        module, str(folder), input_example=example, serialization_format="pt2", conda_env=needed
    )
