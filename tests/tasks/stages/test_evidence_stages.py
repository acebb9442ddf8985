"""The stages of one small model one after another, without servers: what each writes is what the next takes, what
audit.json holds, what `verify` computes again, and what the report shows.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latent_audit.reports.page.render import render
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.runs.verdicts_again import verdicts_again
from latent_audit.tasks.settings.layers import load_settings
from latent_audit.tasks.stages import registry
from latent_audit.tasks.stages.arguments import arguments, runs_for
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey, digest_of_file
from latent_audit.vae_models.storage.saved_model import WEIGHTS_FILE
from latent_audit.vocabulary.verdicts import STRENGTH
from tests.audits.tiny_audit import SMALLEST
from tests.recipes.stages import WORK, prepare

pytestmark = pytest.mark.timeout(1200)
OF_MODEL = (
    registry.ENCODE, registry.PROBE, registry.INTERVENE, registry.FITNESS, registry.LOCATE, registry.ABSENCE,
    registry.NEGATIVE_CONTROLS, registry.LATENT_RESPONSES, registry.BIAS, registry.GUESSES,
    registry.LEARNING, registry.AUGMENT_CNN, registry.MIXTURE, registry.LEAVE_OUT,
)  # fmt: skip
CLASSIFIERS = [{"width": w, "hidden": 16, "training": {"steps": 20, "patience": None}} for w in (8, 4)]
UNCERTAIN = {"weights": "all", "draws": 20, "images": 60, "map_images": 2}
TAUGHT = {"images": 40, "repeats": 3, "steps": 5, "generated": 20, "held_out_images": 60}
MIXTURE = {"components": [1, 4], "iterations": 5, "fitted_images": 200, "images": 40, "draws": 20}
LEFT_OUT = {"attribute": "shape", "value": "heart", "images": 150, "shown": 4}
CLAIMS = "[posX, {attribute: posY, given: [scale]}]"


def perform(stage: Stage, **inputs: Any) -> Artifact:
    """Computes a stage for real, with a work folder of its own, and returns its folder as an artifact."""
    folder, work = WORK / stage.name, Path("in work") / stage.name
    folder.mkdir(parents=True)
    work.mkdir(parents=True)
    context = StageContext("cpu", work, lambda done, total, facts: None, lambda: False, None)
    stage.compute(folder, context, **inputs)
    return Artifact(stage.name, "key", folder.absolute(), "digest", 0.0, False, "")


def named(trained: Artifact) -> str:
    """Writes a file of names and returns its name: a guess on these weights, a name alone, and one of no weights."""
    own = digest_of_file(trained.path / WEIGHTS_FILE)
    names = [
        {"weights": own, "dimension": 0, "name": "left or right", "attribute": "posX"},
        {"weights": own, "dimension": 1, "name": "<b>up</b>"},
        {"weights": "0" * 64, "dimension": 0, "name": "lost"},
    ]
    Path("names.yaml").write_text(json.dumps({"names": names}), encoding="utf-8")
    return "names.yaml"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("stages"))
        Path("small.yaml").write_text(SMALLEST)
        words = ["--evidence.must_not_hold", CLAIMS, "--require", "{vae: {posX: absent}}"]
        words += ["--explanations.bayesian_classifier", json.dumps(UNCERTAIN)]
        words += ["--explanations.learning_checkpoints", "4", "--explanations.drop_unused", "true"]
        words += ["--explanations.augmented_cnn", json.dumps(TAUGHT)]
        words += ["--explanations.mixture", json.dumps(MIXTURE)]
        words += ["--explanations.leave_out", json.dumps(LEFT_OUT)]
        words += ["--evidence.protected", "[scale, shape]", "--classifier", json.dumps(CLASSIFIERS)]
        settings = load_settings(Path("small.yaml"), words)
        model, prepared = ModelKey("vae", 0), prepare(settings)
        trained = perform(registry.TRAIN_MODEL, prepared=prepared, model=settings.models["vae"], seed=0)
        settings = load_settings(Path("small.yaml"), [*words, "--evidence.names_file", named(trained)])
        classifier, second = (
            perform(stage, prepared=prepared, classifier=given, seed=0)
            for stage, given in zip(
                (registry.TRAIN_CLASSIFIER, registry.TRAIN_SECOND_CLASSIFIER),
                settings.classifiers,
                strict=True,
            )
        )
        results = {"prepared": prepared, "classifier": classifier, "trained": trained}
        made = {"train": trained}
        for stage in OF_MODEL:
            assert runs_for(stage, settings, model)
            made[stage.name] = perform(stage, **arguments(stage, settings, results, model))
            if stage.result:
                results[stage.result] = made[stage.name]
        seen = {**results, "classifier": second}
        for stage, taken in ((registry.INTERVENE_SECOND, "intervened"), (registry.LOCATE_SECOND, "located")):
            seen[stage.result] = seen[taken] = perform(stage, **arguments(stage, settings, seen, model))
        both = {**seen, **results, "second_classifier": second}
        compared = registry.COMPARE_CLASSIFIERS
        made[compared.name] = perform(compared, **arguments(compared, settings, both, model))
        dropped = registry.PRUNE
        made[dropped.name] = perform(dropped, **arguments(dropped, settings, results, model))
        seen = {**results, "encoded": made[dropped.name]}
        for stage in registry.OF_A_PRUNED_CODE:
            made[stage.name] = seen[stage.result] = perform(stage, **arguments(stage, settings, seen, model))
        for stage in registry.CLASSIFIER_AGAIN:
            assert runs_for(stage, settings)
            made[stage.name] = perform(stage, **arguments(stage, settings, results))
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
            given_names=settings.given_names,
            second_classifier=second,
            networks=["compact 1", "compact 2"],
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


def test_people_s_names_stand_in_the_record_and_their_guess_is_tested(audit: dict[str, Any]) -> None:
    rows = audit["named_dimensions"]
    assert [(row["name"], row["status"], row["dimension"]) for row in rows] == [
        ("left or right", "given", 0), ("<b>up</b>", "given", 1), ("lost", "unknown", None),
    ]  # fmt: skip
    assert rows[0]["word"] in ("supported", "inconclusive", "not_supported")
    assert [row.get("word") for row in rows[1:]] == [None, None]
    (guess,) = audit["models"][0]["guesses"]
    part = next(row for row in audit["data"]["parts"] if row["name"] == "classifier_train")
    assert guess["uncertainty"]["n"] == min(part["images"], audit["settings"]["evidence"]["probe_images"])
    assert guess["family"] == 2 * len(audit["data"]["attributes"]) + 1


def test_an_attribute_that_takes_the_whole_code_is_not_erased(audit: dict[str, Any]) -> None:
    scale, shape = audit["models"][0]["bias"]
    assert scale["remedy"]["rank"] == 1
    assert shape["remedy"]["not_applicable"].startswith("the code has no more directions than shape takes")
    assert [row["attribute"] for row in audit["erased"]] == ["scale"]
    assert {row["reader"] for row in shape["decisions"]} == set()  # nothing else here has classes
    assert {row["reader"] for row in scale["decisions"]} == {"classifier", "probe", "probe_erased"}


def test_a_classifier_with_uncertain_weights_is_recorded_with_both_parts_of_its_entropy(
    judged: Artifact, audit: dict[str, Any]
) -> None:
    found = audit["bayesian_classifier"]
    assert (found["weights"], found["draws"], found["images"]) == ("all", 20, 60)
    assert found["uncertain_weights"] == audit["classifier"]["parameters"]
    shape = next(row for row in found["uncertainty"] if row["attribute"] == "shape")
    total = shape["expected"]["value"] + shape["mutual"]["value"]
    assert shape["total"]["value"] == pytest.approx(total, rel=1e-4)
    assert 0.0 < shape["total"]["value"] <= math.log(shape["classes"])
    nats = np.load(judged.path / found["by_image"]["nats"]["path"])
    assert nats.shape == (60, 1, 2)
    np.testing.assert_allclose(
        nats[:, 0].mean(axis=0), [shape["expected"]["value"], shape["mutual"]["value"]], rtol=1e-4
    )
    for key, part in (("most_expected", 0), ("most_mutual", 1)):
        largest = np.sort(nats[:, 0, part])[::-1][:8]
        np.testing.assert_allclose(found[key][key.removeprefix("most_")], largest, rtol=1e-4)
    for row in found["maps"]:
        certain, mean = (np.load(judged.path / row[name]["path"]) for name in ("certain", "mean"))
        assert certain.dtype == bool
        assert certain.shape == mean.shape == (2, *audit["data"]["image_shape"][1:])
        assert 0.0 <= row["certain_share"]["value"] <= 1.0


def test_classifier_and_model_are_looked_at_while_they_learn(audit: dict[str, Any]) -> None:
    (model,) = audit["models"]
    found, d = model["learning"], model["latent_dim"]
    assert [row["step"] for row in found["checkpoints"]] == [0, 2, 14, 100]
    assert found["same_weights"] is True
    last = found["checkpoints"][-1]
    assert np.array(last["uncertainty"]).shape == (len(found["attributes"]), d)
    for place, row in enumerate(last["causes"]):
        assert row["dimension"] == int(np.argmax(last["uncertainty"][place]))
    assert found["pairs"] <= 200
    assert len(found["curves"]["held_out"]["step"]) >= 20
    steps = [row["step"] for row in audit["classifier_learning"]["checkpoints"]]
    assert (steps[0], steps[-1], len(steps)) == (0, 20, 4)
    first, *_, trained = audit["classifier_learning"]["checkpoints"]
    assert [row["attribute"] for row in first["calibration"]] == ["shape"]
    by_name = {row["attribute"]: row["estimate"]["value"] for row in trained["scores"]}
    untrained = {row["attribute"]: row["estimate"]["value"] for row in first["scores"]}
    assert by_name["posX"] > untrained["posX"]


def test_the_evidence_is_gathered_again_without_unused_dimensions(audit: dict[str, Any]) -> None:
    (model,) = audit["models"]
    found, rows = model["pruned"], audit["pruned"]
    unused = [row["index"] for row in model["dimensions"] if not row["active"]]
    assert found["dropped"] == unused
    assert [row["attribute"] for row in rows] == [row["name"] for row in audit["data"]["attributes"]]
    if not unused:  # the code is what it was, and so is all that is found of it
        assert {name: found[name] for name in ("association", "specificity", "places")} == {
            name: model[name] for name in ("association", "specificity", "places")
        }
        assert all(row["same"] for row in rows)
    loss = found["reconstruction"]
    assert loss["difference"]["value"] == pytest.approx(
        loss["kept"]["value"] - loss["whole"]["value"], abs=1e-6
    )
    edited = json.loads(json.dumps(audit))
    edited["pruned"][0]["same"] = not edited["pruned"][0]["same"]
    assert [problem.kind for problem in verdicts_again(edited, words_alone=False)] == ["verdict"]


def test_a_cnn_is_trained_with_and_without_generated_images(audit: dict[str, Any]) -> None:
    found = audit["models"][0]["augmented_cnn"]
    assert (found["labelled"], found["generated"], found["repeats"], found["steps"]) == (40, 20, 3, 5)
    assert found["held_out_images"] == 180
    assert {row["attribute"] for row in found["gains"]} == {"shape", "scale", "orientation", "posX", "posY"}
    for row in found["gains"]:
        difference = row["with_generated"]["value"] - row["without"]["value"]
        assert row["difference"]["value"] == pytest.approx(difference, abs=1e-5)
        assert row["difference"]["low"] <= row["difference"]["value"] <= row["difference"]["high"]
        assert row["difference"]["n"] == 3


def test_the_bound_is_held_against_a_mixture_chosen_by_other_images(
    judged: Artifact, audit: dict[str, Any]
) -> None:
    found = audit["models"][0]["mixture"]
    assert (found["pixels"], found["dimensions"], found["fitted_images"]) == ("bernoulli", 0, 200)
    tried = {row["components"]: row["log_likelihood"] for row in found["candidates"]}
    assert set(tried) == {1, 4}
    assert found["components"] == max(tried, key=lambda count: tried[count])
    assert found["elbo"]["value"] <= found["bound"]["value"]
    difference = found["bound"]["value"] - found["mixture"]["value"]
    assert found["difference"]["value"] == pytest.approx(difference, abs=1e-3)
    assert found["difference"]["n"] == 40
    means = np.load(judged.path / found["means"]["path"])
    assert means.shape == (found["components"], 1, 32, 32)


def test_a_class_is_left_out_and_looked_for(judged: Artifact, audit: dict[str, Any]) -> None:
    found = audit["models"][0]["left_out"]
    assert (found["attribute"], found["value"], found["images"]) == ("shape", "heart", 150)
    assert 0 < found["left_out_images"] < 150
    assert {row["score"] for row in found["scores"]} == {
        "reconstruction error", "negative ELBO", "likelihood regret", "PCA reconstruction error",
    }  # fmt: skip
    most, usual = found["most_anomalous"], found["usual"]
    scores = [image["score"] for image in most["images"]]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > max(image["score"] for image in usual["images"])
    assert np.load(judged.path / most["pictures"]["path"]).shape == (4, 1, 32, 32)


def test_edited_words_of_additions_are_found(audit: dict[str, Any]) -> None:
    for part in ("named_dimensions", "erased"):
        edited = json.loads(json.dumps(audit))
        edited[part][0]["word"] = "undecided" if edited[part][0]["word"] != "undecided" else "still_read"
        assert [problem.kind for problem in verdicts_again(edited, words_alone=False)] == ["verdict"]
    edited = json.loads(json.dumps(audit))
    edited["where"][0]["by_classifier"][1]["verdict"] = "partly_supported"
    assert "verdict" in [problem.kind for problem in verdicts_again(edited, words_alone=False)]


def test_each_classifier_s_word_stands_beside_the_weaker(audit: dict[str, Any]) -> None:
    for row in (*audit["verdicts"], *audit["where"]):
        words = [own["verdict"] for own in row["by_classifier"]]
        assert row["verdict"] == min(words, key=lambda word: STRENGTH[word])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_shows_them(judged: Artifact, language: str) -> None:
    (judged.path / "run.json").write_text(json.dumps({"run_id": "one"}), encoding="utf-8")
    (judged.path / "ledger.jsonl").write_text("", encoding="utf-8")
    page = render(judged.path, language).read_text(encoding="utf-8")
    said = {
        "en": (
            *("What the codes must not hold", "Without labels:", "their agreement is no proof"),
            *(
                "Bias and its remedy",
                "It does not reach the classifier",
                "&lt;b&gt;up&lt;/b&gt;",
                "The classifier with uncertain weights",
                "While it learns",
                "Generated images that teach a CNN",
                "A class left out of training",
                "Beside a mixture",
                "While the classifier learns",
                "Without the unused dimensions",
                "found again",
            ),
        ),
        "zh": (
            "编码中不得含有的属性",
            "不用标签：",
            "偏差及其修正",
            "一致并不能证明结论正确",
            "人工命名",
            "用生成图像训练 CNN",
            "训练中排除一类",
            "与混合模型对照",
            "分类器的学习过程",
            "去除未使用的维度",
            "权重不确定的分类器",
        ),
    }
    for words in said[language]:
        assert words in page
