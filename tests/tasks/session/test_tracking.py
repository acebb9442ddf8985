"""MLflow, with a real SQLite store: what was logged can be read back by MLflow's own client."""

import getpass
import logging
import os
import platform
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
import yaml

from latent_audit.tasks.errors import TrackingError
from latent_audit.tasks.storage.artifacts import digest_of_file
from latent_audit.tasks.tracking.connection import connect_early
from latent_audit.tasks.tracking.exported_program import save_exported
from latent_audit.tasks.tracking.log_batch import LogBatch
from latent_audit.tasks.tracking.run_log import Tracker

# MLflow uses what its database library is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    folder = tmp_path_factory.mktemp("mlflow")
    return Tracker(f"sqlite:///{folder / 'mlflow.db'}", "an audit", folder / "artifacts")


@pytest.fixture(scope="module")
def client(tracker: Tracker) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(tracking_uri=tracker.uri, registry_uri=tracker.uri)


@pytest.fixture
def run(tracker: Tracker) -> str:
    return tracker.start("a run", parent=None, params={}, tags={})


def test_an_experiment_says_what_it_is_and_keeps_what_its_owner_says(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    first = Tracker(uri, "faces", tmp_path)
    client = mlflow.MlflowClient(uri)

    def tags() -> dict[str, str]:
        return dict(client.get_experiment(first.experiment_id).tags)

    assert tags()["mlflow.experimentKind"] == "custom_model_development"
    assert "latent-audit" in tags()["mlflow.note.content"]
    client.set_experiment_tag(first.experiment_id, "mlflow.experimentKind", "genai_development_inferred")
    Tracker(uri, "faces", tmp_path)
    assert tags()["mlflow.experimentKind"] == "custom_model_development"
    client.set_experiment_tag(first.experiment_id, "mlflow.experimentKind", "finetuning")
    client.set_experiment_tag(first.experiment_id, "mlflow.note.content", "mine")
    Tracker(uri, "faces", tmp_path)
    assert (tags()["mlflow.experimentKind"], tags()["mlflow.note.content"]) == ("finetuning", "mine")


def test_a_run_says_who_started_it_and_with_what(
    tracker: Tracker, client: mlflow.MlflowClient, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = client.get_run(run).data.tags
    assert tags["mlflow.user"] == getpass.getuser()
    assert (tags["mlflow.source.name"], tags["mlflow.source.type"]) == ("latent-audit", "LOCAL")

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    nameless = tracker.start("in a container", parent=None, params={}, tags={})
    assert client.get_run(nameless).data.tags["mlflow.user"] == "unknown"


def test_models_that_came_out_of_a_run_are_said_once(
    tracker: Tracker, client: mlflow.MlflowClient, run: str, tmp_path: Path
) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    made = tracker.model(run, "vae-encoder", tmp_path, {"weights_digest": "w"})
    tracker.outputs(run, [made])
    tracker.outputs(run, [made])
    assert [output.model_id for output in client.get_run(run).outputs.model_outputs] == [made]


def test_a_child_is_under_its_parent(tracker: Tracker, client: mlflow.MlflowClient) -> None:
    parent = tracker.start("audit", parent=None, params={"a": {"b": 1, "c": [1, 2]}, "d": None}, tags={})
    child = tracker.start("vae seed 0", parent=parent, params={"seed": 0}, tags={"model": "vae", "x/y": "z"})
    assert client.get_run(parent).data.params == {"a.b": "1", "a.c": "[1, 2]", "d": "None"}
    found = client.get_run(child)
    assert found.info.run_name == "vae seed 0"
    assert found.data.params == {"seed": "0"}
    assert (found.data.tags["model"], found.data.tags["x_y"]) == ("vae", "z")
    children = client.search_runs([tracker.experiment_id], f"tags.mlflow.parentRunId = '{parent}'")
    assert [item.info.run_id for item in children] == [child]


def test_many_params_and_long_ones(tracker: Tracker, client: mlflow.MlflowClient) -> None:
    params = {f"p{index}": index for index in range(250)} | {
        "long": "x" * 9000,
        "at": "http://ada:secret@host/x",
    }
    found = client.get_run(tracker.start("many", parent=None, params=params, tags={})).data.params
    assert len(found) == 252
    assert found["at"] == "http://***@host/x"
    assert found["p249"] == "249"
    assert set(found["long"]) == {"x"}


def test_curves_longer_than_a_batch(tracker: Tracker, client: mlflow.MlflowClient, run: str) -> None:
    steps: list[float] = list(range(2500))
    values = [0.5 * step for step in steps]
    values[7] = float("nan")
    tracker.log(run, curves={"held out (nats)": {"step": steps, "value": values}})
    history = client.get_metric_history(run, "held out _nats_")
    assert [(point.step, point.value) for point in history] == [
        (step, 0.5 * step) for step in steps if step != 7
    ]


def test_figures_that_are_unknown_are_left_out(
    tracker: Tracker, client: mlflow.MlflowClient, run: str
) -> None:
    tracker.log(run, metrics={"a/b": 2.0, "gap": float("nan")})
    assert client.get_run(run).data.metrics == {"a_b": 2.0}


def test_tags_and_data_set(tracker: Tracker, client: mlflow.MlflowClient, run: str) -> None:
    tracker.log(run, tags={"digest.train": "d" * 64, "long": "y" * 9000})
    tracker.data_set(run, "sprites", "e" * 64, "drawn here", '{"images": 3}')
    found = client.get_run(run)
    assert found.data.tags["digest.train"] == "d" * 64
    assert len(found.data.tags["long"]) == 8000
    (given,) = found.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("sprites", "e" * 36)


def test_many_tags(tracker: Tracker, client: mlflow.MlflowClient, run: str) -> None:
    tags = {f"changed.{index}": "supported -> not_associated" for index in range(250)}
    tracker.log(run, tags=tags)
    assert tags.items() <= client.get_run(run).data.tags.items()


def test_many_stages_that_end_at_once(tracker: Tracker, client: mlflow.MlflowClient, run: str) -> None:
    """As in a run that reuses everything; MLflow's store has fifteen connections."""
    ready = threading.Barrier(60)

    def end(index: int) -> None:
        ready.wait()
        tracker.log(run, metrics={f"seconds.{index}": 1.0}, tags={f"digest.{index}": "d"})

    with ThreadPoolExecutor(60) as pool:
        assert list(pool.map(end, range(60))) == [None] * 60
    found = client.get_run(run).data
    assert len(found.metrics) == 60
    assert {f"digest.{index}" for index in range(60)} <= found.tags.keys()


def test_what_is_kept_goes_with_what_is_logged_next_or_at_the_end(
    tracker: Tracker, client: mlflow.MlflowClient, run: str
) -> None:
    curve: dict[str, dict[str, list[float]]] = {"loss": {"step": [1, 2], "value": [0.5, 0.25]}}
    tracker.keep(run, LogBatch({"seconds.train": 1.0}, curve, {"digest.train": "a"}))
    tracker.keep(run, LogBatch({"seconds.probe": 2.0}, tags={"digest.probe": "b"}))
    assert client.get_run(run).data.metrics == {}
    tracker.log(run, metrics={"seconds.judge": 3.0}, tags={"digest.judge": "c"})
    found = client.get_run(run).data
    assert found.metrics == {"seconds.train": 1.0, "seconds.probe": 2.0, "seconds.judge": 3.0, "loss": 0.25}
    assert {"digest.train": "a", "digest.probe": "b", "digest.judge": "c"}.items() <= found.tags.items()
    assert [point.value for point in client.get_metric_history(run, "loss")] == [0.5, 0.25]
    tracker.keep(run, LogBatch({"seconds.judge": 4.0}, tags={"digest.judge": "d"}))
    tracker.finish(run)
    ended = client.get_run(run)
    assert (ended.info.status, ended.data.tags["digest.judge"]) == ("FINISHED", "d")
    assert [point.value for point in client.get_metric_history(run, "seconds.judge")] == [3.0, 4.0]


def test_how_runs_end(tracker: Tracker, client: mlflow.MlflowClient, run: str) -> None:
    for status in ("KILLED", "FINISHED"):
        tracker.finish(run, status)
        assert client.get_run(run).info.status == status


CURVE: dict[str, dict[str, list[float]]] = {
    "loss": {"step": list(range(1500)), "value": [1.0 / (step + 1) for step in range(1500)]}
}


def test_a_run_that_was_killed_is_gone_on_with(tracker: Tracker, client: mlflow.MlflowClient) -> None:
    """By another process, which repeats whatever was said: no run and no point is there twice."""
    tags = {"run_id": "20260301-120000-abcdef", "model": 'it\'s "mine"', "seed": "0"}
    folder = Path(tracker.uri.removeprefix("sqlite:///")).parent
    found = []
    for params in ({}, {"beta": 4}, {"beta": 4}):
        again = Tracker(tracker.uri, "an audit", folder / "artifacts")
        found.append(again.start("vae seed 0", parent=None, params=params, tags=tags))
        again.log(found[-1], metrics={"seconds.train": 3.5})
        again.log(found[-1], curves=CURVE)
    assert len(set(found)) == 1
    run = client.get_run(found[0])
    assert (run.info.status, run.data.params) == ("RUNNING", {"beta": "4"})
    assert [point.step for point in client.get_metric_history(found[0], "loss")] == list(range(1500))
    assert len(client.get_metric_history(found[0], "seconds.train")) == 1
    other = tracker.start("vae seed 1", parent=None, params={}, tags={**tags, "seed": "1"})
    twin = tracker.start("vae seed 0", parent=None, params={}, tags={**tags, "model": "it's 'mine'"})
    assert len({found[0], other, twin}) == 3
    client.delete_run(other)  # by a user: it is not brought back
    assert tracker.start("vae seed 1", parent=None, params={}, tags={**tags, "seed": "1"}) != other


def test_processes_that_make_one_database_at_once(tmp_path: Path) -> None:
    """MLflow's own migrations break each other."""
    script = (
        "import sys; from pathlib import Path; from latent_audit.tasks.tracking.run_log import Tracker\n"
        "folder = Path(sys.argv[1])\n"
        "tracker = Tracker(f'sqlite:///{folder / \"mlflow.db\"}', 'one', folder / 'artifacts')\n"
        "print(tracker.experiment_id)"
    )
    words = [sys.executable, "-c", script, str(tmp_path)]
    made = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate(timeout=120)[0] for process in made}
    assert [process.returncode for process in made] == [0, 0, 0]
    assert len(said) == 1


def test_artifacts_lie_below_the_store_whatever_the_experiment_is_called(
    tmp_path: Path, run: str, tracker: Tracker
) -> None:
    (tmp_path / "report.html").write_text("report")
    tracker.artifacts(run, tmp_path / "report.html")
    tracker.artifacts(run, tmp_path, "all")
    stored = Path(tracker.uri.removeprefix("sqlite:///")).parent / "artifacts" / "an%20audit" / run
    assert (stored / "artifacts" / "report.html").read_text() == "report"
    assert (stored / "artifacts" / "all" / "report.html").is_file()


def test_a_model_is_logged_and_its_version_follows_the_weights(
    tracker: Tracker, client: mlflow.MlflowClient, run: str, tmp_path: Path
) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    (tmp_path / "weights.safetensors").write_bytes(b"weights")
    first = tracker.model(run, "vae/encoder", tmp_path, {"weights_digest": "w1"})
    assert tracker.model(run, "vae/encoder", tmp_path, {"weights_digest": "w1"}) == first
    assert tracker.model(run, "vae/encoder", tmp_path, {"weights_digest": "w0"}) != first
    logged = client.get_logged_model(first)
    assert (logged.name, logged.source_run_id, logged.status.name) == ("vae_encoder", run, "READY")
    assert logged.tags["weights_digest"] == "w1"
    for model, digest in ((first, "w1"), (first, "w1"), (first, "w2")):
        tracker.register("sprites/vae-encoder", model, run, digest, "candidate")
    name = "sprites_vae-encoder"
    versions = client.search_model_versions(f"name = '{name}'")
    assert sorted(version.tags["weights_digest"] for version in versions) == ["w1", "w2"]
    assert client.get_model_version_by_alias(name, "candidate").tags["weights_digest"] == "w2"
    tracker.register(name, first, run, "w1", "candidate")
    assert client.get_model_version_by_alias(name, "candidate").tags["weights_digest"] == "w1"
    assert len(client.search_model_versions(f"name = '{name}'")) == 2


def test_runs_that_register_the_same_weights_at_once_make_one_version(
    tracker: Tracker, client: mlflow.MlflowClient, run: str, tmp_path: Path
) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    model = tracker.model(run, "vae/decoder", tmp_path, {"weights_digest": "w1"})
    runs = [Tracker(tracker.uri, "at once", tmp_path) for _ in range(6)]
    with ThreadPoolExecutor(len(runs)) as threads:
        register = [threads.submit(one.register, "at once", model, run, "w1", "candidate") for one in runs]
        assert [future.result() for future in register] == [None] * len(runs)
    (version,) = client.search_model_versions("name = 'at once'")
    assert client.get_model_version_by_alias("at once", "candidate").version == version.version


def test_an_experiment_is_found_again_and_restored(tracker: Tracker, client: mlflow.MlflowClient) -> None:
    root = Path(tracker.uri.removeprefix("sqlite:///")).parent / "artifacts"
    other = Tracker(tracker.uri, "other: 50% / 李", root)
    assert Tracker(tracker.uri, "other: 50% / 李", root).experiment_id == other.experiment_id
    client.delete_experiment(other.experiment_id)
    restored = Tracker(tracker.uri, "other: 50% / 李", root)
    assert restored.experiment_id == other.experiment_id
    restored.start("again", parent=None, params={}, tags={})


def test_an_experiment_of_a_server_is_refused_where_its_files_cannot_be_put(
    tracker: Tracker, client: mlflow.MlflowClient, tmp_path: Path
) -> None:
    client.create_experiment("nightly", artifact_location="mlflow-artifacts:/7")
    with pytest.raises(
        TrackingError, match=r"'nightly' was made through a server.*--tracking\.uri .*--run\.name"
    ):
        Tracker(tracker.uri, "nightly", tmp_path)


def test_readers_and_writers_work_side_by_side(tracker: Tracker) -> None:
    with sqlite3.connect(tracker.uri.removeprefix("sqlite:///")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


@pytest.mark.parametrize("options", ["", "?timeout=30"])
def test_the_address_stays_what_it_was_and_names_one_file(
    tmp_path: Path, options: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}{options}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    Tracker(uri, "an audit", tmp_path / "artifacts")
    assert os.environ["MLFLOW_TRACKING_URI"] == uri
    assert {path.name.partition("-")[0] for path in tmp_path.glob("mlflow*")} == {"mlflow.db", "mlflow.lock"}


def test_a_store_that_cannot_be_used_has_a_sentence_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(TrackingError) as caught:
        Tracker("mysterydb://ada:secret@127.0.0.1:9/db", "x", tmp_path)
    assert "MLflow's store mysterydb://***@127.0.0.1:9/db cannot be used" in str(caught.value)
    assert "--tracking.uri" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_has_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not a database, though long enough to look like one" * 50)
    with pytest.raises(TrackingError, match="cannot be used"):
        Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", "x", tmp_path)


@pytest.mark.parametrize("name", [".", "..", "../up"])
def test_an_experiment_of_any_name_keeps_its_artifacts_in_its_own_folder(
    name: str, tracker: Tracker, client: mlflow.MlflowClient, tmp_path: Path
) -> None:
    own = Tracker(tracker.uri, name, tmp_path / "artifacts")
    assert client.get_experiment(own.experiment_id).name == name
    run = own.start("a run", parent=None, params={}, tags={})
    (tmp_path / "report.html").write_text("a report")
    own.artifacts(run, tmp_path / "report.html")
    assert [file.path for file in client.list_artifacts(run)] == ["report.html"]
    (kept,) = (tmp_path / "artifacts").rglob("report.html")
    (home,) = (tmp_path / "artifacts").iterdir()
    assert kept.is_relative_to(home)
    assert {path.name for path in tmp_path.iterdir()} == {"artifacts", "report.html"}
    assert Tracker(tracker.uri, name, tmp_path / "artifacts").experiment_id == own.experiment_id


# MLflow warns of its own type hints when it saves a model.
@pytest.mark.filterwarnings("ignore:.*Any type hint:UserWarning")
def test_a_program_comes_out_of_mlflow_and_a_pickle_does_not(
    tracker: Tracker, run: str, tmp_path: Path
) -> None:
    module = torch.nn.Linear(3, 2).eval()
    save_exported(tmp_path / "plain", module, np.zeros((2, 3), np.float32))
    logged = tracker.model(run, "plain", tmp_path / "plain", {})
    tracker.register("plain", logged, run, "digest", "candidate")
    kept = [
        tracker.exported_program(address, tmp_path / "downloads")
        for address in ("models:/plain@candidate", f"models:/{logged}")
    ]
    assert kept[0] == kept[1]
    assert kept[0].name == f"{digest_of_file(tmp_path / 'plain' / 'data' / 'model.pt2')}.pt2"
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == ["models"]
    program = torch.export.load(kept[0]).module(check_guards=False)
    torch.testing.assert_close(program(torch.ones(2, 3)), module(torch.ones(2, 3)))
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "model.pkl").write_bytes(b"no tensors")
    other = tracker.model(run, "pickled", tmp_path / "pickled", {})
    with pytest.raises(TrackingError, match=r"holds 0 exported programs .* pickled models are not opened"):
        tracker.exported_program(f"models:/{other}", tmp_path / "downloads")
    with pytest.raises(TrackingError, match="MLflow has no model at models:/nowhere@candidate"):
        tracker.exported_program("models:/nowhere@candidate", tmp_path / "downloads")


@pytest.mark.filterwarnings("ignore:.*Any type hint:UserWarning")
def test_an_export_says_what_it_needs_without_a_warning(tmp_path: Path) -> None:
    """An environment made by uv has no pip, whose version MLflow would look for."""
    told: list[str] = []
    listening = logging.Handler(logging.WARNING)
    listening.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]  # what it would print is kept
    logger = logging.getLogger("mlflow")
    logger.addHandler(listening)
    try:
        save_exported(tmp_path / "plain", torch.nn.Linear(3, 2).eval(), np.zeros((2, 3), np.float32))
    finally:
        logger.removeHandler(listening)
    assert told == []
    assert (tmp_path / "plain" / "requirements.txt").read_text().split() == ["torch", "mlflow", "numpy"]
    needed = yaml.safe_load((tmp_path / "plain" / "conda.yaml").read_text())
    assert needed["dependencies"][:2] == [f"python={platform.python_version()}", "pip"]


def test_a_database_that_is_made_beforehand_is_the_trackers(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'new' / 'mlflow.db'}"
    connect_early(uri)
    assert [path.name for path in (tmp_path / "new").glob("*.db")] == ["mlflow.db"]
    with sqlite3.connect(tmp_path / "new" / "mlflow.db") as connection:
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    tracker = Tracker(uri, "an audit", tmp_path / "artifacts")
    tracker.start("a run", parent=None, params={}, tags={})
    with sqlite3.connect(tmp_path / "new" / "mlflow.db") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (version,)
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_what_is_wrong_with_a_database_is_said_by_the_tracker(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database " * 100)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    connect_early(uri)
    with pytest.raises(TrackingError, match="file is not a database"):
        Tracker(uri, "an audit", tmp_path / "artifacts")
