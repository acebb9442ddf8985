"""The smallest audit that still has every stage, and the environment that it is run in."""

import os
import sys
from pathlib import Path

from latent_audit.tasks.analyses.checks.thresholds import Thresholds

REPOSITORY = Path(__file__).resolve().parents[2]
# The program that users call, as it is installed beside this Python.
COMMAND = str(Path(sys.executable).with_name("latent-audit"))
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
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_directions_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, manipulation_images: 16,
  anomaly_images: 20, regret_steps: 2}
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
evidence: {permutations: 100, bootstraps: 100, probe_images: 200, null_directions_per_dimension: 20,
  boosting_iterations: 5}
explanations: {depth: quick, projection_images: 100, attribution_images: 2, attribution_dimensions: 1,
  attribution_steps: 8, superpixel_samples: 24, traversal_steps: 3, manipulation_images: 16,
  anomaly_images: 20, regret_steps: 2}
"""

# No value is a default, nor the value of another limit, nor what the audit above finds by chance.
CHANGED_THRESHOLDS = Thresholds(
    significance=0.231,
    uncertainty_min=0.017,
    gap_min=0.0071,
    leakage_max=0.713,
    survives_min=0.0119,
    effect_probability_min=0.0131,
    effect_standard_deviations_min=0.0173,
    consistency_min=0.537,
    classifier_share_of_way=0.0193,
    matched_strength_min=0.217,
    seeds_min=2,
    seeds_share_min=0.519,
    unused_kl_nats=2.07,
    live_correlation_min=0.317,
    entangled_from=0.0137,
    cause_min=0.0293,
    isolate_min=0.0431,
    block_share=0.971,
    direction_share=0.773,
    absent_max=0.0263,
    groups_min=37,
)


def command_environment(numba: Path) -> dict[str, str]:
    """Returns the environment of a newcomer: none of our variables, homes left to the command."""
    ours = ("LATENT_AUDIT_", "PREFECT_", "MLFLOW_", "NUMBA_", "COV_", "COVERAGE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # The compiled code of UMAP is the same in every store, and compiling it takes longer than all else here.
    return {**kept, "PYTHONPATH": str(REPOSITORY), "NUMBA_CACHE_DIR": str(numba)}
