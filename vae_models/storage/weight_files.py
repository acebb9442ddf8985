"""Writes tensors and JSON atomically and without pickle: safetensors, written aside and renamed."""

import json
import os
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from latent_audit.vae_models.errors import BadCheckpoint


def write_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Writes tensors, and facts as JSON in the same file's header, in one atomic step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Copies: safetensors refuses memory shared between names and strides that are not plain.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(plain, beside, metadata={"facts": json.dumps(facts, sort_keys=True)})
        beside.replace(path)
    except SafetensorError as error:
        refused = re.search(r"\(os error (\d+)\)", str(error))
        if refused is None:
            raise
        # The system's refusal as Python says it, so that a full disk is known as one.
        number = int(refused[1])
        raise OSError(number, os.strerror(number), str(path)) from error
    finally:
        beside.unlink(missing_ok=True)


def read_tensors(path: Path, device: torch.device) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Reads the tensors of `write_tensors`; raises BadCheckpoint for a missing, damaged or foreign file."""
    if not path.is_file():
        raise BadCheckpoint(
            f"no weights at {path}: train the model first, or name the folder that holds them"
        )
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            facts = json.loads((file.metadata() or {}).get("facts", "{}"))
            if not isinstance(facts, dict):
                raise BadCheckpoint(f"{path} is not ours: its facts are no JSON object")
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError, RecursionError) as error:
        raise BadCheckpoint(
            f"{path} is not a whole safetensors file ({error}): copy or download it anew, or, if an "
            "audit trained it, delete it and train again"
        ) from error


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Writes a JSON object in one atomic step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    beside.replace(path)
