"""An audit from Python: the figures of the command to the byte, tables, figures and a report, without a server."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

import latent_audit
from latent_audit.tasks.datasets.sprites import SpritesSettings
from latent_audit.tasks.errors import SettingsError, UsageError
from latent_audit.tasks.in_memory.result import AuditResult
from latent_audit.tasks.runs.verify import verify
from tests.audits import moments_model
from tests.audits.tiny_audit import COMMAND, command_environment
from tests.plain_audit import read_audit

pytestmark = pytest.mark.timeout(600)

SETTINGS: dict[str, Any] = {
    "classifier": {"width": 8, "hidden": 32, "training": {"steps": 300, "evaluate_every": 100, "patience": None}},
    "evidence": {
        "permutations": 200, "bootstraps": 200, "probe_images": 300, "null_directions_per_dimension": 20,
        "boosting_iterations": 5,
    },
    "explanations": {"traversal_steps": 5},
}  # fmt: skip
SAME = (
    "thresholds", "thresholds_digest", "classifier", "auditability", "verdicts", "where", "stability", "subgroups",
    "controls", "unclaimed", "comparison", "requirements",
)  # fmt: skip
SAME_OF_A_MODEL = (
    "dimensions", "fitness", "association", "specificity", "probes", "scores", "intervention", "places", "traversal",
    "import_check",
)  # fmt: skip


@dataclass(frozen=True)
class Given:
    """Images uint8 (n, 1, 32, 32) and their attributes."""

    images: np.ndarray
    table: pd.DataFrame


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    folder = tmp_path_factory.mktemp("sprites")
    data = SpritesSettings(images=1800).load(folder, folder, 0)
    columns = {attribute.name: data.values[:, k] for k, attribute in enumerate(data.attributes)}
    return Given(np.asarray(data.images), pd.DataFrame(columns)[["scale", "posX", "posY"]])


@pytest.fixture(scope="module")
def result(given: Given) -> AuditResult:
    return latent_audit.audit(
        model=moments_model.Moments(), images=given.images, attributes=given.table, name="moments", data="squares",
        settings=SETTINGS, device="cpu", progress=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def commanded(
    given: Given, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> dict[str, Any]:
    """Returns the audit.json of the command, for the same images in another order of rows."""
    home = tmp_path_factory.mktemp("commanded")
    (home / "pictures").mkdir()
    rows = np.random.default_rng(3).permutation(len(given.images))
    for row in rows:
        Image.fromarray(given.images[row, 0]).save(home / "pictures" / f"{row:04d}.png")
    table = given.table.iloc[rows].assign(file=[f"{row:04d}.png" for row in rows])
    table.to_csv(home / "table.csv", index=False)
    (home / "code").mkdir()
    shutil.copyfile(moments_model.__file__, home / "code" / "moments_of_a_test.py")
    settings = {
        **SETTINGS,
        "run": {"name": "squares"},
        "data": {"kind": "folder", "folder": "pictures", "table": "table.csv", "name": "squares", "image_size": 32,
                 "channels": 1, "attributes": list(given.table.columns)},
        "models": {"moments": {"kind": "entrypoint", "entrypoint": "moments_of_a_test:make", "folder": "code"}},
        "seeds": [0],
        "compute": {"runner": "thread", "device": "cpu"},
    }  # fmt: skip
    settings["explanations"] = {
        **SETTINGS["explanations"], "depth": "quick", "projection_images": 100, "attribution_images": 2,
        "attribution_dimensions": 1, "attribution_steps": 8, "superpixel_samples": 24, "manipulation_images": 16,
        "anomaly_images": 20, "regret_steps": 2,
    }  # fmt: skip
    (home / "squares.yaml").write_text(yaml.safe_dump(settings))
    assert pytestconfig.cache is not None
    ended = subprocess.run(
        [COMMAND, "run", "squares.yaml"],
        cwd=home, env=command_environment(pytestconfig.cache.mkdir("numba")), capture_output=True, text=True,
        timeout=500,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return read_audit(home / "runs" / "latest")


def without_places_of_files(part: Any) -> Any:
    """Returns a part of the record without folders of arrays and names of images, which arrays lack; digests stay."""
    if isinstance(part, dict):
        return {
            key: Path(value).name if key == "path" else without_places_of_files(value)
            for key, value in part.items()
            if key != "files"
        }
    return [without_places_of_files(item) for item in part] if isinstance(part, list) else part


@pytest.mark.endurance
def test_evidence_and_verdicts_are_those_of_the_command_to_the_byte(
    result: AuditResult, commanded: dict[str, Any]
) -> None:
    ours: Any = result.record
    for key in SAME:
        one, other = (without_places_of_files(audit[key]) for audit in (ours, commanded))
        assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True), key
    for key in SAME_OF_A_MODEL:
        one, other = (without_places_of_files(audit["models"][0][key]) for audit in (ours, commanded))
        if key == "traversal":  # it names rows as they are stored
            one.pop("anchors"), other.pop("anchors")
        assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True), key


def test_the_record_says_that_it_came_from_python(result: AuditResult) -> None:
    record: Any = result.record
    assert record["settings"]["given_in"] == "python"
    assert record["data"]["source"] == "arrays of a Python program"
    assert record["models"][0]["origin"]["kind"] == "functions"
    assert "handle" not in json.dumps(record["settings"])


def test_tables_say_what_the_record_says(result: AuditResult) -> None:
    record: Any = result.record
    assert list(result.verdicts["attribute"]) == ["scale", "posX", "posY"]
    assert list(result.verdicts["verdict"]) == [row["verdict"] for row in record["verdicts"]]
    where: dict[Any, Any] = result.where.set_index("attribute").to_dict("index")
    assert (where["posX"]["place"], where["posX"]["members"]) == ("dimension", "z0")
    assert (where["posY"]["place"], where["posY"]["members"]) == ("dimension", "z1")
    assert where["posX"]["uncertainty_low"] <= where["posX"]["uncertainty"]
    assert where["posX"]["verdict"] in repr(result)


def test_a_notebook_shows_a_table_without_markup_of_names(result: AuditResult, given: Given) -> None:
    html = result._repr_html_()
    assert html.startswith("<table>")
    assert "dimension z0" in html
    assert "posX" in html


def test_figures_are_drawn(result: AuditResult) -> None:
    matrix = result.plot.matrix()
    assert matrix.axes[0].images[0].get_array().shape == (3, 3)
    strip = result.plot.traversal("z0")
    assert len(strip.axes) == SETTINGS["explanations"]["traversal_steps"]
    frames = [np.asarray(axes.images[0].get_array()) for axes in strip.axes]
    centres = [frame.sum(axis=0) @ np.arange(32) / max(1, frame.sum()) for frame in frames]
    assert centres == sorted(centres)
    assert centres[-1] > centres[0] + 5
    mapping = result.plot.mapping()
    assert [label.get_text() for label in mapping.axes[0].get_yticklabels()] == ["posY", "posX", "scale"]
    for figure in (matrix, strip, mapping, result.plot.traversal(1, model="moments")):
        assert figure._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"has no dimension 'z9'; it has z0, z1, z2"):
        result.plot.traversal("z9")
    with pytest.raises(UsageError, match="there is no model 'other'; the audit has moments"):
        result.plot.matrix("other")


@pytest.mark.endurance
def test_the_report_is_one_file_and_a_saved_result_is_a_run(result: AuditResult, tmp_path: Path) -> None:
    path = result.report(tmp_path / "out.html")
    page = path.read_text(encoding="utf-8")
    assert "posX" in page
    assert sorted(tmp_path.iterdir()) == [path]
    with pytest.raises(UsageError, match="there is no folder"):
        result.report(tmp_path / "absent" / "out.html")
    folder = result.save(tmp_path / "run")
    assert verify(folder).problems == ()
    again = latent_audit.load(folder)
    assert again.record == result.record
    pd.testing.assert_frame_equal(again.where, result.where)
    assert again.report(tmp_path / "again.html", language="zh").read_text("utf-8") != page
    assert verify(folder).problems == ()
    with pytest.raises(UsageError, match="is there already"):
        result.save(tmp_path / "run")


def test_names_are_no_markup_in_a_notebook(result: AuditResult, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "run")
    audit = json.loads((folder / "audit.json").read_text())
    text = json.dumps(audit).replace('"posX"', '"<script>posX $x^2$"')
    (folder / "audit.json").write_text(text)
    hostile = latent_audit.load(folder)
    assert "<script>" not in hostile._repr_html_()
    assert hostile.plot.matrix()._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("given_arguments", "kind", "said"),
    [
        ({}, UsageError, "give either model, or encode and, if the model has one, decode"),
        ({"decode": len}, UsageError, "give either model, or encode and, if the model has one, decode"),
        (
            {"model": object(), "settings": {"evidence": {"bootstrap": 3}}},
            SettingsError,
            "did you mean bootstraps",
        ),
        ({"model": object(), "settings": {"data": {}}}, SettingsError, "data: unknown setting"),
    ],
)
def test_what_cannot_be_meant_is_said_at_once(
    given_arguments: dict[str, Any], kind: type[Exception], said: str, given: Given
) -> None:
    with pytest.raises(kind, match=said):
        latent_audit.audit(images=given.images, attributes=given.table, progress=False, **given_arguments)


LIGHT = """
import sys, time
started = time.perf_counter()
import latent_audit
seconds = time.perf_counter() - started
print(seconds, sorted({"torch", "prefect", "mlflow", "pandas"} & set(sys.modules)))
latent_audit.audit, latent_audit.load
print(sorted({"torch", "prefect", "mlflow"} & set(sys.modules)))
"""


def test_importing_it_is_light() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True, timeout=60
    )
    first, second = done.stdout.splitlines()
    assert float(first.split()[0]) <= 0.3
    assert first.split(maxsplit=1)[1] == "[]"
    assert second == "[]"
