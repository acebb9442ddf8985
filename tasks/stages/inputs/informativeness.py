"""How much each dimension of a model tells, as `latent_audit.tasks.stages.evidence.fitness` measured it."""

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.storage.arrays import read_json
from latent_audit.tasks.storage.artifacts import Artifact


def informativeness(fitness: Artifact) -> NDArray[np.float64]:
    """Returns (d,) by which dimensions are ordered: KL in nats; without one a code's variance, 0 where unused."""
    uses = read_json(fitness.path / "fitness.json")["dimensions"]
    return np.array(
        [use["active"] * use["mean_variance"] if use["kl_nats"] is None else use["kl_nats"] for use in uses]
    )
