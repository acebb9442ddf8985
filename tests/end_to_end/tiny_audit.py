"""The smallest audit that still has every stage, and the environment that it is run in."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TINY = """\
run: {name: tiny}
data: {kind: sprites, images: 1800}
seeds: [0, 1]
classifier: {width: 8, hidden: 16, training: {steps: 20, evaluate_every: 20, patience: null}}
models:
  vae:
    {kind: beta_vae, beta: 2, latent_dim: 2, network: mlp, warm_up_steps: 5,
     training: {steps: 240, batch_size: 16, evaluate_every: 120, checkpoint_every: 20, evaluation_images: 100}}
  gan: {kind: interpretable_gan, named: [shape, posX], free_dimensions: 1, warm_up_steps: 5, training: {steps: 10}}
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_moves_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, move_images: 16, use_images: 20, regret_steps: 2}
"""

# One model of one seed: every kind of stage, where it does not matter what is found.
SMALLEST = """\
run: {name: smallest}
data: {kind: sprites, images: 1800}
seeds: [0]
classifier: {width: 8, hidden: 16, training: {steps: 20, evaluate_every: 20, patience: null}}
models:
  vae:
    {kind: vae, latent_dim: 2, network: mlp, warm_up_steps: 5,
     training: {steps: 100, batch_size: 16, evaluate_every: 50, checkpoint_every: 20, evaluation_images: 100}}
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_moves_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, move_images: 16, use_images: 20, regret_steps: 2}
"""


def command_environment(numba: Path) -> dict[str, str]:
    """Returns the environment of a newcomer: none of our variables, homes left to the command."""
    ours = ("LATENT_AUDIT_", "PREFECT_", "MLFLOW_", "NUMBA_", "COV_", "COVERAGE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # The compiled code of UMAP is the same in every store, and compiling it takes longer than all else here.
    return {**kept, "PYTHONPATH": str(REPOSITORY), "NUMBA_CACHE_DIR": str(numba)}
