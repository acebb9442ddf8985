"""A class that the data do not have is refused by its setting, with the classes that there are."""

import json
from pathlib import Path

import pytest

from latent_audit.tasks.errors import AuditError
from latent_audit.tasks.session.data_notes import refuse_unknown_class
from latent_audit.tasks.storage.artifacts import Artifact

ATTRIBUTES = [{"name": "shape", "classes": ["square", "heart"]}, {"name": "scale", "classes": []}]


@pytest.mark.parametrize(("attribute", "value"), [("shape", "star"), ("scale", "1"), ("colour", "red")])
def test_it_is_named_beside_those_that_are_there(tmp_path: Path, attribute: str, value: str) -> None:
    (tmp_path / "data.json").write_text(json.dumps({"attributes": ATTRIBUTES}), encoding="utf-8")
    prepared = Artifact("prepare", "key", tmp_path, "digest", 0.0, False, "")
    refuse_unknown_class("explanations.leave_out", "shape", "heart", prepared)
    with pytest.raises(AuditError) as error:
        refuse_unknown_class("explanations.leave_out", attribute, value, prepared)
    assert str(error.value) == (
        f"explanations.leave_out names {attribute!r} = {value!r}, and the classes of the data are shape: square, heart"
    )
