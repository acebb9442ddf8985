"""Names of a user's own go through a whole audit, and stay text in its files, paths, figures and in MLflow."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mlflow
import pytest

from latent_audit.reports.record.audit_json import schema_faults
from latent_audit.tasks.runs.verify import verify
from latent_audit.tasks.tracking.names import clean_model_name
from tests.audits.audits import Commands
from tests.audits.hostile_audit import ATTRIBUTES, CLASSES, IMAGES, MODEL, RARE, RUN, TITLE
from tests.plain_audit import read_audit
from tests.reports.conftest import elements

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]
PLAIN = re.compile(r"[\w.\-]+")


@pytest.fixture
def run(others: Commands) -> Path:
    ended = others.ended["hostile"]
    assert ended.code == 0, ended.err
    assert "Traceback" not in ended.err
    return others.run_folder("hostile")


@pytest.fixture
def audit(run: Path) -> dict[str, Any]:
    return read_audit(run)


def test_the_audit_holds_every_name_as_it_was_given(audit: dict[str, Any], run: Path) -> None:
    assert schema_faults(audit) == []
    assert verify(run).problems == ()
    assert tuple(attribute["name"] for attribute in audit["data"]["attributes"]) == ATTRIBUTES
    assert sorted(audit["data"]["attributes"][0]["classes"]) == sorted(CLASSES)
    assert audit["data"]["images"] == IMAGES
    assert [model["name"] for model in audit["models"]] == [MODEL]
    assert [verdict["attribute"] for verdict in audit["verdicts"]] == list(ATTRIBUTES)
    assert audit["subject"]["title"] == audit["data"]["name"] == TITLE


def test_what_is_noticed_of_the_data_is_a_line_each_in_the_terminal(
    others: Commands, audit: dict[str, Any]
) -> None:
    ended = others.ended["hostile"]
    printed = ended.out + ended.err
    assert "\x1b" not in printed
    assert not [line for line in printed.splitlines() if line.startswith("whole: 9 files")]
    assert re.search(r"data: rare.*\[2J.*whole: 9 files.* is not tested: too few to test", printed)
    assert re.search(r"data: .*table.*\[2J.*whole: 9 files.*UTF-16", printed)
    assert [row["attribute"] for row in audit["data"]["not_tested"]] == [RARE]


def test_every_path_is_plain_and_below_the_folder_that_was_asked_for(run: Path, others: Commands) -> None:
    below = run.relative_to(others.home / "hostile runs")
    assert len(below.parts) == 2
    for path in (*below.parts, *(part for file in run.rglob("*") for part in file.relative_to(run).parts)):
        assert PLAIN.fullmatch(path), path
    assert not list(others.home.parent.glob("*alert*"))
    stages = [path.name for path in (others.home / "artifacts").glob("*/*")]
    assert all(PLAIN.fullmatch(name) for name in stages)


def test_the_page_and_the_index_hold_no_element_of_theirs(run: Path, others: Commands) -> None:
    for page in (run / "report.html", others.home / "hostile runs" / "index.html"):
        found = elements(page.read_text(encoding="utf-8"))
        assert sum(element.tag == "script" for element in found) <= 1, page
        handlers = [(e.tag, name) for e in found for name in e.attributes if name.startswith("on")]
        assert handlers == [], page
        assert not [e for e in found if e.tag == "img" and not e.attributes["src"].startswith("data:")], page
        assert any("{{ config }}" in element.text for element in found), page


def test_no_figure_holds_an_element_of_theirs(run: Path) -> None:
    drawn = list((run / "figures").rglob("*.svg"))
    assert len(drawn) > 10
    for path in drawn:
        for element in ElementTree.parse(path).iter():
            assert not element.tag.endswith("script"), path
            assert not [name for name in element.attrib if name.startswith("on")], path


def test_mlflow_has_the_run_its_model_and_its_files(run: Path, others: Commands) -> None:
    facts = json.loads((run / "run.json").read_text())["mlflow"]
    uri = f"sqlite:///{others.home / 'artifacts' / 'mlflow' / 'mlflow.db'}"
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    parent = client.get_run(facts["parent_run_id"])
    assert parent.info.status == "FINISHED"
    assert parent.data.params["subject.title"] == TITLE
    (child,) = client.search_runs(
        [parent.info.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    )
    assert child.info.run_name == f"{MODEL} seed 0"
    assert client.get_experiment(parent.info.experiment_id).name == RUN
    names = [
        *child.data.metrics,
        *child.data.params,
        *child.data.tags,
        *parent.data.params,
        *parent.data.tags,
    ]
    assert [name for name in names if not re.fullmatch(r"[\w\-. /]+", name)] == []
    files = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert {"report.html", "audit.json"} <= files
    assert (
        client.get_model_version_by_alias(clean_model_name(f"{RUN}-{MODEL}-encoder"), "candidate").status
        == "READY"
    )
