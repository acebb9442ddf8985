"""Hold out one fold of the training images: the same prepared data, its parts dealt anew."""

import os
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.statistics.parts import PARTS
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.storage.arrays import write_array
from latent_audit.tasks.storage.artifacts import Artifact

PREPARED_FILES = ("images.npy", "values.npy", "masks.npy", "order.npy", "data.json")
# Nothing reads this part in a study of sizes: what was held out for audits stays unseen.
UNUSED = "classifier_train"


def compute(
    folder: Path, context: StageContext, *, prepared: Artifact, fold: int, folds: int, seed: int
) -> None:
    """Writes prepared data whose probe_test is one fold of model_train, and whose model_train is the others."""
    data = open_prepared(prepared)
    for name in PREPARED_FILES:
        if (prepared.path / name).is_file():
            _link(prepared.path / name, folder / name)
    write_array(folder / "parts.npy", hold_out(data.parts, fold, folds, seed, data.order))


def hold_out(
    parts: NDArray[np.int8], fold: int, folds: int, seed: int, order: NDArray[np.int64] | None = None
) -> NDArray[np.int8]:
    """Returns parts (n,) with one fold of model_train as probe_test; the former probe_test is left unused.

    Folds are of equal size to within one image, disjoint, and together all of model_train.
    """
    dealt = np.array(parts)
    dealt[parts == PARTS.index("probe_test")] = PARTS.index(UNUSED)
    order = np.arange(len(parts)) if order is None else order
    rows = np.random.default_rng(seed).permutation(order[parts[order] == PARTS.index("model_train")])
    dealt[np.array_split(rows, folds)[fold]] = PARTS.index("probe_test")
    return dealt


def _link(source: Path, target: Path) -> None:
    """Makes the same file appear at `target`: without a copy where the disk allows it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
