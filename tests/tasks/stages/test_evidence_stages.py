"""The stages of one small model one after another, without servers: what each writes is what the next takes, what
audit.json holds, what `verify` computes again, and what the report shows.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from latent_audit.reports.page.render import render
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.runs.verdicts_again import verdicts_again
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.tasks.stages import registry
from latent_audit.tasks.stages.arguments import arguments
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from tests.audits.tiny_audit import SMALLEST
from tests.recipes.stages import WORK, prepare

pytestmark = pytest.mark.timeout(1200)
OF_MODEL = (
    registry.ENCODE, registry.PROBE, registry.INTERVENE, registry.FITNESS, registry.LOCATE, registry.ABSENCE,
    registry.NEGATIVE_CONTROLS, registry.LATENT_RESPONSES,
)  # fmt: skip
CLAIMS = "[posX, {attribute: posY, given: [scale]}]"


def perform(stage: Stage, **inputs: Any) -> Artifact:
    """Computes a stage for real, with a work folder of its own, and returns its folder as an artifact."""
    folder, work = WORK / stage.name, Path("in work") / stage.name
    folder.mkdir(parents=True)
    work.mkdir(parents=True)
    context = StageContext("cpu", work, lambda done, total, facts: None, lambda: False, None)
    stage.compute(folder, context, **inputs)
    return Artifact(stage.name, "key", folder.absolute(), "digest", 0.0, False, "")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("stages"))
        Path("small.yaml").write_text(SMALLEST)
        words = ["--evidence.must_not_hold", CLAIMS, "--require", "{vae: {posX: absent}}"]
        settings = load_settings(Path("small.yaml"), words)
        model, prepared = ModelKey("vae", 0), prepare(settings)
        trained = perform(registry.TRAIN_MODEL, prepared=prepared, model=settings.models["vae"], seed=0)
        classifier = perform(
            registry.TRAIN_CLASSIFIER, prepared=prepared, classifier=settings.classifier, seed=0
        )
        results = {"prepared": prepared, "classifier": classifier, "trained": trained}
        made = {"train": trained}
        for stage in OF_MODEL:
            made[stage.name] = perform(stage, **arguments(stage, settings, results, model))
            if stage.result:
                results[stage.result] = made[stage.name]
        return perform(
            registry.VERDICTS,
            prepared=prepared,
            classifier=classifier,
            models=[model],
            results={model.id: made},
            parts={stage.name: stage.record for stage in registry.STAGES if stage.record},
            settings=json.loads(settings.model_dump_json()),
            failed=[],
            subject=settings.subject.model_dump(),
            thresholds=settings.thresholds,
            selftest={"not_applicable": "not measured"},
            seed=0,
        )


@pytest.fixture(scope="module")
def audit(judged: Artifact) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((judged.path / "audit.json").read_text(encoding="utf-8"))
    return loaded


def test_what_is_recorded_follows_from_the_evidence(audit: dict[str, Any]) -> None:
    assert verdicts_again(audit, words_alone=False) == []


def test_claims_of_absence_are_measured_judged_and_required(audit: dict[str, Any]) -> None:
    rows = [(row["attribute"], row["given"]) for row in audit["absent"]]
    assert rows == [("posX", []), ("posY", ["scale"])]
    (required,) = audit["requirements"]
    assert (required["place"], required["found_place"]) == ("absent", audit["absent"][0]["word"])


def test_claims_on_dimensions_have_conditional_gaps_and_swaps(audit: dict[str, Any]) -> None:
    (model,) = audit["models"]
    for claim in model["specificity"]:
        assert claim["conditional_gap"]["estimate"]["n"] == model["association"]["n"]
    associated = {row["attribute"]: row["dimension"] for row in model["places"]["claimed"]}
    claimed = {claim["attribute"]: claim["dimension"] for claim in model["specificity"]}
    assert associated.items() <= claimed.items()


def test_attributes_whose_gate_is_closed_are_read_from_reconstructions(audit: dict[str, Any]) -> None:
    (model,) = audit["models"]
    closed = [gate["attribute"] for gate in model["intervention"]["gates"] if gate["status"] != "passed"]
    assert [row["attribute"] for row in model["places"]["drawn"]] == closed


def test_latent_responses_are_recorded(audit: dict[str, Any]) -> None:
    (model,) = audit["models"]
    found, d = model["latent_responses"], model["latent_dim"]
    assert [len(row) for row in found["response"]] == [d] * d
    assert len(found["comes_back"]) == len(found["ignored"]) == d


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_shows_them(judged: Artifact, language: str) -> None:
    (judged.path / "run.json").write_text(json.dumps({"run_id": "one"}), encoding="utf-8")
    (judged.path / "ledger.jsonl").write_text("", encoding="utf-8")
    page = render(judged.path, language).read_text(encoding="utf-8")
    said = {
        "en": ("What the codes must not hold", "Without labels:"),
        "zh": ("编码中不得含有的属性", "不用标签："),
    }
    for words in said[language]:
        assert words in page
