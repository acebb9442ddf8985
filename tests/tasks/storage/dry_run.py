"""The stages of an audit with the inputs that its flow gives them, without computing any."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from latent_audit.flows import audit_flow, model_flow
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.session.audit_session import audit_settings
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.code_of_inputs import code_of
from latent_audit.tasks.storage.data_files import DataFiles, ModelFiles


@dataclass(frozen=True)
class Asked:
    """A stage that a flow asked for."""

    stage: Stage
    inputs: dict[str, Any]

    @property
    def code(self) -> frozenset[str]:
        """The names of the code that its key covers."""
        return frozenset({self.stage.module, *code_of(self.stage.module, self.inputs)})


class DryRun:
    """Takes the place of `submit`: writes down what is asked for, and gives an empty folder as its result.

    A stage that leaves a trained model leaves a recipe that says its kind, as the real one does.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.asked: list[Asked] = []

    def submit(
        self,
        stage_runner: Any,
        stage: Stage,
        model: ModelKey | None = None,
        /,
        accept_failed: object = None,  # nothing fails here
        **inputs: Any,
    ) -> Artifact:
        folder = self.place / f"{len(self.asked)}"
        folder.mkdir(parents=True)
        self.asked.append(Asked(stage, inputs))
        self.perform(folder, self.asked[-1])
        return Artifact(stage.name, "key", folder, "digest", 0.0, False, "")

    def perform(self, folder: Path, asked: Asked) -> None:
        """Leaves what a stage leaves, as far as keys look into it."""
        inputs = asked.inputs
        settings = inputs.get("model", inputs.get("classifier"))
        if hasattr(settings, "build"):
            (folder / "recipe.json").write_text(json.dumps({"kind": settings.kind}))
        elif "stack" in inputs:
            (folder / "recipe.json").write_text((inputs["stack"].path / "recipe.json").read_text())


def stages_of(settings: Settings, run: DryRun) -> list[Asked]:
    """Has a run take every stage that an audit with these settings asks for, in order, and returns them."""
    with _in_place_of_submit(run):
        files = ModelFiles({}, {})
        found = {
            name: files for name, model in settings.models.items() if hasattr(model, "rebuilds_from_files")
        }
        stage_runner: Any = SimpleNamespace()
        prepared: Any = audit_flow.prepare_data(stage_runner, settings)
        outside = audit_flow.prepare_outside(stage_runner, settings)
        classifier = audit_flow.start_classifier(stage_runner, settings, prepared, ModelFiles({}, {}))
        trained = model_flow.start_models(stage_runner, settings, prepared, found)
        analysed = {
            model: model_flow.analyse(stage_runner, settings, model, prepared, classifier, weights, outside)
            for model, weights in trained.items()
        }
        audit_flow.explain_classifier(stage_runner, settings, prepared, classifier)
        opening: Any = SimpleNamespace(settings=settings, settings_record=audit_settings(settings))
        judged = audit_flow.reach_verdicts(stage_runner, opening, prepared, classifier, analysed)
        audit_flow.draw_report(stage_runner, settings, judged)
        audit_flow.tabulate(stage_runner, settings, prepared, classifier, analysed)
    return run.asked


@contextmanager
def _in_place_of_submit(run: DryRun) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for flow in (audit_flow, model_flow):
            patch.setattr(flow, "submit", run.submit)
        patch.setattr(audit_flow, "download_data", lambda stage_runner, data: DataFiles(Path(), {}))
        yield
