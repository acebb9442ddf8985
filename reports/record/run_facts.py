"""run.json and ledger.jsonl: facts of one run alone, checked before a page is drawn from them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator

from latent_audit.reports.errors import NotPlainJson, RunIncomplete
from latent_audit.reports.record.strict_json import parse

RUN_NAME = "run.json"
LEDGER_NAME = "ledger.jsonl"
PROGRAM = "latent-audit"

_TEXT, _NUMBER = {"type": ["string", "null"]}, {"type": ["number", "null"]}
_FLAT = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
_LIST = {"type": "array", "items": {"type": "object"}}
_RUN = Draft202012Validator(
    {
        "type": "object",
        "required": ["run_id"],
        "properties": {
            **dict.fromkeys(("run_id", "started", "finished", "command", "commit"), _TEXT),
            **dict.fromkeys(("wall_seconds", "overhead_seconds", "overhead_share"), _NUMBER),
            **dict.fromkeys(("hardware", "mlflow", "prefect"), _FLAT),
            "dirty": {"type": ["boolean", "null"]},
            "packages": {"type": "object", "additionalProperties": {"type": "string"}},
            "since_accepted": {
                "type": ["object", "null"],
                "required": ["run_id", "changed", "verdicts", "scores", "data"],
                "properties": {
                    "run_id": {"type": "string"},
                    "changed": {"type": "boolean"},
                    "verdicts": _LIST,
                    "places": _LIST,
                    "absence": _LIST,
                    "scores": _LIST,
                    "data": _LIST,
                },
            },
        },
    }
)
_LINE = Draft202012Validator(
    {
        "type": "object",
        "required": ["stage", "model", "seed", "seconds", "reused", "started"],
        "properties": {
            "stage": {"type": "string"},
            "model": _TEXT,
            "seed": {"type": ["integer", "null"]},
            "seconds": {"type": "number"},
            "reused": {"type": "boolean"},
            "started": {"type": "string"},
            "digest": _TEXT,
        },
    }
)


def parse_run(data: bytes) -> dict[str, Any]:
    """Returns what a run.json holds.

    Raises:
        RunIncomplete: it is no JSON, or a fact in it has another form.
    """
    try:
        run = parse(data)
    except NotPlainJson as error:
        raise RunIncomplete(f"{RUN_NAME} is not JSON that can be read: {error}.") from None
    _follow(_RUN, run, RUN_NAME)
    return dict(run)


def parse_ledger(data: bytes) -> list[dict[str, Any]]:
    """Returns the lines of a ledger.jsonl. Raises RunIncomplete as `parse_run` does."""
    rows = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        where = f"line {number} of {LEDGER_NAME}"
        try:
            row = parse(line)
            _follow(_LINE, row, where)
            datetime.fromisoformat(row["started"])
        except (NotPlainJson, ValueError) as error:
            raise RunIncomplete(f"{where} cannot be read: {error}.") from None
        rows.append(row)
    return rows


def written_by(run: Mapping[str, Any]) -> str | None:
    """Returns the version of this program that a run says it was written by; None where it does not say."""
    return (run.get("packages") or {}).get(PROGRAM)


def _follow(validator: Draft202012Validator, value: Any, where: str) -> None:
    error = next(iter(validator.iter_errors(value)), None)
    if error is not None:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
        said = error.message if len(error.message) <= 200 else f"{error.message[:197]}..."
        raise RunIncomplete(f"{where}{place} has another form than a run writes: {said}.")
