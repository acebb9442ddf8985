"""The catalogue of stages names functions that are there and take what a stage is given."""

import inspect
import subprocess
import sys

import pytest

from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.stages import registry

EVERY = [value for value in vars(registry).values() if isinstance(value, Stage)]


@pytest.mark.parametrize("stage", EVERY, ids=lambda stage: stage.name)
def test_each_names_a_function_that_takes_a_folder_a_context_and_named_inputs(stage: Stage) -> None:
    parameters = list(inspect.signature(stage.compute).parameters.values())
    assert [parameter.name for parameter in parameters[:2]] == ["folder", "context"]
    assert parameters[2:]
    assert {parameter.kind for parameter in parameters[2:]} == {inspect.Parameter.KEYWORD_ONLY}
    assert stage.compute.__module__ == stage.module


def test_names_are_unique() -> None:
    assert len({stage.name for stage in EVERY}) == len(EVERY) > 20


def test_settings_and_flows_import_nothing_that_computes() -> None:
    """Neither a mistake in the settings nor a run whose stages are all reused must wait for torch and the like."""
    heavy = ("captum", "sklearn", "torch", "torchvision", "umap")
    asked = (
        "import sys, latent_audit.flows.audit_flow, latent_audit.tasks.settings.layers\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
