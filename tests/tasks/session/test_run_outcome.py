"""How a complete run ends where parts failed, requirements are not met, or something changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from latent_audit.tasks.errors import AuditError, Changed, PartsFailed, RequirementsNotMet
from latent_audit.tasks.session import prefect_page
from latent_audit.tasks.session.run_outcome import raise_outcome

FAILED = {
    "part": "project",
    "model": "vae",
    "seed": 0,
    "reason": "no memory",
}
REQUIREMENT = {
    "model": "vae",
    "attribute": "scale",
    "place": "direction",
    "verdict": "supported",
    "status": "not_met",
    "reason": "scale is read, and not drawn",
}
CHANGE = {"run_id": "20260301-1", "changed": True, "verdicts": [], "places": [], "absence": [], "scores": []}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "20260302-2"


def write(
    folder: Path, *, failed: bool = False, required: bool = False, changed: bool = False
) -> dict[str, Any]:
    audit = {"failed": [FAILED] if failed else [], "requirements": [REQUIREMENT] if required else []}
    since = (
        {**CHANGE, "data": [{"what": "images", "shift": None, "attribute": None}], "codes": []}
        if changed
        else None
    )
    folder.mkdir(exist_ok=True)
    (folder / "audit.json").write_text(json.dumps(audit))
    (folder / "run.json").write_text(json.dumps({"since_accepted": since}))
    return audit


@pytest.mark.parametrize(
    ("what", "kind", "code"),
    [
        ({"changed": True}, Changed, 3),
        ({"failed": True}, PartsFailed, 4),
        ({"failed": True, "changed": True}, PartsFailed, 4),
        ({"failed": True, "required": True, "changed": True}, RequirementsNotMet, 5),
    ],
    ids=["changed", "failed", "failed and changed", "all"],
)
def test_of_several_outcomes_the_highest_code_counts_and_all_are_said(
    what: dict[str, bool], kind: type[AuditError], code: int, folder: Path
) -> None:
    write(folder, **what)
    with pytest.raises(kind) as caught:
        raise_outcome(folder, fail_on_change=True, fail_when_undecided=False)
    assert type(caught.value) is kind
    assert caught.value.exit_code == code
    said = str(caught.value)
    assert ("1 part failed" in said) == what.get("failed", False)
    assert ("scale is read, and not drawn" in said) == what.get("required", False)
    assert ("differs from the last accepted run" in said) == what.get("changed", False)


def test_a_run_without_any_of_them_ends_well(folder: Path) -> None:
    write(folder)
    raise_outcome(folder, fail_on_change=True, fail_when_undecided=True)


def test_prefect_shows_failed_parts(folder: Path) -> None:
    audit: Any = write(folder, failed=True)
    shown = prefect_page._failed(audit)
    assert shown.startswith("\n- `failed parts:`\n- `")
    assert "no memory" in shown
