"""`latent-audit explain`: what is said of an image, refused, written, and left as it was."""

import json
import re
from pathlib import Path
from typing import Any

import mlflow
import pytest

from tests.audits.audits import Commands

pytestmark = [
    pytest.mark.endurance,
    pytest.mark.timeout(1200),
    # MLflow uses what its database library is about to drop.
    pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning"),
]

LARGEST_PAGE = 1_500_000


DONE = (
    "run", "own image", "row", "gan", "gan page", "autoencoder", "other seed", "lime", "kernel-shap", "against",
    "one attribute", "page", "track", "few", "more", "seed", "noise 1", "noise 2", "verified",
)  # fmt: skip


def test_each_command_ends_as_it_should(explained: Commands) -> None:
    failed = {name: explained.ended[name].err[-1500:] for name in DONE if explained.ended[name].code}
    assert not failed, "\n\n".join(f"{name}: {said}" for name, said in failed.items())
    unexpected = {
        name: ended.err[-1500:] for name, ended in explained.ended.items() if "Traceback" in ended.err
    }
    assert not unexpected, "\n\n".join(f"{name}: {said}" for name, said in unexpected.items())


def found_by(explained: Commands, name: str) -> dict[str, Any]:
    """Returns an explanation as JSON."""
    ended = explained.ended[name]
    assert (ended.code, "Traceback" in ended.err) == (0, False), ended
    found: dict[str, Any] = json.loads((explained.home / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_the_page_of_an_image_of_ones_own(explained: Commands) -> None:
    ended = explained.ended["own image"]
    assert (ended.code, "Traceback" in ended.err) == (0, False), ended
    # effect of explain RUN IMAGE
    assert ended.out.endswith("explanation: mine-explained.html\n")
    page = (explained.home / "mine-explained.html").read_text(encoding="utf-8")
    assert len(page.encode()) <= LARGEST_PAGE
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page) == []
    assert "The attribute classifier says that" in page
    for said in (
        "Its brightness was turned: it has a light ground, and the data have a dark one.",
        "Its colours were made grey, as the data are grey.",
        "Cropped to its central square: 40 % of its pixels are left out.",
        "no label of it is known",
        "This model has no discriminator.",
    ):
        assert said in page
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings[:3] == [
        "The image", "What the classifier says", "Its code beside those of held-out images"
    ]  # fmt: skip


def test_the_run_is_what_it_was(explained: Commands) -> None:
    """After all explanations and samples."""
    assert explained.ended["verified"].code == 0
    written = {path.name for path in explained.home.iterdir() if path.suffix in (".html", ".json")}
    assert written == {
        "mine-explained.html", "gan.html", "seite.html", "4-explained.html",
        *(f"{name}.json" for name in (
            "row", "gan", "autoencoder", "other seed", "lime", "kernel-shap", "against", "one attribute", "results"
        )),
    }  # fmt: skip


def test_a_row_of_the_data_with_each_option(explained: Commands) -> None:
    plain = found_by(explained, "row")
    assert (plain["image"]["source"], plain["image"]["row"]) == ("data", 7)
    assert (plain["subject"]["model"], plain["subject"]["seed"]) == ("vae", 0)
    assert [row["attribute"] for row in plain["said"]] == ["shape", "scale", "orientation", "posX", "posY"]
    assert all(row["label"] for row in plain["said"])
    assert [row["measure"] for row in plain["unusual"]] == [
        "reconstruction_error", "code_distance", "nearest_distance"
    ]  # fmt: skip
    distances = [row["distance"] for row in plain["neighbours"]]
    assert (len(distances), distances) == (6, sorted(distances))
    assert 7 not in [row["row"] for row in plain["neighbours"]]
    assert {row["name"] for row in plain["code"] if row["verdict"] in (None, "not_supported")} <= {"z0", "z1"}
    other = found_by(explained, "other seed")
    # effect of explain --seed
    assert (other["subject"]["seed"], [row["seed"] for row in other["seeds"]]) == (1, [0])
    # effect of explain --method
    assert {one["method"] for one in found_by(explained, "lime")["maps"]} <= {"Lime"}
    maps = found_by(explained, "kernel-shap")["maps"]
    assert ("discriminator", "KernelShap") in {(one["target"], one["method"]) for one in maps}
    against = found_by(explained, "against")
    # effect of explain --against
    assert all(part["absent_codes"] == 1 for part in against["shapley"])


@pytest.mark.parametrize(("name", "kind"), [("gan", "interpretable_gan"), ("autoencoder", "autoencoder")])
def test_other_kinds_of_models(explained: Commands, name: str, kind: str) -> None:
    found = found_by(explained, name)
    # effect of explain --model
    assert (found["subject"]["model"], found["subject"]["kind"]) == (name, kind)
    assert (found["discriminator"] is None) == (name == "autoencoder")
    if found["discriminator"] is not None:
        part = found["discriminator"]
        total = part["mean_logit"] + sum(term["value"] for term in part["terms"])
        assert total == pytest.approx(part["logit"], abs=1e-4)
        assert "free0" not in [term["name"] for term in part["terms"]]  # by its verdict it has earned no name
    for part in found["shapley"]:
        total = sum(share["value"] for share in part["shares"])
        assert total == pytest.approx(part["everybody"] - part["nobody"], abs=1e-4)
    for move in found["moves"]:
        assert (move["length"] is not None) == (move["outcome"] in ("found", "fools"))


def test_where_the_page_goes_and_in_which_language(explained: Commands) -> None:
    ended = explained.ended["page"]
    assert ended.code == 0, ended
    # effect of explain --output
    assert ended.out.endswith("explanation: seite.html\n")
    page = (explained.home / "seite.html").read_text(encoding="utf-8")
    # effect of explain --language
    assert '<html lang="zh">' in page
    # effect of explain --attribute
    assert "属性分类器认为 posX 是" in page
    found = found_by(explained, "one attribute")
    # effect of explain --format
    assert (found["format"], found["about"]) == (1, "posX")
    assert {part["attribute"] for part in found["shapley"]} <= {"posX"}


def test_mlflow_hears_of_it_when_asked_to_alone(explained: Commands) -> None:
    facts = json.loads((explained.run_folder("run") / "run.json").read_text(encoding="utf-8"))
    uri = f"sqlite:///{explained.home / 'artifacts' / 'mlflow' / 'mlflow.db'}"
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    assert explained.ended["track"].code == 0
    logged = client.list_artifacts(facts["mlflow"]["parent_run_id"], "explanations")
    # effect of explain --track
    assert [Path(file.path).name for file in logged] == ["4-explained.html"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("text", "text.png is not an image in one of the formats"),
        ("half", "half.png is truncated or corrupt"),
        ("huge", "the limit is 64,000,000"),
        ("absent", "absent.png is no file and no row number of the data (0 to 1799)"),
        ("no row", "the data have the rows 0 to 1799; there is no row 1800"),
        (
            "no attribute",
            "the data have no attribute 'colour'; they have shape, scale, orientation, posX, posY",
        ),
        ("no seed", "vae has no seed 9 in this run; it has 0, 1"),
        ("no language", "there is no catalogue for language 'xx'; there are en, zh"),
        ("in the run", "lies in the run, which is sealed: give another --output"),
    ],
)
def test_what_cannot_be_explained_is_a_sentence(explained: Commands, name: str, sentence: str) -> None:
    assert sentence in explained.last_line(name, 2)


def test_a_store_without_the_model_is_said_so(explained: Commands) -> None:
    said = explained.last_line("other store", 1)
    # effect of explain --store
    assert re.search(r"the store .*elsewhere does not hold the data of this run", said)
