"""Slots on the GPUs of this machine, shared by all its runs: one file lock per slot."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from latent_audit.tasks.storage.file_lock import try_lock

LOOK_AGAIN_SECONDS = 0.2


@contextmanager
def gpu_slot(device: str, slots: int) -> Iterator[str]:
    """Waits for a slot on a GPU and yields its device name: "cuda:1" for "cuda"; "cpu" needs no slot.

    Args:
        device: "cpu", "cuda" (any GPU) or "cuda:N".
        slots: how many stages may use one GPU at once.
    """
    if not device.startswith("cuda"):
        yield device
        return
    index = device.partition(":")[2]
    if index:
        devices = [int(index)]
    else:
        import torch  # here: a machine without a GPU need not load it

        devices = list(range(torch.cuda.device_count()))
    chosen, handle = _wait_for_place(devices, slots)
    with handle:
        yield f"cuda:{chosen}"


def _wait_for_place(devices: list[int], slots: int) -> tuple[int, TextIO]:
    """Waits for a slot; tries the first slots of all GPUs before the second ones."""
    folder = Path(tempfile.gettempdir())
    while True:
        for slot in range(slots):
            for device in devices:
                # The file stays: who removed it would let two hold the place, under an old and a new file.
                handle = try_lock(folder / f"latent-audit-gpu{device}-slot{slot}.lock")
                if handle is not None:
                    return device, handle
        time.sleep(LOOK_AGAIN_SECONDS)
