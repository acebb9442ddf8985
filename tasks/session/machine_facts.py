"""The machine and the packages that a run computed with, for run.json."""

import platform
from importlib import metadata
from typing import Any

NAMED_PACKAGES = (
    "latent-audit",
    "torch",
    "torchvision",
    "prefect",
    "mlflow",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "umap-learn",
    "captum",
    "matplotlib",
    "jinja2",
)


def hardware(workers: int, device: str) -> dict[str, Any]:
    """Returns machine, system, version of Python, number of workers and device."""
    return {
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "workers": workers,
        "device": device,
    }


def package_versions() -> dict[str, str]:
    """Returns the versions of the packages that results depend on."""
    return {name: metadata.version(name) for name in NAMED_PACKAGES}
