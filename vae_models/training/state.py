"""Everything that a killed training run needs to go on to bit-identical weights: weights, optimiser moments,
random state, curves and the early stop's memory, in one safetensors file.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Generator, Tensor, nn
from torch.optim import Optimizer

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.storage.weight_files import read_tensors, write_tensors

STATE_FILE = "training_state.safetensors"

Curves = dict[str, list[list[float]]]


@dataclass(frozen=True)
class Resumed:
    """What `load_state` found beside what it put back in place."""

    progression: "Progression"
    best_weights: dict[str, Tensor] | None
    sums: dict[str, Tensor]


@dataclass
class Progression:
    """How far a run is. `stopped` is "" while it goes on."""

    identity: str  # digest of settings, seed and data: another run's state is not resumed
    step: int = 0
    seconds: float = 0.0
    stopped: str = ""
    first_objective: float | None = None
    best_objective: float | None = None
    best_step: int = 0
    evaluations_since_best: int = 0
    counts: dict[str, int] = field(default_factory=dict)  # terms in each running sum of training scalars
    curves: Curves = field(default_factory=dict)


def save_state(
    folder: Path,
    module: nn.Module,
    optimizers: dict[str, Optimizer],
    generator: Generator,
    progression: Progression,
    best_weights: dict[str, Tensor] | None,
    sums: dict[str, Tensor],
) -> Path:
    """Writes the state of a run after `progression.step` steps; returns the file."""
    tensors = {f"model.{name}": tensor for name, tensor in module.state_dict().items()}
    for name, tensor in (best_weights or {}).items():
        tensors[f"best.{name}"] = tensor
    for name, tensor in sums.items():
        tensors[f"sum.{name}"] = tensor
    for optimizer_name, optimizer in optimizers.items():
        for index, fields in optimizer.state_dict()["state"].items():
            for field_name, tensor in fields.items():
                tensors[f"optimizer.{optimizer_name}.{index}.{field_name}"] = tensor
    tensors["generator"] = generator.get_state()
    path = folder / STATE_FILE
    write_tensors(path, tensors, asdict(progression))
    return path


def load_state(
    folder: Path,
    module: nn.Module,
    optimizers: dict[str, Optimizer],
    generator: Generator,
    identity: str,
) -> Resumed | None:
    """Puts a saved state back in place and returns the rest of it, or None where no state is.

    Raises BadCheckpoint if the state is of other settings, seed or data.
    """
    path = folder / STATE_FILE
    if not path.exists():
        return None
    tensors, facts = read_tensors(path, torch.device("cpu"))
    progression = Progression(**facts)
    if progression.identity != identity:
        raise BadCheckpoint(
            f"{path} belongs to a run with other settings, seed or data: use another folder, or delete it"
        )
    module.load_state_dict(_with_prefix(tensors, "model."))
    for name, optimizer in optimizers.items():
        _restore_optimizer(optimizer, _with_prefix(tensors, f"optimizer.{name}."))
    generator.set_state(tensors["generator"])
    return Resumed(progression, _with_prefix(tensors, "best.") or None, _with_prefix(tensors, "sum."))


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Returns the tensors whose names start with `prefix`, under the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _restore_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Puts flattened moments back, in the memory layout of their parameters."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, field_name = name.split(".", 1)
        parameter = parameters[int(index)]
        if tensor.shape == parameter.shape and tensor.dim() > 0:
            tensor = torch.empty_like(parameter).copy_(tensor)
        state.setdefault(int(index), {})[field_name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
