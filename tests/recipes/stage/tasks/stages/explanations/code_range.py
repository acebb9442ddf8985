"""Code range: the 5 % and 95 % quantiles of the codes of held-out images, for each dimension."""

from pathlib import Path

import numpy as np

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.codes import open_codes
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.tasks.storage.artifacts import Artifact

LEVELS = (0.05, 0.95)


def compute(folder: Path, context: StageContext, *, encoded: Artifact) -> None:
    """Writes code_range.json as audit.json holds it."""
    codes = open_codes(encoded)
    ranges = np.quantile(codes.of("probe_test"), LEVELS, axis=0).T.tolist()
    rows = [
        {"dimension": j, "name": name, "low": low, "high": high}
        for j, (name, (low, high)) in enumerate(zip(codes.names, ranges, strict=True))
    ]
    write_json(folder / "code_range.json", rows)
