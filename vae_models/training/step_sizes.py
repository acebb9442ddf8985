"""The learning-rate schedule: constant, then falling linearly (Hägele et al. 2024, "Scaling laws
and compute-optimal training beyond fixed training durations").

With the decay the same quality takes a fraction of the steps.
"""

from collections.abc import Iterable

from torch import Tensor
from torch.optim import Optimizer

from latent_audit.vae_models.training.settings import TrainingSettings

LAST = 0.05
# Where torch's own schedules keep the step size that was set.
_AS_SET = "initial_lr"


def step_share(step: int, settings: TrainingSettings) -> float:
    """Returns the factor of the learning rate at a step, from 1 down to a twentieth."""
    falling = settings.learning_rate_decay * settings.steps
    left = settings.steps - step
    if left >= falling:
        return 1.0
    return LAST + (1.0 - LAST) * max(0.0, left / falling)


def set_step_sizes(optimizers: Iterable[Optimizer], share: float) -> None:
    """Sets the learning rate of every optimiser to this share of its initial one."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            size = share * group.setdefault(_AS_SET, float(group["lr"]))
            if isinstance(group["lr"], Tensor):  # read by a recorded step from where it lies
                group["lr"].fill_(size)
            else:
                group["lr"] = size
