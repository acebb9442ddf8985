"""Cores and devices of this machine."""

import os
from pathlib import Path

from latent_audit.tasks.errors import SettingsError


def available_cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_device(wish: str) -> str:
    """Returns the torch device for "auto", "cpu", "cuda" or "cuda:N"; raises SettingsError if it does not exist."""
    if wish == "cpu" or (wish == "auto" and not _may_have_cuda()):
        return "cpu"
    import torch  # here: it takes seconds, which a machine without a GPU need not spend

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wish == "auto":
        return "cuda" if count else "cpu"
    index = int(wish.partition(":")[2] or 0)
    if index >= count:
        raise SettingsError(
            f"compute.device is {wish}, but torch sees {count} CUDA GPUs here: use auto or cpu, or install a driver"
        )
    return wish


def _may_have_cuda() -> bool:
    return any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/dxg", "/dev/nvidia0"))
