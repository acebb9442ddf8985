"""A folder whose images are of persons, by the command: persons stay together from the split to the verdicts."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from latent_audit.tasks.analyses.statistics.parts import PARTS
from tests.audits.audits import Commands
from tests.audits.grouped_audit import IMAGES_AT_MOST, MISSING, PERSONS
from tests.plain_audit import read_audit

IMAGES = sum(1 + person * 7 % IMAGES_AT_MOST for person in range(PERSONS))


@pytest.fixture(scope="session")
def audit(others: Commands) -> dict[str, Any]:
    return read_audit(others.run_folder("groups"))


def test_no_person_is_in_two_parts(others: Commands, audit: dict[str, Any]) -> None:
    ended = others.ended["groups"]
    assert ended.code == 0, ended.err
    parts = {row["name"]: row for row in audit["data"]["parts"]}
    assert sum(row["images"] for row in parts.values()) == audit["data"]["images"] == IMAGES
    assert sum(row["groups"] for row in parts.values()) == PERSONS
    assert parts["probe_test"]["groups"] == pytest.approx(0.15 * PERSONS, abs=2)
    said = f"The images are of {PERSONS} groups: {parts['model_train']['groups']} in model_train"
    assert any(said in note for note in audit["data"]["notes"])
    assert said in ended.err.partition("training the attribute classifier")[0]
    (prepared,) = (path for path in others.home.glob("artifacts/prepare/*/groups.npy"))
    groups, codes = np.load(prepared), np.load(prepared.with_name("parts.npy"))
    assert all(len(np.unique(codes[groups == group])) == 1 for group in np.unique(groups))


def test_the_column_of_groups_is_no_attribute(audit: dict[str, Any]) -> None:
    assert [row["name"] for row in audit["data"]["attributes"]] == ["sex", "size"]


def test_n_is_said_in_groups_and_images(audit: dict[str, Any]) -> None:
    part = next(row for row in audit["data"]["parts"] if row["name"] == "probe_test")
    (model,) = audit["models"]
    assert (model["association"]["groups"], model["association"]["n"]) == (part["groups"], part["images"])
    assert model["places"]["groups"] == part["groups"]
    source = f"bootstrap over {part['groups']} groups of images"
    for claim in model["specificity"]:
        assert claim["uncertainty"]["source"] == source
    assert model["absence"][0]["uncertainty"]["source"] == source


def test_an_attribute_is_judged_on_the_images_that_have_it(others: Commands, audit: dict[str, Any]) -> None:
    (values,) = (path for path in others.home.glob("artifacts/prepare/*/values.npy") if _is_grouped(path))
    gone, codes = np.isnan(np.load(values)), np.load(values.with_name("parts.npy"))
    assert gone.mean() == pytest.approx(MISSING, abs=0.02)
    assert [row["missing"] for row in audit["data"]["attributes"]] == gone.sum(axis=0).tolist()
    shares = ", ".join(
        f"{name} in {share:.1%}" for name, share in zip(("sex", "size"), gone.mean(axis=0), strict=True)
    )
    assert any(f"no value of an attribute: {shares}." in note for note in audit["data"]["notes"])
    (model,) = audit["models"]
    images = (~gone[codes == PARTS.index("probe_test")]).sum(axis=0).tolist()
    assert [claim["uncertainty"]["n"] for claim in model["specificity"]] == images
    assert [place["whole_code"]["uncertainty"]["n"] for place in model["places"]["attributes"]] == images
    table = pq.read_table(others.run_folder("groups") / "codes.parquet").to_pandas()
    assert table["attribute sex"].isna().sum() == gone[:, 0].sum()


def _is_grouped(values: Path) -> bool:
    return values.with_name("groups.npy").is_file()


def test_such_a_run_can_be_verified(others: Commands) -> None:
    ended = others.ended["groups verified"]
    assert ended.code == 0, ended.out + ended.err


def test_too_few_groups_are_said_before_training_and_decide_nothing(others: Commands) -> None:
    ended = others.ended["too few groups"]
    assert ended.code == 0, ended.err
    said = ended.err.partition("training vae seed 0")[0]
    assert (
        "groups of images in probe_test are too few, 60 are needed, about 400 in all with these shares"
        in said
    )
    audit = read_audit(others.run_folder("too few groups"))
    for row in audit["verdicts"]:
        assert row["verdict"] in ("inconclusive", "not_tested")
        if row["verdict"] == "inconclusive":
            assert row["reason"].endswith("groups of images in probe_test, 60 are needed")
    assert {row["verdict"] for row in audit["where"]} <= {"inconclusive", "not_tested"}
    assert [row["word"] for row in audit["absent"]] == ["not_shown"]


def test_a_column_that_is_not_there_is_named(others: Commands) -> None:
    said = others.ended["no such column"]
    assert said.code == 1
    assert "there is no column 'patient', which data.groups names" in said.err
