"""Rows of audit.json that must be there once: readers look rows up by these keys, and two would be two truths.

JSON Schema cannot say this.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Plain = Mapping[str, Any]


def doubled_rows(audit: Plain) -> list[str]:
    """Returns a sentence for each row that stands more than once in an audit that follows its schema."""
    return list(_doubled(audit))


def _doubled(audit: Plain) -> Iterator[str]:
    yield from _twice("subject.models", [(name,) for name in audit["subject"]["models"]])
    yield from _rows("data.attributes", audit["data"]["attributes"], "name")
    yield from _rows("classifier.scores", _part(audit["classifier"], "scores"), "attribute", "statistic")
    yield from _rows("models", audit["models"], "name", "seed")
    yield from _rows("models with is_lead", [m for m in audit["models"] if m["is_lead"]], "name")
    for index, model in enumerate(audit["models"]):
        yield from _evidence(f"models[{index}]", model)
        yield from _rows(f"models[{index}].probes", model.get("probes"), "attribute", "statistic")
    yield from _rows("controls", audit["controls"], "name", "control")
    for index, control in enumerate(audit["controls"]):
        yield from _evidence(f"controls[{index}]", control)
    yield from _rows("stability", audit["stability"], "model")
    stability = audit["stability"] if isinstance(audit["stability"], list) else []
    for index, section in enumerate(stability):
        yield from _rows(f"stability[{index}].attributes", section["attributes"], "attribute")
    yield from _rows("verdicts", audit["verdicts"], "model", "seed", "attribute")
    yield from _rows("where", audit.get("where"), "model", "seed", "attribute")
    yield from _rows("absent", audit.get("absent"), "model", "seed", "attribute", "given")
    yield from _rows("requirements", audit.get("requirements"), "model", "attribute")
    yield from _rows("place_stability", audit.get("place_stability"), "model")
    yield from _rows("subgroups", audit["subgroups"], "model", "attribute", "by")
    yield from _rows("comparison", audit["comparison"], "measure")
    yield from _rows("unclaimed", audit["unclaimed"], "model", "dimension")


def _evidence(where: str, model: Plain) -> Iterator[str]:
    yield from _rows(f"{where}.dimensions", model.get("dimensions"), "index")
    yield from _rows(f"{where}.specificity", model.get("specificity"), "attribute")
    named = _part(model.get("association"), "attributes")
    yield from _twice(f"{where}.association.attributes", [(name,) for name in named or ()])
    yield from _rows(f"{where}.places.attributes", _part(model.get("places"), "attributes"), "attribute")
    for part in ("gates", "claims"):
        yield from _rows(f"{where}.intervention.{part}", _part(model.get("intervention"), part), "attribute")


def _part(section: Any, name: str) -> Any:
    """Returns a part of a section, None where the section is not there."""
    return section.get(name) if isinstance(section, Mapping) else None


def _rows(where: str, rows: Any, *keys: str) -> Iterator[str]:
    if isinstance(rows, list):  # else it says why it is not there
        yield from _twice(where, [tuple(row.get(key) for key in keys) for row in rows])


def _twice(where: str, found: Sequence[tuple[Any, ...]]) -> Iterator[str]:
    for row, count in Counter(json.dumps(one) for one in found).items():
        if count > 1:
            yield f"audit.{where} holds {row[1:-1]} {count} times; it must stand there once."
