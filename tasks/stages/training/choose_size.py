"""Choose the latent size from the scores of all sizes and folds, and write the page that shows the curve."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latent_audit.reports.page.latent_size_page import write_page
from latent_audit.tasks.analyses.applications.latent_size import Measure, choose_size
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.storage.arrays import read_json, write_json, write_summary
from latent_audit.tasks.storage.artifacts import Artifact


def compute(
    folder: Path,
    context: StageContext,
    *,
    prepared: Artifact,
    scores: Mapping[str, Sequence[Artifact]],
    model: str,
    sized: str,
    language: str,
) -> None:
    """Writes latent_size.json and latent_size.html; scores: of every size, fold by fold. sized: the setting
    that is the size, latent_dim or free_dimensions.
    """
    found = {
        int(size): [read_json(score.path / "score.json") for score in folds] for size, folds in scores.items()
    }
    sizes = sorted(found)

    def table(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.array([[score[name] for score in found[size]] for size in sizes], dtype=np.float64)

    measure: Measure = "elbo_nats" if "elbo_nats" in found[sizes[0]][0] else "reconstruction_nats"
    choice = choose_size(sizes, table(measure), table("active_units"), table("probe"), measure)
    record = {
        "data": read_json(prepared.path / "data.json")["name"],
        "model": model,
        "sized": sized,
        **to_json(choice),
    }
    write_json(folder / "latent_size.json", record)
    write_page(record, folder / "latent_size.html", language)
    write_summary(folder, metrics={"latent_size.chosen": choice.chosen})
