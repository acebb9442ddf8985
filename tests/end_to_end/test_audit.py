"""One small audit through the command, and what must be true of every audit."""

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from latent_audit.reports.page.reasons import with_sentences
from latent_audit.reports.record.audit_json import schema_faults, settled
from latent_audit.tasks.analyses.checks.auditability import not_auditable
from latent_audit.tasks.analyses.checks.rules import verdicts_of
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.checks.verdicts import verdicts_on_control
from latent_audit.tasks.analyses.scores.score_meanings import MEANINGS
from latent_audit.tasks.runs import selftest_record
from latent_audit.tasks.storage.artifacts import digest_of, digest_of_file
from tests.audits.audits import KILLED_AT, USER, Commands
from tests.left_behind import half_written, wrong_in_mlflow
from tests.plain_audit import read_audit

pytestmark = [
    pytest.mark.timeout(1200),  # the first waits for the session's audits
    # MLflow uses what its database library is about to drop.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]

EVERY_SEED = {"train", "encode", "probe", "score", "intervene", "locate", "fitness"}
FIRST_SEED = EVERY_SEED | {
    "negative_controls", "subgroup", "project", "traverse", "show", "latent_responses", "manipulate", "applications",
    "attribute", "model_specific", "export",
}  # fmt: skip
RERUN_SECONDS = 15.0
MODELS = [("vae", 0), ("gan", 0), ("vae", 1), ("gan", 1)]
TABULATE = ("tabulate", None, None)
JUDGEMENT = {(stage, None, None) for stage in ("verdicts", "draw", "draw_pictures")}
STAGES = (
    {("prepare", None, None), ("classify", None, None), ("explain_classifier", None, None), TABULATE}
    | JUDGEMENT
    | {(stage, name, seed) for name, seed in MODELS for stage in (FIRST_SEED if seed == 0 else EVERY_SEED)}
    | {("discriminate", name, seed) for name, seed in MODELS if name == "gan"}
)


@pytest.fixture
def run(commands: Commands) -> Path:
    return commands.run_folder("continued")


@pytest.fixture
def audit(run: Path) -> dict[str, Any]:
    return read_audit(run)


def ledger(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def computed(folder: Path) -> set[tuple[str, str | None, int | None]]:
    return {(line["stage"], line["model"], line["seed"]) for line in ledger(folder) if not line["reused"]}


def test_every_audit_ends_well_and_says_where_its_report_is(commands: Commands) -> None:
    for name in ("continued", "repeated", "afresh", "owner", "other limits", "one model"):
        ended = commands.ended[name]
        assert ended.code == 0, (name, ended.err)
        assert "Traceback" not in ended.err
        assert "Warning" not in ended.err, ended.err
        assert ended.out.splitlines()[-1].startswith("MLflow: latent-audit ui")
    assert commands.ended["continued"].out.splitlines()[-1] == "MLflow: latent-audit ui"
    assert commands.ended["afresh"].out.splitlines()[-1] == "MLflow: latent-audit ui --run.store afresh"


def test_all_files_are_there(run: Path, commands: Commands) -> None:
    names = {path.name for path in run.iterdir()}
    assert names == {
        "report.html", "audit.json", "manifest.json", "ledger.jsonl", "settings.yaml", "run.json", "figures", "arrays",
        "codes.parquet",
    }  # fmt: skip
    assert any((run / "figures").iterdir())
    assert (commands.home / "runs" / "latest").resolve() == commands.run_folder("one model")
    index = (commands.home / "runs" / "index.html").read_text()
    finished = [path.name for path in (commands.home / "runs" / "tiny").iterdir() if path.is_dir()]
    assert len(finished) == 5
    assert all(f"tiny/{name}/report.html" in index for name in finished)
    assert not [name for name in finished if name.startswith(".")]


def test_audit_json_is_valid_and_complete(audit: dict[str, Any]) -> None:
    assert schema_faults(audit) == []
    assert [(model["name"], model["seed"]) for model in audit["models"]] == MODELS
    assert [model["is_lead"] for model in audit["models"]] == [True, True, False, False]
    attributes = [attribute["name"] for attribute in audit["data"]["attributes"]]
    assert [(v["model"], v["seed"], v["attribute"]) for v in audit["verdicts"]] == [
        (name, seed, attribute) for name, seed in MODELS for attribute in attributes
    ]
    assert sum(part["images"] for part in audit["data"]["parts"]) == audit["data"]["images"] == 1800
    assert {len(section["seeds"]) for section in audit["stability"]} == {2}
    for model in audit["models"]:
        assert model["training"]["steps"] == {"vae": 240, "gan": 10}[model["name"]]
        assert (model["traversal"] is not None) == model["is_lead"]
        assert bool(model["projections"]) == model["is_lead"]
        assert bool(model["moves"]) == bool(model["uses"]) == model["is_lead"]
        targets = {row["target"] for row in model["attribution_evidence"]}
        assert (targets >= {"encoder", "decoder", "classifier"}) == model["is_lead"]
        assert (model["gan"] is not None) == (model["is_lead"] and model["name"] == "gan")
        assert (model["discriminator"] is not None) == (model["name"] == "gan")
        shown = {} if model["particulars"] is None else model["particulars"]
        assert (model["particulars"] is not None) == model["is_lead"]
        assert set(shown) == ({"named"} if model["is_lead"] and model["name"] == "gan" else set())


def test_a_dimension_has_one_slider(audit: dict[str, Any]) -> None:
    """A direction along one dimension is that dimension's."""
    seen = 0
    for model in audit["models"]:
        decoder = model.get("decoder")
        if decoder is not None and "controls" in decoder:
            moved = [tuple(control["dimensions"]) for control in decoder["controls"]]
            alone = [dimensions for dimensions in moved if len(dimensions) == 1]
            assert len(alone) == len(set(alone)) > 0
            seen += 1
    assert seen == 2


def test_a_gan_is_explained_with_its_noise_and_in_every_seed(audit: dict[str, Any]) -> None:
    lead, other = (model for model in audit["models"] if model["name"] == "gan")
    shares = {row["group"]: row for row in lead["gan"]["variance_shares"]}
    assert {name: row["columns"] for name, row in shares.items()} == {"named": 4, "free": 1, "noise": 8}
    assert all(-0.2 <= row["alone"]["value"] <= row["total"]["value"] + 0.2 <= 1.4 for row in shares.values())
    assert len(lead["gan"]["noise"]["moved"]) == 8
    assert [row["attribute"] for row in lead["gan"]["asked"]] == ["shape", "posX"]
    assert {len(row["asked"]) for row in lead["gan"]["asked"]} == {16}
    assert {row["curve"] for row in lead["gan"]["convergence"]} == {"follow", "sample_diversity"}
    for model in (lead, other):
        decided = model["discriminator"]
        assert decided["adds_up"]
        assert decided["step"] == 10
        assert [term["name"] for term in decided["terms"]][:3] == ["shape", "posX", "free0"]
        assert [one["kind"] for one in decided["functions"]] == ["classes", "number", "number"]
        assert decided["pairs_tried"] == 3
        for example in decided["examples"]:
            assert decided["base"] + sum(example["terms"]) == pytest.approx(example["logit"], abs=1e-3)
        (free,) = model["fitness"]["free_dimensions"]
        (dimension,) = [row for row in model["dimensions"] if row["name"] == "free0"]
        assert dimension["active"] <= free["lives"]


def test_verdicts_follow_from_the_evidence_beside_them(audit: dict[str, Any]) -> None:
    again = settled(with_sentences(verdicts_of(audit)))
    for found, drawn in zip(audit["verdicts"], again, strict=True):
        assert {name: found[name] for name in drawn if name != "counter_examples"} == {
            name: value for name, value in drawn.items() if name != "counter_examples"
        }


def test_nothing_is_stated_where_the_classifier_may_not_judge(audit: dict[str, Any]) -> None:
    unreadable = {row["attribute"] for row in audit["auditability"] if not row["auditable"]}
    assert unreadable == set(not_auditable(audit, Thresholds(**audit["thresholds"]))) >= {"orientation"}
    for verdict in audit["verdicts"]:
        if verdict["attribute"] in unreadable:
            assert (verdict["verdict"], verdict["effect"]) == ("not_tested", None)
            assert verdict["reason"].startswith("not auditable: ")
    for model in audit["models"]:
        part = model["intervention"]
        closed = {gate["attribute"] for gate in part["gates"] if gate["status"] != "passed"}
        assert unreadable <= closed
        for row, claim in enumerate(part["claims"]):
            if claim["attribute"] in closed:
                assert "not_applicable" in claim["on_target"]
                assert "not_applicable" in claim["curve"]
                assert set(part["effect"][row]) == {None}
            assert all(
                ("not_applicable" in off["effect"]) == (off["attribute"] in closed)
                for off in claim["off_target"]
            )
        for edit in (model["moves"] or {"arithmetic": ()})["arithmetic"]:
            assert edit["attribute"] not in closed or edit["plain"] is edit["random"] is None
    closed_leads = {
        (model["name"], gate["attribute"])
        for model in audit["models"]
        for gate in model["intervention"]["gates"]
        if gate["status"] != "passed" and model["is_lead"]
    }
    assert not closed_leads & {(row["model"], row["attribute"]) for row in audit["subgroups"]}


def test_labels_directions_groups_and_seeds_are_on_record(audit: dict[str, Any]) -> None:
    for model in audit["models"]:
        labels = {"vae": [], "gan": ["shape", "posX"]}[model["name"]]
        assert model["supervision"] == {
            "attributes": labels,
            "labelled_share": 1.0 if labels else 0.0,
            "stated_by": "training",
        }
        assert {dimension["group"] for dimension in model["dimensions"]}
    assert audit["score_directions"] == {name: MEANINGS[name].better for name in audit["models"][0]["scores"]}
    for row in audit["comparison"]:
        assert {len(found["by_seed"]) for found in row["models"]} == {2}
        if row["measure"] != "reconstruction":
            assert row["better"] == MEANINGS[row["measure"]].better if row["measure"] in MEANINGS else True
            assert {found["estimate"]["low"] for found in row["models"]} == {None}
    groups = {
        (model["name"], use["name"]): use["group"] for model in audit["models"] for use in model["dimensions"]
    }
    claimed = {
        (model["name"], model["dimensions"][claim["dimension"]]["group"])
        for model in audit["models"]
        if model["is_lead"]
        for claim in model["specificity"]
    }
    assert all((row["model"], groups[row["model"], row["name"]]) not in claimed for row in audit["unclaimed"])


def test_no_control_is_supported_and_each_is_judged_by_the_same_rules(audit: dict[str, Any]) -> None:
    controls = audit["controls"]
    assert [(c["name"], c["control"]) for c in controls] == [
        (model, control) for model in ("vae", "gan") for control in ("shuffled", "random_init", "pca")
    ]
    thresholds = Thresholds(**audit["thresholds"])
    for control in controls:
        assert control["verdicts"] == settled(
            with_sentences(verdicts_on_control(control, thresholds, not_auditable(audit, thresholds)))
        )
        assert [row["attribute"] for row in control["verdicts"]] == control["association"]["attributes"]
        assert {row["verdict"] for row in control["verdicts"]} <= {
            "not_supported",
            "not_tested",
            "inconclusive",
        }
    shuffled = controls[0]
    assert (np.array(shuffled["association"]["p_adjusted"]) > 0.05).all()


def test_the_selftest_of_the_evidence_is_cited(audit: dict[str, Any]) -> None:
    assert audit["selftest"] == selftest_record.cited()
    assert [row["name"] for row in audit["selftest"]["rows"]][:2] == ["null world", "planted world"]


def test_digests_are_of_what_they_name(audit: dict[str, Any], run: Path, commands: Commands) -> None:
    assert audit["settings_digest"] == digest_of(audit["settings"])
    assert audit["thresholds_digest"] == Thresholds(**audit["thresholds"]).digest()
    trained = {(line["model"], line["seed"]): line["key"] for line in ledger(run) if line["stage"] == "train"}
    for model in audit["models"]:
        weights = commands.home / "artifacts" / "train" / trained[model["name"], model["seed"]]
        assert model["weights_digest"] == digest_of_file(weights / "weights.safetensors")

    def references(value: Any) -> list[dict[str, str]]:
        if isinstance(value, dict):
            if set(value) == {"path", "sha256"}:
                return [value]
            return [found for item in value.values() for found in references(item)]
        return [found for item in value for found in references(item)] if isinstance(value, list) else []

    found = references(audit)
    assert len(found) > 20
    for reference in found:
        assert digest_of_file(run / reference["path"]) == reference["sha256"]


def test_the_ledger_has_every_stage_once(run: Path) -> None:
    stages = [(line["stage"], line["model"], line["seed"]) for line in ledger(run)]
    assert len(stages) == len(set(stages))
    assert set(stages) == STAGES


def test_a_second_run_reuses_every_stage(run: Path, commands: Commands) -> None:
    again = commands.run_folder("repeated")
    assert again != run
    assert computed(again) == set()
    assert {line["digest"] for line in ledger(again)} == {line["digest"] for line in ledger(run)}
    assert (again / "audit.json").read_bytes() == (run / "audit.json").read_bytes()
    assert 0 < json.loads((again / "run.json").read_text())["wall_seconds"] <= RERUN_SECONDS
    assert commands.ended["repeated"].seconds <= RERUN_SECONDS


def test_same_settings_same_bytes(run: Path, commands: Commands) -> None:
    """In a fresh store, in one thread, under other hash seeds, never interrupted: the same audit to the byte."""
    afresh = commands.run_folder("afresh")
    # effect of run CONFIG.yaml
    assert computed(afresh) == STAGES
    assert (afresh / "audit.json").read_bytes() == (run / "audit.json").read_bytes()
    first, second = ({path.relative_to(folder): path.read_bytes() for path in (folder / "arrays").rglob("*.npy")}
                     for folder in (run, afresh))  # fmt: skip
    assert first == second


def test_what_was_killed_lost_nothing(commands: Commands) -> None:
    """That the audit is the unbroken one to the byte is test_same_settings_same_bytes."""
    assert [(kill.reached, kill.faults) for kill in commands.kills] == [(True, ())] * len(KILLED_AT)
    assert half_written(commands.home) == []
    assert list(commands.home.glob("artifacts/*/.building-*")) == []
    assert wrong_in_mlflow(commands.home) == []


def test_settings_of_the_environment_are_those_of_the_file(commands: Commands) -> None:
    """All of the audit's settings stand in the environment: only what it says of the owner is computed anew."""
    folder = commands.run_folder("owner")
    assert computed(folder) == JUDGEMENT
    subject = read_audit(folder)["subject"]
    assert (subject["owner"], subject["out_of_scope"]) == ("Ada", "of the file")
    assert "Ada" in (folder / "report.html").read_text()
    assert read_audit(folder)["settings"]["seeds"] == [0, 1]


def test_settings_of_the_command_line_are_those_of_the_file(commands: Commands) -> None:
    """All of them stand on the command line: beta of a model recomputes that model and the judgement alone."""
    folder = commands.run_folder("one model")
    expected = {stage for stage in STAGES if stage[1] == "vae"} | JUDGEMENT | {TABULATE}
    assert computed(folder) == expected
    settings = read_audit(folder)["settings"]
    # effect of run --section.key
    assert settings["data"]["images"] == 1800
    assert list(settings["models"]) == ["gan", "vae"]
    assert settings["models"]["vae"]["beta"] == 3
    assert settings["subject"]["intended_use"] == "of the environment"


def test_no_path_and_no_user_of_this_machine_gets_out(run: Path, commands: Commands) -> None:
    afresh = commands.run_folder("afresh")
    for folder in (run, afresh):
        for name in (
            "audit.json",
            "run.json",
            "ledger.jsonl",
            "report.html",
            "manifest.json",
            "settings.yaml",
        ):
            text = (folder / name).read_text()
            for leak in (USER, str(commands.home), str(Path.home()) + "/", str(Path(__file__).parents[2])):
                assert leak not in text, (name, leak)
    assert json.loads((afresh / "run.json").read_text())["command"] == (
        "latent-audit run tiny.yaml --run.store afresh --run.output=other --compute.runner thread"
    )


def test_mlflow_has_a_parent_and_a_child_a_model_and_seed(
    run: Path, audit: dict[str, Any], commands: Commands
) -> None:
    facts = json.loads((run / "run.json").read_text())["mlflow"]
    assert facts["tracking_uri"] == "sqlite:///artifacts/mlflow/mlflow.db"
    uri = f"sqlite:///{commands.home / 'artifacts' / 'mlflow' / 'mlflow.db'}"
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    parent = client.get_run(facts["parent_run_id"])
    assert parent.info.status == "FINISHED"
    assert parent.data.params["seeds"] == "[0, 1]"
    assert parent.data.tags["digest.settings"] == audit["settings_digest"]
    assert parent.data.tags["digest.manifest"] == digest_of_file(run / "manifest.json")
    lead = [v["verdict"] for v in audit["verdicts"] if v["seed"] == audit["subject"]["lead_seed"]]
    said = parent.data.tags["mlflow.note.content"]
    assert said.startswith(f"Of {len(lead)} claims")
    assert all(f"{lead.count(verdict)} {verdict.replace('_', ' ')}" in said for verdict in lead)
    files = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert {"report.html", "audit.json", "manifest.json", "figures", "audit"} <= files
    assert (
        f"(#/experiments/{parent.info.experiment_id}/runs/{parent.info.run_id}/artifacts/report.html)" in said
    )
    parts = {file.path for file in client.list_artifacts(parent.info.run_id, "audit")}
    assert {"audit/verdicts.json", "audit/model-1", "audit/model-2"} <= parts
    sizes = [file.file_size for file in client.list_artifacts(parent.info.run_id, "audit/model-1")]
    assert max(size for size in sizes if size is not None) < 200_000
    experiment = parent.info.experiment_id
    children = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert sorted(child.info.run_name for child in children) == sorted(
        f"{name} seed {seed}" for name, seed in MODELS
    )
    for item in (parent, *children):
        assert item.data.tags["mlflow.user"]
        assert item.data.tags["mlflow.source.name"] == "latent-audit"
        assert [name for name in item.data.tags if name.startswith("reused_from.")] == []
    assert len(parent.data.tags) < 15, sorted(parent.data.tags)
    records = {(model["name"], model["seed"]): model for model in audit["models"]}
    for child in children:
        name, seed = child.data.params["kind"], int(child.data.params["seed"])
        model = {"beta_vae": "vae", "interpretable_gan": "gan"}[name]
        assert child.info.status == "FINISHED"
        assert child.data.tags["weights_digest"] == records[model, seed]["weights_digest"]
        assert child.data.tags["trained_with_labels"] == {"vae": "none", "gan": "shape, posX"}[model]
        # What people compare, and nothing of single attributes.
        curves = {name for name in child.data.metrics if name.startswith(("training.", "validation."))}
        assert len(child.data.metrics.keys() - curves) <= 10
        own = [row for row in audit["where"] if (row["model"], row["seed"]) == (model, seed)]
        supported = sum(row["verdict"] == "supported" for row in own)
        assert child.data.metrics["supported_places"] == supported
        made = [output.model_id for output in child.outputs.model_outputs] if child.outputs else []
        assert len(made) == (2 if seed == 0 else 0)
        if model == "vae":
            curve = client.get_metric_history(child.info.run_id, "training.held_out")
            assert [point.step for point in curve] == [120, 240]
        (data,) = child.inputs.dataset_inputs
        assert data.dataset.digest == audit["data"]["digest"][:36]
    assert len(parent.outputs.model_outputs) == 4
    about = client.get_experiment(experiment).tags
    assert about["mlflow.experimentKind"] == "custom_model_development"
    assert "report.html" in about["mlflow.note.content"]
    newest = read_audit(commands.run_folder("one model"))  # the last that trained another VAE
    weights = {model["name"]: model["weights_digest"] for model in newest["models"] if model["is_lead"]}
    vae = client.get_model_version_by_alias("tiny-vae-encoder", "candidate")
    assert vae.tags["weights_digest"] == weights["vae"]
    # The interrupted run and the one that continued it are one; "afresh" goes to the same MLflow store.
    parents = [
        item for item in client.search_runs([experiment]) if "mlflow.parentRunId" not in item.data.tags
    ]
    assert len(parents) == 6
    assert {item.info.status for item in parents} == {"FINISHED"}


def test_prefect_knows_every_stage_by_a_name_that_says_model_and_seed(run: Path, commands: Commands) -> None:
    flow_run = json.loads((run / "run.json").read_text())["prefect"]["flow_run_id"]
    database = sqlite3.connect(
        f"file:{commands.home / 'artifacts' / 'prefect' / 'prefect.db'}?mode=ro", uri=True
    )
    try:
        rows = database.execute(
            "select name, state_type from task_run where replace(flow_run_id, '-', '') = ?",
            (flow_run.replace("-", ""),),
        ).fetchall()
    finally:
        database.close()
    names = [
        name.rpartition("-")[0] if name.startswith(("download-", "render-")) else name for name, _ in rows
    ]
    stages = {stage if model is None else f"{stage} {model} seed {seed}" for stage, model, seed in STAGES}
    assert Counter(names) == Counter({*stages, "download", "render"})
    assert {state for _, state in rows} == {"COMPLETED"}
