"""Which failures an audit survives, and what it goes on with."""

import errno
from typing import Any

import pytest

from latent_audit.reports.page.messages import load
from latent_audit.tasks.errors import (
    NoSpaceLeft,
    PartFailed,
    ServiceError,
    Stopped,
    StoreError,
    TrackingError,
    WorkerDied,
)
from latent_audit.tasks.execution.failed_parts import (
    as_failed_part,
    failed_rows,
    raise_failed_inputs,
    without_failed,
)
from latent_audit.tasks.stages.registry import (
    ENCODE,
    MANIPULATE,
    PREPARE,
    PROBE,
    STAGES,
    TRAIN_MODEL,
    VERDICTS,
)
from latent_audit.tasks.storage.artifacts import ModelKey
from latent_audit.vae_models.errors import ModelError
from latent_audit.vocabulary.reasons import verbatim

VAE, OTHER = ModelKey("vae", 0), ModelKey("gan", 0)


class OutOfMemoryError(RuntimeError):
    """Named as torch's own, which this process need not import."""


NEVER = (
    Stopped("stopped"),
    WorkerDied("died"),
    NoSpaceLeft("full"),
    StoreError("read-only"),
    TrackingError("gone"),
    ServiceError("gone"),
    MemoryError(),
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    OutOfMemoryError("CUDA out of memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"),
)


@pytest.mark.parametrize("error", NEVER, ids=lambda error: f"{type(error).__name__} {error}"[:40])
def test_the_machine_and_the_user_end_the_run(error: Exception) -> None:
    assert as_failed_part(error, MANIPULATE, VAE, one_of_several=True) is None
    assert as_failed_part(error, TRAIN_MODEL, VAE, one_of_several=True) is None


def test_torch_says_so_when_memory_is_refused() -> None:
    torch = pytest.importorskip("torch")
    assert issubclass(torch.OutOfMemoryError, RuntimeError)
    with pytest.raises(RuntimeError) as refused:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert as_failed_part(refused.value, MANIPULATE, VAE, one_of_several=True) is None


def test_what_may_fail_is_survived_and_what_may_not_is_not() -> None:
    error = ValueError("singular matrix.")
    part = as_failed_part(error, MANIPULATE, VAE, one_of_several=False)
    assert part is not None
    assert (part.part, part.model, part.seed) == ("manipulate", "vae", 0)
    assert part.reason == "ValueError: singular matrix"
    assert load("en").reason(part.message) == part.reason
    assert load("zh").reason(part.message) == "程序出错，英文原文：ValueError: singular matrix"
    assert as_failed_part(error, PROBE, VAE, one_of_several=False) is None
    assert as_failed_part(error, PREPARE, None, one_of_several=True) is None
    assert as_failed_part(error, VERDICTS, None, one_of_several=True) is None
    lost = as_failed_part(ModelError("no such file"), PROBE, VAE, one_of_several=True)
    assert lost is not None
    assert lost.reason == load("en").reason(lost.message) == "no such file"
    assert load("zh").reason(lost.message) == "英文原文：no such file"


def test_essential_are_data_encoding_checks_controls_and_verdicts() -> None:
    may_fail = {stage.name for stage in STAGES if stage.may_fail}
    assert may_fail == {
        "score", "subgroup", "bias", "guesses", "likelihood", "variations", "project", "traverse", "show", "manipulate",
        "applications", "attribute", "discriminate", "model_specific", "latent_responses",
        "explain_classifier", "bayesian_classifier", "learning", "learning_classifier", "export",
        "augment_cnn", "mixture", "leave_out", "prune", "probe_pruned", "intervene_pruned", "locate_pruned",
    }  # fmt: skip


def failure(part: str, model: ModelKey, cause: PartFailed | None = None) -> PartFailed:
    is_essential = not next(stage for stage in STAGES if stage.name == part).may_fail
    return PartFailed(part, model.name, model.seed, "broke", is_essential, cause)


def test_a_stage_is_not_computed_where_an_input_failed() -> None:
    cause = failure("train", OTHER)
    with pytest.raises(PartFailed) as first:
        raise_failed_inputs({"trained": cause, "seed": 1}, ENCODE, OTHER)
    assert first.value.cause is cause
    with pytest.raises(PartFailed) as second:
        raise_failed_inputs({"nested": [{"encoded": first.value}]}, PROBE, OTHER)
    assert second.value.cause is cause
    with pytest.raises(Stopped):
        raise_failed_inputs({"trained": cause, "encoded": Stopped("stopped")}, PROBE, OTHER)
    raise_failed_inputs({"seed": 1, "nested": [{}]}, PROBE, OTHER)


def results(*models: ModelKey, **failed: Any) -> dict[str, dict[str, Any]]:
    return {
        model.id: {"train": "artifact", "manipulate": "artifact", **failed.get(model.id, {})}
        for model in models
    }


def test_a_lost_seed_is_left_out_and_a_lost_lead_seed_takes_its_model_along() -> None:
    models = [ModelKey(name, seed) for name in ("vae", "gan") for seed in (3, 4)]
    found = results(*models)
    assert without_failed(models, found) == (models, found)

    found["vae-seed4"]["train"] = failure("train", models[1])
    found["vae-seed4"]["encode"] = failure("encode", models[1], found["vae-seed4"]["train"])
    kept, remaining = without_failed(models, found)
    assert [model.id for model in kept] == ["vae-seed3", "gan-seed3", "gan-seed4"]
    assert list(remaining) == [model.id for model in kept]

    found["gan-seed3"]["probe"] = failure("probe", models[2])
    kept, _ = without_failed(models, found)
    assert [model.id for model in kept] == ["vae-seed3"]
    rows = failed_rows(kept, found)
    assert [(row["part"], row["model"], row["seed"]) for row in rows] == [
        ("train", "vae", 4),
        ("probe", "gan", 3),
    ]

    found["vae-seed3"]["manipulate"] = failure("manipulate", models[0])
    kept, remaining = without_failed(models, found)
    assert remaining == {"vae-seed3": {"train": "artifact"}}
    found["vae-seed3"]["encode"] = failure("encode", models[0])
    with pytest.raises(PartFailed, match="encode of vae seed 3: broke"):
        without_failed(models, found)


def test_of_a_model_that_is_left_out_only_what_verdicts_rest_on_is_listed() -> None:
    found = results(VAE, OTHER)
    found["gan-seed0"]["encode"] = failure("encode", OTHER)
    found["gan-seed0"]["model_specific"] = failure("model_specific", OTHER)
    shared = PartFailed("explain_classifier", None, None, "broke", is_essential=False)
    found["vae-seed0"]["explain_classifier"] = found["gan-seed0"]["explain_classifier"] = shared
    rows = failed_rows([VAE], found)
    assert rows == [
        {"part": "explain_classifier", "model": None, "seed": None, "reason": verbatim("broke")},
        {"part": "encode", "model": "gan", "seed": 0, "reason": verbatim("broke")},
    ]
