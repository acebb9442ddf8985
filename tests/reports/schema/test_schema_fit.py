"""What one library finds valid is what the other does, which names the faults."""

import copy
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from latent_audit.reports.record import audit_json
from latent_audit.reports.record.audit_json import RELEASED, SCHEMA_VERSION, schema_faults, schema_of
from tests.reports.conftest import Rendered
from tests.reports.schema.changes import CHANGES, apply_change

OTHER_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 0.5, "", "supported", "arrays/../a.npy", "arrays/a.npy", "0" * 64, "0" * 63,
    [], [None], ["x"], [1, 2, 3, 4, 5, 6], {}, {"not_applicable": "No."}, {"key": "no_reason", "values": {}},
    {"value": 1.0, "low": None, "high": None, "n": 3, "source": "seeds"},
)  # fmt: skip


def parts_of(value: Any) -> list[Any]:
    """Returns every object and every list that is not empty, the outermost first."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if inner else []
    return own + [part for one in inner for part in parts_of(one)]


def first_of_each(value: Any) -> Any:
    """Returns an audit whose lists have at most two elements: every form is still there, in a tenth of the bytes."""
    if isinstance(value, dict):
        return {key: first_of_each(inner) for key, inner in value.items()}
    return [first_of_each(inner) for inner in value[:2]] if isinstance(value, list) else value


@cache
def both(version: str) -> tuple[Any, Draft202012Validator]:
    schema = schema_of(version)
    return jsonschema_rs.Draft202012Validator(dict(schema)), Draft202012Validator(schema)


@settings(max_examples=100, deadline=None)
@given(
    version=st.sampled_from((*RELEASED, SCHEMA_VERSION)),
    changes=st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.integers(0, 10**6),
            st.sampled_from(CHANGES),
            st.sampled_from(OTHER_VALUES).map(copy.deepcopy),
        ),
        max_size=3,
    ),
)
def test_both_say_the_same_of_audits_that_were_changed(
    full_run: Rendered, version: str, changes: list[tuple[int, int, str, Any]]
) -> None:
    audit = {**first_of_each(copy.deepcopy(full_run.audit)), "schema_version": version}
    for which, where, change, value in changes:
        parts = parts_of(audit)
        part = parts[which % len(parts)]
        place = list(part)[where % len(part)] if isinstance(part, dict) else where % len(part)
        apply_change(part, place, change, value)
    quick, validator = both(version)
    assert quick.is_valid(audit) == validator.is_valid(audit)


def test_a_whole_audit_is_not_read_by_the_validator(
    full_run: Rendered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_json, "_validator", None)
    assert schema_faults(full_run.audit) == []
