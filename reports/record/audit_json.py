"""audit.json is the truth of a run: written in one fixed form, so that the same audit gives the same
bytes, and refused with sentences where it leaves its published schema.
"""

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from latent_audit.reports.errors import AuditInvalid, NotPlainJson, RunIncomplete
from latent_audit.reports.page.visible_text import visible
from latent_audit.reports.record.audit_rows import doubled_rows
from latent_audit.reports.record.run_files import MAX_BYTES, NotPlain, read_plain
from latent_audit.reports.record.strict_json import parse
from latent_audit.vocabulary.record.audit import OPEN_VERSION, Audit
from latent_audit.vocabulary.schema import open_schema

AUDIT_NAME = "audit.json"
# Released versions stay readable; the open one is written.
RELEASED = ("1.0",)
SCHEMA_VERSION = OPEN_VERSION
MAX_SENTENCES = 20
SIGNIFICANT_DIGITS = 9  # below float32's noise nothing is meant; fewer digits keep machines in agreement


def write_audit(folder: Path, audit: Audit | Mapping[str, Any]) -> Path:
    """Writes `folder`/audit.json and returns its path.

    Keys are sorted, floats carry nine significant digits, text is UTF-8. Nothing is written
    where the audit breaks the schema.

    Raises:
        AuditInvalid: with one sentence for each fault.
    """
    written = settled(audit)
    faults = schema_faults(written)
    if faults:
        raise AuditInvalid(faults)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / AUDIT_NAME
    text = json.dumps(written, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False)
    path.write_bytes((text + "\n").encode("ascii"))
    return path


def read_audit(folder: Path) -> Audit:
    """Returns the audit in `folder`, checked against the schema.

    Args:
        folder: a finished run.

    Returns:
        The content of audit.json. Units stand with each field: docs/audit-json.md.

    Raises:
        RunIncomplete: there is no audit.json, or it is not JSON.
        AuditInvalid: it breaks the schema.

    Source:
        The schema: `python -m latent_audit.vocabulary.schema`.

    Example:
        >>> audit = read_audit(Path("runs/latest"))
        >>> audit["subject"]["dataset"]
        'sprites'
    """
    path = folder / AUDIT_NAME
    try:
        return parse_audit(read_plain(path, MAX_BYTES[AUDIT_NAME]))
    except FileNotFoundError as error:
        raise RunIncomplete(
            f"{visible(str(folder))} holds no {AUDIT_NAME}; give the folder of a finished run."
        ) from error
    except NotPlain as found:
        raise RunIncomplete(f"{visible(str(path))} is {found}, where a plain file should be.") from None
    except NotPlainJson as error:
        raise RunIncomplete(f"{visible(str(path))} is not JSON that can be read: {error}.") from error


def parse_audit(data: bytes) -> Audit:
    """Returns the audit that the bytes of an audit.json hold, checked against the schema.

    Raises:
        NotPlainJson: they are no JSON with one plain meaning.
        AuditInvalid: it breaks the schema, or rows stand twice.
    """
    audit = parse(data)
    faults = schema_faults(audit) or doubled_rows(audit)
    if faults:
        raise AuditInvalid(_at_most(faults))
    return cast(Audit, audit)


def settled(value: Any, where: str = "audit") -> Any:
    """Returns plain JSON values as they are written: floats rounded to nine digits, integers of numpy made ints.

    Raises:
        AuditInvalid: with the place of what is no plain value, or not finite.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        return {str(key): settled(inner, f"{where}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [settled(inner, f"{where}[{index}]") for index, inner in enumerate(value)]
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return settled(value.tolist(), where)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise AuditInvalid([f"{where} is {value}; an unknown number must be null."])
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") + 0.0  # + 0.0 turns -0.0 into 0.0
    raise AuditInvalid([f"{where} is a {type(value).__name__}; audit.json takes plain values only."])


def schema_faults(audit: Any) -> list[str]:
    """Returns a sentence for each place where `audit` breaks its schema, at most 20; empty when valid."""
    version = audit.get("schema_version") if isinstance(audit, dict) else None
    version = version if version in RELEASED else SCHEMA_VERSION
    if _quick_validator(version).is_valid(audit):
        return []
    errors = sorted(
        _validator(version).iter_errors(audit), key=lambda error: [str(step) for step in error.absolute_path]
    )
    return _at_most([_sentence(error) for error in errors])


# Files beside this module that it reads; they count in content keys (tasks/storage/source_digest.py).
FILES_READ = ("audit-*.schema.json",)


def schema_of(version: str) -> Mapping[str, Any]:
    """Returns the published schema of a version: a file for a released one, else what the types say."""
    if version == OPEN_VERSION:
        return open_schema()
    path = Path(__file__).with_name(f"audit-{version}.schema.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


@cache
def _quick_validator(version: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(dict(schema_of(version)))


@cache
def _validator(version: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(version))


def _at_most(sentences: list[str]) -> list[str]:
    rest = len(sentences) - MAX_SENTENCES
    return sentences if rest <= 0 else [*sentences[:MAX_SENTENCES], f"And {rest} more faults."]


def _sentence(error: ValidationError) -> str:
    """Returns what was expected, what came and where, for one fault; the deepest one of an alternative."""
    deepest = error
    while deepest.context:
        if types := _types(deepest):
            return f"{_place(deepest)} must be {' or '.join(types)}; it is {_short(deepest.instance)}."
        deepest = max(deepest.context, key=_closeness)
    where = _place(deepest)
    came = _short(deepest.instance)
    rule: Any = deepest.validator_value
    if deepest.validator == "required":
        missing = re.match(r"'(.*)' is a required", deepest.message)
        return f"{where} lacks the key {missing.group(1) if missing else '?'}."
    if deepest.validator == "type":
        expected = " or ".join(rule) if isinstance(rule, list) else str(rule)
        return f"{where} must be {expected}; it is {came}."
    if deepest.validator == "enum":
        return f"{where} must be one of {', '.join(str(word) for word in rule)}; it is {came}."
    if deepest.validator == "const":
        return f"{where} must be {deepest.validator_value}; it is {came}."
    if deepest.validator == "additionalProperties":
        return f"{where} holds a key that its schema does not know: {_short(deepest.message)}."
    return f"{where} breaks the rule {deepest.validator}: {_short(deepest.message)}."


def _types(error: ValidationError) -> list[str]:
    """Returns the types that an alternative takes, each once, where what came is of none of them; else nothing."""
    if any(one.validator != "type" or one.relative_path for one in error.context):
        return []
    rules: list[Any] = [one.validator_value for one in error.context]
    return list(dict.fromkeys(name for rule in rules for name in ([rule] if isinstance(rule, str) else rule)))


def _closeness(error: ValidationError) -> tuple[int, int, str]:
    """Ranks the branches of an alternative: the deepest fault was the branch that was meant."""
    return (len(error.absolute_path), int(error.validator != "type"), -_branch(error), error.message)  # type: ignore[return-value]  # compared with its like alone


def _branch(error: ValidationError) -> int:
    steps = [step for step in error.relative_schema_path if isinstance(step, int)]
    return steps[0] if steps else 0


def _place(error: ValidationError) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    return f"audit{steps}"


def _short(value: Any) -> str:
    text = json.dumps(value, default=str) if not isinstance(value, str) else value
    return text if len(text) <= 80 else text[:77] + "..."
