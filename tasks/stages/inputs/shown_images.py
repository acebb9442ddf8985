"""The held-out images that attributions are computed for, with all that explaining them needs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latent_audit.tasks.analyses.attributions.attribution_evidence import weigh
from latent_audit.tasks.analyses.attributions.attribution_methods import MethodSettings
from latent_audit.tasks.analyses.attributions.attribution_record import Attribution
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.storage.arrays import reference, write_json
from latent_audit.vocabulary.reasons import Reason


class ShownImages:
    """Images of probe_test drawn with the seed, their masks, and the images they are held against.

    place: rows within probe_test. baseline: float32 (c, h, w), the mean of `reference`, training images.
    """

    def __init__(self, data: Prepared, images: int, steps: int, reference_images: int, seed: int) -> None:
        self.place = data.draw("probe_test", images, seed, "attributions")
        self.images = data.images("probe_test", self.place)
        self.files = data.file_names("probe_test", self.place)
        rows = data.rows("probe_test")[self.place]
        self.masks = None if data.data.masks is None else np.asarray(data.data.masks[rows])
        drawn = data.draw(data.training_part, reference_images, seed, "reference images")
        train = data.images(data.training_part, drawn)
        self.reference = train.astype(np.float32) / 255
        # The mean image: no information, yet nothing that a model has never seen the like of.
        self.baseline = self.reference.mean(axis=0)
        self.depth = MethodSettings(gradient_steps=steps)
        self.seed = seed

    def baseline_on(self, device: torch.device) -> Tensor:
        """Returns the baseline as a tensor on a device."""
        return torch.from_numpy(self.baseline).to(device)


def write_attributions(
    folder: Path,
    found: Sequence[Attribution],
    files: Sequence[str] | None,
    not_applicable: Sequence[Reason] = (),
) -> dict[str, float]:
    """Writes attributions.json with its arrays, and evidence.json; returns what MLflow is told.

    files: of the images that maps were computed for. not_applicable: why methods are missing, a reason each.
    """
    records: list[dict[str, Any]] = [_record(folder, index, item, files) for index, item in enumerate(found)]
    records += [{"not_applicable": why} for why in not_applicable]
    write_json(folder / "attributions.json", records)
    write_json(folder / "evidence.json", to_json(weigh(found)))
    return {
        "attributions.faithful_share": float(np.mean([item.checks.verdict == "passed" for item in found]))
    }


def _record(folder: Path, index: int, item: Attribution, files: Sequence[str] | None) -> dict[str, Any]:
    arrays: Mapping[str, NDArray[Any]] = {
        "maps": item.maps,
        "mean_map": item.mean_map,
        "spread_map": item.spread_map,
    }
    references = {
        name: reference(folder, f"{item.target}{index}_{name}", array) for name, array in arrays.items()
    }
    names = None if files is None else [files[row] for row in item.picked_rows]
    references["images"] = reference(folder, f"{item.target}{index}_images", item.images, names)
    plain: dict[str, Any] = to_json(item)
    return {**plain, **references}
