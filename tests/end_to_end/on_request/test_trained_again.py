"""What is trained or gathered once more on request, by the command: recorded, verified and shown; off, no trace."""

import html
from typing import Any

import numpy as np
import pytest

from tests.audits.audits import Commands
from tests.plain_audit import read_audit


@pytest.fixture(scope="session")
def audit(others: Commands) -> dict[str, Any]:
    return read_audit(others.run_folder("must not be held"))


def test_the_classifier_with_uncertain_weights_is_beside_the_plain_one(
    others: Commands, audit: dict[str, Any]
) -> None:
    found = audit["bayesian_classifier"]
    plain = audit["classifier"]
    assert [row["attribute"] for row in found["calibration"]] == [
        row["attribute"] for row in plain["calibration"]
    ]
    nats = np.load(others.run_folder("must not be held") / found["by_image"]["nats"]["path"])
    assert nats.shape == (found["images"], len(found["by_image"]["attributes"]), 2)
    assert (nats >= 0).all()
    assert len(found["maps"]) == len(plain["scores"]) - sum(
        row["statistic"] == "AUROC" for row in plain["scores"]
    )


def test_classifier_and_model_were_looked_at_while_they_learned(audit: dict[str, Any]) -> None:
    assert [row["step"] for row in audit["classifier_learning"]["checkpoints"]] == [0, 1, 60]
    (model,) = audit["models"]
    assert [row["step"] for row in model["learning"]["checkpoints"]] == [0, 1, 40]
    assert model["learning"]["same_weights"] is True


def test_the_evidence_of_the_pruned_code_was_gathered_by_the_flow(audit: dict[str, Any]) -> None:
    (model,) = audit["models"]
    assert {row["attribute"] for row in audit["pruned"]} == {row["attribute"] for row in audit["verdicts"]}
    assert model["pruned"]["dropped"] == [row["index"] for row in model["dimensions"] if not row["active"]]


def test_a_cnn_a_mixture_and_a_class_left_out_were_recorded_by_the_flow(audit: dict[str, Any]) -> None:
    (model,) = audit["models"]
    assert model["augmented_cnn"]["repeats"] == 3
    assert {row["components"] for row in model["mixture"]["candidates"]} == {1, 3}
    found = model["left_out"]
    assert (found["attribute"], found["value"], found["images"]) == ("émotion 😀", "sad", 150)
    assert {len(found[key]["images"]) for key in ("most_anomalous", "usual")} == {4}


def test_verify_finds_them_in_order(others: Commands) -> None:
    assert others.ended["must not be held verified"].code == 0


def test_the_report_shows_them(others: Commands) -> None:
    page = html.unescape((others.run_folder("must not be held") / "report.html").read_text(encoding="utf-8"))
    for title in (
        "The classifier with uncertain weights",
        "While the classifier learns",
        "While it learns",
        "Generated images that teach a CNN",
        "A class left out of training",
        "Beside a mixture",
        "Without the unused dimensions",
    ):
        assert title in page


def test_off_they_leave_no_trace(others: Commands) -> None:
    audit = read_audit(others.run_folder("own data"))
    assert not {"bayesian_classifier", "classifier_learning", "pruned"} & audit.keys()
    (model,) = audit["models"]
    assert "pruned" not in model
    assert {model[key] for key in ("learning", "augmented_cnn", "mixture", "left_out")} == {None}
    page = (others.run_folder("own data") / "report.html").read_text(encoding="utf-8")
    assert "uncertain weights" not in page
    assert "While it learns" not in page
