"""audit.json: the same bytes every time, and a sentence for each fault."""

import copy
import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_audit.reports.errors import AuditInvalid, RunIncomplete
from latent_audit.reports.record.audit_json import schema_faults, write_audit
from tests.plain_audit import read_audit
from tests.reports.audit_builder import AuditBuilder


def test_what_was_written_is_read_back(small_builder: AuditBuilder) -> None:
    audit = small_builder.write()
    write_audit(small_builder.folder, audit)
    again = read_audit(small_builder.folder)
    first = (small_builder.folder / "audit.json").read_bytes()
    assert again["data"] == audit["data"]
    assert again["unclaimed"] == audit["unclaimed"]
    effect, written = (
        audit["models"][0]["intervention"]["effect"],
        again["models"][0]["intervention"]["effect"],
    )
    np.testing.assert_allclose(written, effect, rtol=1e-8)
    write_audit(small_builder.folder, again)
    assert (small_builder.folder / "audit.json").read_bytes() == first


def test_key_order_and_number_types_do_not_change_the_bytes(small_builder: AuditBuilder) -> None:
    audit = small_builder.write()
    turned = dict(reversed(list(audit.items())))
    turned["models"][0]["latent_dim"] = np.int64(3)
    turned["thresholds"] = {
        name: np.asarray(value)[()] for name, value in reversed(turned["thresholds"].items())
    }
    one = write_audit(small_builder.folder, audit).read_bytes()
    assert write_audit(small_builder.folder / "other", turned).read_bytes() == one


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_nine_digits_and_settle_at_once(value: float) -> None:
    from latent_audit.reports.record.audit_json import settled

    once = settled(value)
    assert math.isclose(once, value, rel_tol=1e-8, abs_tol=1e-300)
    assert settled(once) == once
    assert math.copysign(1, once) == 1 or once != 0


def _without(*keys: str | int) -> Callable[[dict[str, Any]], None]:
    def change(audit: dict[str, Any]) -> None:
        part: Any = audit
        for key in keys[:-1]:
            part = part[key]
        del part[keys[-1]]

    return change


def _with(value: Any, *keys: str | int) -> Callable[[dict[str, Any]], None]:
    def change(audit: dict[str, Any]) -> None:
        part: Any = audit
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_without("data"), "audit lacks the key data."),
        (_with("2.0", "schema_version"), "audit.schema_version must be 1.1; it is 2.0."),
        (
            _with("proved", "verdicts", 0, "verdict"),
            "audit.verdicts[0].verdict must be one of supported, partly_supported",
        ),
        (_with(None, "settings_digest"), "audit.settings_digest must be string; it is null."),
        (_without("models", 0, "association", "low"), "audit.models[0].association lacks the key low."),
        (_with("many", "data", "images"), "audit.data.images must be integer; it is many."),
        (_with({"path": "../secret.npy", "sha256": "0" * 64}, "data", "samples"), "audit.data.samples.path"),
        (
            _with(1, "verdicts", 0, "effect", "hight"),
            "audit.verdicts[0].effect holds a key that its schema does not know",
        ),
    ],
)
def test_each_fault_has_its_sentence(
    small_builder: AuditBuilder, change: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    audit = copy.deepcopy(small_builder.write())
    audit["verdicts"][0]["effect"] = small_builder.estimate(0.5)
    assert schema_faults(audit) == []
    change(audit)
    faults = schema_faults(audit)
    assert len(faults) == 1
    assert faults[0].startswith(sentence)
    with pytest.raises(AuditInvalid) as raised:
        write_audit(small_builder.folder, audit)
    assert raised.value.sentences == faults
    assert not (small_builder.folder / "audit.json").exists()


def test_numbers_that_are_none_are_refused_by_name(small_builder: AuditBuilder) -> None:
    audit = small_builder.write()
    audit["models"][0]["fitness"]["kl_nats_per_image"] = float("nan")
    with pytest.raises(AuditInvalid, match=r"audit\.models\[0\]\.fitness\.kl_nats_per_image is nan"):
        write_audit(small_builder.folder, audit)
    with pytest.raises(AuditInvalid, match=r"audit\.settings\.path is a PosixPath"):
        write_audit(small_builder.folder, {**audit, "models": [], "settings": {"path": Path("/x")}})


def test_parts_may_be_absent_with_a_reason(small_builder: AuditBuilder) -> None:
    audit = small_builder.write()
    reason = {"not_applicable": "This model has no decoder."}
    audit["models"][0].update(intervention=reason, traversal=reason, projections=None, probes=reason)
    audit.update(stability=reason, subgroups=None, comparison=reason, unclaimed=None, classifier=reason)
    assert schema_faults(audit) == []


def test_many_faults_are_counted(small_builder: AuditBuilder) -> None:
    audit = small_builder.write()
    audit["models"][0]["dimensions"] = [{} for _ in range(10)]
    faults = schema_faults(audit)
    assert len(faults) == 21
    assert faults[-1] == "And 20 more faults."


def test_reading_says_what_is_missing_or_unreadable(tmp_path: Path) -> None:
    with pytest.raises(RunIncomplete, match=r"holds no audit\.json"):
        read_audit(tmp_path)
    (tmp_path / "audit.json").write_text("{")
    with pytest.raises(RunIncomplete, match="not JSON"):
        read_audit(tmp_path)
    (tmp_path / "audit.json").write_text(json.dumps({"schema_version": float("inf")}))
    with pytest.raises(RunIncomplete, match="Infinity"):
        read_audit(tmp_path)


def test_faults_come_back_whole_from_another_process():
    fault = AuditInvalid(["audit.models is missing.", "audit.data is missing."])
    again = pickle.loads(pickle.dumps(fault))
    assert (str(again), again.sentences) == (str(fault), fault.sentences)
    assert str(again) == "audit.models is missing.\naudit.data is missing."
