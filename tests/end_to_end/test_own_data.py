"""A user's own folder, by the command: what was noticed is said first, and a rare attribute costs only itself."""

import json
import re
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.audits.audits import Commands
from tests.audits.own_audit import COLUMNS, IMAGES, RARE

# Both say how bright the square is.
TWICE = ("50% left", "émotion 😀")


@pytest.fixture(scope="session")
def audit(others: Commands) -> dict[str, Any]:
    folder = others.run_folder("own data")
    loaded: dict[str, Any] = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize(
    "said",
    [
        "own labels.csv is read as UTF-16",
        "are separated by semicolons",
        "Column 'Image ID' is taken for the names of the image files",
        "1,800 file names are matched to images although written otherwise (backslashes, with the folder's own name in "
        r"front, without its extension), as 'own pictures\größe\0000' for 'größe/0000.png'",
        "1 hidden and system files beside the images are left out: ._0000.png",
        "Column 'size (mm)': commas stand before decimals",
        "1 of 1,800 images are not square and are cropped to their central square",
        "1,800 images have transparent pixels; they lie on white",
        "3 of 1,800 images are identical to another, pixel for pixel (größe/0000.png = größe/0001.png = größe/0002",
        "Columns '50% left' and 'émotion 😀' are likely one attribute twice (the same groups of images)",
        "Class 'odd' of 'a/b' has 0 images in the part",
        "glasses is not tested: too few to test: class 'yes' in 5 images",
    ],
)
def test_what_was_noticed_is_said_before_training_and_kept(
    others: Commands, audit: dict[str, Any], said: str
) -> None:
    ended = others.ended["own data"]
    assert ended.code == 0, ended.err
    before = ended.err.partition("training the attribute classifier")[0]
    assert said in before
    assert any(said in note for note in audit["data"]["notes"])


def test_a_rare_attribute_is_not_tested_and_the_rest_goes_on(audit: dict[str, Any]) -> None:
    assert [row["name"] for row in audit["data"]["attributes"]] == [name for name in COLUMNS if name != RARE]
    (aside,) = audit["data"]["not_tested"]
    assert aside["attribute"] == RARE
    assert sum(aside["images"].values()) == 5
    assert aside["reason"].startswith("too few to test: class 'yes' in 5 images")
    assert aside["reason"].endswith("(needs 10 in every part)")
    assert [row["attribute"] for row in audit["verdicts"]] == [name for name in COLUMNS if name != RARE]
    assert audit["subgroups"] == []  # it was to be grouped by the rare attribute
    assert audit["data"]["images"] == IMAGES


def test_the_report_says_it_too(others: Commands, audit: dict[str, Any]) -> None:
    page = (others.run_folder("own data") / "report.html").read_text(encoding="utf-8")
    assert "What was noticed in reading the data" in page
    row = page.partition('<th scope="row"><a href="#data"><bdi>glasses</bdi></a></th>')[2]
    assert "Not tested: too few images show it." in row.partition("</tr>")[0]
    aside = page.partition("<h5>Not tested</h5>")[2].partition("</ul>")[0]
    assert "<bdi>glasses</bdi>: too few to test: class &#39;yes&#39; in 5 images" in aside
    assert 'id="data"' in page


def test_such_a_run_can_be_verified(others: Commands) -> None:
    ended = others.ended["own data verified"]
    assert ended.code == 0, ended.out + ended.err


def test_a_group_that_is_no_attribute_is_refused_before_training(others: Commands) -> None:
    said = others.last_line("unknown group", 1)
    assert said.startswith("evidence.subgroup_by names 'colour', and the data have size (mm), acc@5")
    assert "training" not in others.ended["unknown group"].err


def test_columns_that_say_the_same_are_named_in_the_report(others: Commands, audit: dict[str, Any]) -> None:
    """What that means for claims stands among the limitations; places that both share are found in
    tests/analyses/places.
    """
    page = unescape((others.run_folder("own data") / "report.html").read_text(encoding="utf-8"))
    pairs = {frozenset((pair["first"], pair["second"])) for pair in audit["data"]["correlation"]["entangled"]}
    assert frozenset(TWICE) in pairs
    first, second = TWICE
    assert re.search(
        rf"{re.escape(first)}.{{0,60}} and .{{0,60}}{second}.{{0,60}} are correlated in these data "
        r"\(1\.0\d*\); what is said of one may partly be owed to the other",
        page,
    )


def test_latent_responses_and_both_ends_of_dimensions_need_no_label(
    others: Commands, audit: dict[str, Any]
) -> None:
    folder = others.run_folder("own data")
    (model,) = audit["models"]
    found, d = model["latent_responses"], model["latent_dim"]
    assert found["images"] == audit["settings"]["explanations"]["response_images"]
    assert [len(row) for row in found["response"]] == [d] * d
    assert len(found["comes_back"]) == len(found["ignored"]) == d
    pictures = np.load(folder / found["exemplars"]["pictures"]["path"])
    ends = found["exemplars"]["images_an_end"]
    assert pictures.shape == (2 * ends * len(found["exemplars"]["dimensions"]), *audit["data"]["image_shape"])
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Without labels: one dimension of held-out codes of vae is set" in page


def test_the_report_says_for_which_family_its_p_values_hold(others: Commands) -> None:
    page = (others.run_folder("own data") / "report.html").read_text(encoding="utf-8")
    assert (
        "p-values are corrected over all its attributes and dimensions, and not over the 1 trained models"
        in page
    )


def test_the_codes_of_every_image_stand_under_its_file_name(others: Commands, audit: dict[str, Any]) -> None:
    """codes.parquet beside the arrays, sealed: file, part, codes, attributes and what the classifier reads."""
    folder = others.run_folder("own data")
    (place,) = folder.glob("**/codes.parquet")
    sealed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert place.relative_to(folder).as_posix() in {row["path"] for row in sealed}
    table = pd.read_parquet(place)
    assert set(table["file"]) == {f"größe/{number:04d}.png" for number in range(IMAGES)}
    parts = {row["name"]: row["images"] for row in audit["data"]["parts"]}
    assert table["part"].value_counts().to_dict() == {name: count for name, count in parts.items() if count}
    (model,) = audit["models"]
    for name in (row["name"] for row in model["dimensions"]):
        assert any(name in column and "vae" in column for column in table.columns), name
    for name in (attribute["name"] for attribute in audit["data"]["attributes"]):
        assert len([column for column in table.columns if name in column]) >= 2, (
            name
        )  # true, and as it is read
    assert len(table) == IMAGES
    assert not table.isna().any().any()


@pytest.mark.parametrize("part", ["counter-examples", "starting images", "map points"])
def test_images_that_are_shown_carry_the_names_of_their_files(
    others: Commands, audit: dict[str, Any], part: str
) -> None:
    (model,) = audit["models"]
    shown = {
        "counter-examples": [row["counter_examples"] for row in audit["verdicts"] if row["counter_examples"]],
        "starting images": model["traversal"],
        "map points": model["projections"],
    }[part]
    names = re.findall(r"größe/\d{4}\.png", json.dumps(shown, ensure_ascii=False))
    assert len(names) >= 4
    page = (others.run_folder("own data") / "report.html").read_text(encoding="utf-8")
    assert all(
        name in page for name in names[: 1 if part == "starting images" else 5]
    )  # strips are of one image
