"""The schema that is made from the types of the record takes what the schema that was written by hand took."""

import copy
import io
import json
import lzma
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from latent_audit.vocabulary.schema import open_schema
from tests.reports.conftest import Rendered
from tests.reports.schema.changes import CHANGES, apply_change

BY_HAND = json.loads(Path(__file__).with_name("audit-1.1.by-hand.json").read_text(encoding="utf-8"))
KEPT = Path(__file__).parents[2] / "kept_runs" / "0.1.0.tar.xz"
OTHER_VALUES: tuple[Any, ...] = (
    None, True, 0, 1.0, -2.5, "", "supported", "arrays/../a.npy", [], [None], ["x"], {}, {"not_applicable": "No."},
    {"value": 1.0, "low": None, "high": None, "n": 3, "source": "seeds"},
)  # fmt: skip


def resolved(part: Any, root: dict[str, Any]) -> Any:
    """Returns a schema without references, titles and descriptions, with null beside a type where it can stand."""
    if isinstance(part, list):
        return [resolved(inner, root) for inner in part]
    if not isinstance(part, dict):
        return part
    if part.get("$ref") == "#/$defs/Reason":
        return part  # it may hold itself, and no schema by hand has it
    if "$ref" in part:
        return resolved(root["$defs"][part["$ref"].removeprefix("#/$defs/")], root)
    found: dict[str, Any] = {}
    for key, inner in part.items():
        if key == "properties":
            found[key] = {name: resolved(form, root) for name, form in inner.items()}
        elif key == "required":
            found[key] = sorted(inner)
        elif key not in ("$schema", "$defs", "title", "description"):
            found[key] = resolved(inner, root)
    first, *others = found.get("anyOf", [{}])
    if others == [{"type": "null"}] and "type" in first and not {"enum", "const"} & first.keys():
        return {**first, "type": [first["type"], "null"]}
    return found


def differences(old: Any, new: Any, where: str = "audit") -> Iterator[str]:
    """Yields where two resolved schemas differ, except for keys that only the new one describes and none requires."""
    if isinstance(old, dict) and isinstance(new, dict):
        added = set(new) - set(old) if where.endswith(".properties") else set()
        for key in sorted({*old, *new} - added):
            yield from differences(old.get(key), new.get(key), f"{where}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (first, second) in enumerate(zip(old, new, strict=True)):
            yield from differences(first, second, f"{where}[{place}]")
    elif old != new:
        yield f"{where}: {old} and {new}"


def test_every_rule_of_the_schema_by_hand_is_in_the_one_that_is_made() -> None:
    made = json.loads(json.dumps(open_schema()))
    Draft202012Validator.check_schema(made)
    assert list(differences(resolved(BY_HAND, BY_HAND), resolved(made, made))) == []


def test_the_command_prints_the_schema() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "latent_audit.vocabulary.schema"], capture_output=True, text=True, check=True
    )
    printed = json.loads(done.stdout)
    assert printed == open_schema()
    assert printed["title"] == "latent-audit audit.json, version 1.1"
    assert printed["$defs"]["Estimate"]["additionalProperties"] is False


@cache
def validators() -> tuple[Draft202012Validator, Draft202012Validator]:
    return Draft202012Validator(BY_HAND), Draft202012Validator(open_schema())


def places_of_faults(audit: Any) -> tuple[list[str], list[str]]:
    """Returns where the audit breaks the schema by hand, and where it breaks the one that is made."""
    by_hand, made = (
        sorted({"/".join(map(str, error.absolute_path)) for error in validator.iter_errors(audit)})
        for validator in validators()
    )
    return by_hand, made


@pytest.fixture(scope="module")
def kept_audit() -> dict[str, Any]:
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(KEPT.read_bytes()))) as archive:
        name = next(name for name in archive.getnames() if name.endswith("/audit.json"))
        return json.loads(archive.extractfile(name).read())


def test_both_take_a_whole_audit_and_refuse_one_of_an_older_version(
    full_run: Rendered, hostile_run: Rendered, kept_audit: dict[str, Any]
) -> None:
    assert places_of_faults(full_run.audit) == ([], [])
    assert places_of_faults(hostile_run.audit) == ([], [])
    assert places_of_faults(kept_audit) == (["schema_version"], ["schema_version"])


def shortened(value: Any) -> Any:
    """Returns an audit in which lists of objects and of rows have one element: every form is still there."""
    if isinstance(value, dict):
        return {key: shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        nested = any(isinstance(inner, dict | list) for inner in value)
        return [shortened(inner) for inner in value[: 1 if nested else 5]]
    return value


class Audits(tuple[dict[str, Any], ...]):
    """Some audits, without their content in the messages of hypothesis."""

    def __repr__(self) -> str:
        return f"{len(self)} audits"


@pytest.fixture(scope="module")
def small_audits(full_run: Rendered, kept_audit: dict[str, Any]) -> Audits:
    full = json.loads((full_run.folder / "audit.json").read_text())
    lead_last = {**full, "models": sorted(full["models"], key=lambda model: model["kind"], reverse=True)}
    return Audits(shortened(audit) for audit in (full, lead_last, {**kept_audit, "schema_version": "1.1"}))


def places(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if steps:
        yield steps
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from places(inner, (*steps, step))
        else:
            yield (*steps, step)


@settings(max_examples=200, deadline=None)
@given(
    which=st.integers(0, 2),
    changes=st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.sampled_from(CHANGES),
            st.sampled_from(OTHER_VALUES).map(copy.deepcopy),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_both_agree_on_audits_that_were_changed(
    small_audits: Audits, which: int, changes: list[tuple[int, str, Any]]
) -> None:
    audit = copy.deepcopy(small_audits[which])
    for number, change, value in changes:
        found = [place for place in places(audit) if by_hand_describes(place)]
        *above, last = found[number % len(found)]
        part: Any = audit
        for step in above:
            part = part[step]
        apply_change(part, last, change, value)
    by_hand, made = places_of_faults(audit)
    # Of a part that may be null, one names the part and the other the place in it.
    assert {place for place in by_hand if not any(map(partial(nested, place), made))} == set()
    assert {place for place in made if not any(map(partial(nested, place), by_hand))} == set()


@cache
def described_by_hand() -> Any:
    return resolved(BY_HAND, BY_HAND)


@cache
def by_hand_describes(place: tuple[str | int, ...]) -> bool:
    """Returns whether the schema by hand knows every key on the way to a place; parts added since are left out."""
    part: Any = described_by_hand()
    for step in place:
        forms = [part, *part.get("anyOf", []), *part.get("oneOf", [])]
        if isinstance(step, int):
            inner = [form["items"] for form in forms if "items" in form]
        else:
            inner = [form["properties"][step] for form in forms if step in form.get("properties", {})]
            if not inner and any("properties" in form for form in forms):
                return False
        if not inner:
            return True
        part = inner[0]
    return True


def nested(one: str, other: str) -> bool:
    """Returns whether one of two places is the other or lies in it."""
    shorter, longer = sorted((one, other), key=len)
    return f"{longer}/".startswith(f"{shorter}/") or not shorter
