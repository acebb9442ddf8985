"""Where the classifier may not judge, no number of it is left in a model's record."""

from typing import Any

from latent_audit.tasks.session.mlflow_facts import metrics_of
from latent_audit.tasks.stages.evidence.closed_gates import closed_gates, take_out_unread
from latent_audit.vocabulary.reasons import verbatim

NOT_AUDITABLE, NOT_READ = verbatim("not auditable: turn"), verbatim("shape is not read")
UNREADABLE = {"turn": {"reason": NOT_AUDITABLE, "helps": verbatim("leave it out")}}
OUTCOME = {"success": {"value": 0.5}, "others_kept": None}


def record() -> dict[str, Any]:
    names = ("turn", "shape", "size")
    return {
        "intervention": {
            "gates": [
                {"attribute": "turn", "status": "not_tested", "reason": NOT_AUDITABLE},
                {"attribute": "shape", "status": "not_tested", "reason": NOT_READ},
                {"attribute": "size", "status": "passed", "reason": "read"},
            ]
        },
        "moves": {
            "arithmetic": [
                {
                    "attribute": name,
                    "plain": OUTCOME,
                    "conditional": OUTCOME,
                    "random": OUTCOME,
                    "reason": None,
                }
                for name in names
            ],
            "boundaries": {
                "edits": [
                    {
                        "attribute": name,
                        "accuracy": 0.9,
                        "primal": OUTCOME,
                        "conditional": None,
                        "reason": None,
                    }
                    for name in names
                ]
            },
            "perturbation": {"attributes": list(names), "rows": [{"attributes": [1, 2, 3]}]},
        },
        "gan": {
            "edits": [{"attribute": name} for name in names],
            "samples_follow": [{"attribute": name, "estimate": 0.1} for name in names],
        },
    }


def test_what_is_closed_has_its_reason_instead_of_numbers() -> None:
    model = record()
    closed = closed_gates(model, UNREADABLE)
    assert closed == {"turn": NOT_AUDITABLE, "shape": NOT_READ}
    take_out_unread(model, closed, UNREADABLE)
    turn, shape, size = model["moves"]["arithmetic"]
    assert (turn["plain"], turn["conditional"], turn["random"], turn["reason"]) == (
        None,
        None,
        None,
        closed["turn"],
    )
    assert shape["reason"] == closed["shape"]
    assert (size["plain"], size["reason"]) == (OUTCOME, None)
    edits = model["moves"]["boundaries"]["edits"]
    # MLflow is told of the edits that are left.
    seen = {"boundaries": {"edits": [{**edits[2], "conditional": OUTCOME}, edits[0]]}}
    assert metrics_of({"name": "vae", "seed": 0, "moves": seen}, []) == {
        "supported_places": 0.0,
        "edit_success": 0.5,
    }
    # How well a boundary tells codes apart is no word of the classifier, and stays.
    assert [(row["primal"], row["accuracy"]) for row in edits] == [(None, 0.9), (None, 0.9), (OUTCOME, 0.9)]
    assert model["moves"]["perturbation"]["rows"][0]["attributes"] == [
        {"not_applicable": closed["turn"]},
        {"not_applicable": closed["shape"]},
        3,
    ]
    assert [row["attribute"] for row in model["gan"]["edits"]] == ["size"]
    assert [row["estimate"] for row in model["gan"]["samples_follow"]] == [
        {"not_applicable": closed["turn"]},
        0.1,
        0.1,
    ]


def test_a_record_without_these_parts_stays_as_it_is() -> None:
    where = [
        {"model": "vae", "seed": 0, "verdict": "supported"},
        {"model": "vae", "seed": 1, "verdict": "supported"},
    ]
    assert metrics_of({"name": "vae", "seed": 0, "moves": None}, where) == {"supported_places": 1.0}
    bare: dict[str, Any] = {"intervention": {"not_applicable": "no decoder"}, "moves": None, "gan": None}
    assert closed_gates(bare, {}) == {}
    take_out_unread(bare, {}, {})
    assert bare == {"intervention": {"not_applicable": "no decoder"}, "moves": None, "gan": None}
