"""What a worker really imports and reads for a stage is what the stage's content key covers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from latent_audit.tasks.execution.runners.work_item import WorkItem
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.storage import source_digest as sources
from latent_audit.tasks.storage.source_digest import computed_by
from tests.tasks.storage.dry_run import Asked, DryRun, stages_of
from tests.tasks.storage.recording_worker import RecordingWorker

BRIEF = {"steps": 6, "batch_size": 16, "evaluate_every": 6, "evaluation_images": 50}
TINY: dict[str, Any] = {
    "data": {"kind": "sprites", "images": 1800},
    "seeds": [0],
    "classifier": {"width": 8, "hidden": 16, "training": {**BRIEF, "patience": None}},
    "evidence": {
        "permutations": 100, "bootstraps": 100, "probe_images": 200, "null_directions_per_dimension": 20,
        "boosting_iterations": 5,
    },
    "explanations": {
        "depth": "quick", "projection_images": 100, "attribution_images": 2, "attribution_dimensions": 1,
        "attribution_steps": 8, "superpixel_samples": 24, "traversal_steps": 3, "manipulation_images": 16,
        "anomaly_images": 20,
        "regret_steps": 2,
    },
}  # fmt: skip
# Kinds whose settings ask for something more than a name.
NEEDS: dict[str, dict[str, Any]] = {
    "annealed_vae": {"capacity_steps": 5},
    "interpretable_gan": {"warm_up_steps": 2, "named": ["shape", "posX"]},
}
NO_WARM_UP = ("annealed_vae", "autoencoder", "interpretable_gan")


def model(kind: str) -> dict[str, Any]:
    warm_up = {} if kind in NO_WARM_UP else {"warm_up_steps": 2}
    return {"kind": kind, **warm_up, "training": BRIEF, **NEEDS.get(kind, {})}


class RecordedRun(DryRun):
    """Has each stage computed by a worker that begins without our modules, and holds it against its key."""

    def __init__(self, place: Path, worker: RecordingWorker) -> None:
        super().__init__(place)
        self._worker = worker
        self.imported: dict[str, set[str]] = {}

    def perform(self, folder: Path, asked: Asked) -> None:
        name = asked.stage.name
        work = folder.with_name(f"work-{folder.name}")
        work.mkdir()
        made_by = computed_by(asked.stage.module, *asked.code)
        order = WorkItem(
            asked.stage, "key", "", name, asked.inputs, "cpu", folder, work, self.place, computed_by=made_by
        )
        imported, opened = self._worker.carry_out(order)
        covered = sources.closure(*asked.code)
        assert imported - covered == set(), f"{name} imports what its key does not cover"
        read = {str(path) for module in covered for path in sources._tree.files_read(module)}
        assert opened - read == set(), f"{name} reads what its key does not cover"
        self.imported.setdefault(name, set()).update(imported)


@pytest.fixture
def worker() -> Iterator[RecordingWorker]:
    made = RecordingWorker()
    yield made
    made.close()


@pytest.mark.endurance
@pytest.mark.timeout(900)
def test_every_stage_imports_and_reads_what_its_key_covers(worker: RecordingWorker, tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, worker)
    stages_of(Settings(**TINY, models={"model": model("dip_vae_i")}), run)
    assert set(run.imported) == {asked.stage.name for asked in run.asked}
    assert {"prepare", "train", "verdicts", "draw"} < set(run.imported)
    # The worker did begin without them.
    assert "latent_audit.vae_models.components.moment_matching" in run.imported["encode"]
    assert "latent_audit.tasks.datasets.sprites" in run.imported["prepare"]
    assert "latent_audit.vae_models.attribute_classifier.classifier" in run.imported["manipulate"]
    assert "latent_audit.reports.page.sections.explanations.applications" in run.imported["draw"]
    assert "latent_audit.vae_models.presets.presets" not in set().union(*run.imported.values())


@pytest.mark.endurance
@pytest.mark.timeout(1800)
def test_so_does_every_kind_of_model(worker: RecordingWorker, tmp_path: Path) -> None:
    kinds = (
        "vae", "beta_vae", "interpretable_gan", "autoencoder", "laplace_vae", "annealed_vae", "beta_tc_vae",
        "dip_vae_ii", "factor_vae", "gm_vae", "vamp_vae", "attribute_vae", "semi_supervised_vae", "attention_vae",
        "bayesian_vae",
    )  # fmt: skip
    run = RecordedRun(tmp_path, worker)
    stages_of(Settings(**TINY, models={kind: model(kind) for kind in kinds}), run)
    assert {
        "latent_audit.tasks.stages.explanations.explain_gan",
        "latent_audit.vae_models.interpretable_gan.losses",
    } <= run.imported["attribute"]
    assert "latent_audit.tasks.stages.training.label_efficiency" in run.imported["model_specific"]
