"""Which models of an accepted run are called `audited`: those with enough attributes that are Supported."""

from typing import Any

import pytest

from latent_audit.tasks.runs.audited_models import _earned


def audit(verdicts: dict[str, str], places: dict[str, str]) -> Any:
    model = {"name": "vae", "seed": 0, "is_lead": True, "weights_digest": "abc"}
    row = {"model": "vae", "seed": 0}
    return {
        "subject": {"models": ["vae"]},
        "models": [model, {**model, "seed": 1, "is_lead": False}],
        "verdicts": [{**row, "attribute": name, "verdict": word} for name, word in verdicts.items()],
        "where": [
            *({**row, "attribute": name, "verdict": word} for name, word in places.items()),
            {"model": "vae", "seed": 1, "attribute": "other", "verdict": "supported"},
        ],
    }


@pytest.mark.parametrize(
    ("verdicts", "places", "count"),
    [
        ({"scale": "supported"}, {}, 1),
        ({"scale": "not_supported"}, {"scale": "supported"}, 1),
        ({"scale": "supported"}, {"scale": "supported"}, 1),
        ({"scale": "supported"}, {"scale": "supported", "posX": "supported"}, 2),
        ({"scale": "not_supported"}, {"scale": "partly_supported"}, 0),
    ],
)
def test_an_attribute_counts_once_by_its_dimension_or_its_place(
    verdicts: dict[str, str], places: dict[str, str], count: int
) -> None:
    assert _earned(audit(verdicts, places), count) == {"vae": "abc"}
    assert _earned(audit(verdicts, places), count + 1) == {}
