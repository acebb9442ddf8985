"""A training once more with checkpoints: where they lie, and that it is the same training."""

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.tasks.stages.inputs.prepared import open_prepared
from latent_audit.tasks.stages.training.checkpoints_kept import POINTS, checkpoint_steps, train_and_keep
from latent_audit.tasks.stages.training.training_report import Learning, train_on_part
from tests.audits.tiny_audit import SMALLEST
from tests.recipes.stages import prepare


@pytest.mark.parametrize("steps", [20, 100, 1500, 1801, 100_000])
@pytest.mark.parametrize("most", [3, 8])
def test_checkpoints_are_at_most_so_many_with_both_ends_and_curves_have_forty_points(
    steps: int, most: int
) -> None:
    interval, kept = checkpoint_steps(steps, most)
    assert kept[0] == 0
    assert kept[-1] == steps
    assert kept == sorted(set(kept))
    assert 3 <= len(kept) <= most
    assert all(step % interval == 0 for step in kept[:-1])
    assert steps // interval >= min(steps, POINTS)


def test_the_training_is_the_same_and_its_checkpoints_lie_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SMALLEST)
    settings = load_settings(Path("small.yaml"), [])
    data, vae = open_prepared(prepare(settings)), cast("Learning", settings.models["vae"])
    context = StageContext("cpu", tmp_path / "work", lambda done, total, facts: None, lambda: False, None)
    once = train_on_part(data, "model_train", vae, 0, context)
    watched = train_and_keep(data, "model_train", vae, 0, context, 5)
    assert [checkpoint.step for checkpoint in watched.checkpoints] == [0, 2, 8, 28, 100]
    assert len(watched.result.curves["held_out"]) == 50
    first, last = watched.checkpoints[0].weights, watched.checkpoints[-1].weights
    for name, weights in once.model.state_dict().items():
        torch.testing.assert_close(last[name], weights, rtol=0, atol=0)
    assert any(not torch.equal(first[name], last[name]) for name in first)
    moved = watched.at(watched.checkpoints[0]).state_dict()
    assert all(np.array_equal(moved[name].numpy(), first[name].numpy()) for name in first)
