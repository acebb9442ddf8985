"""What the report says of a model that was trained elsewhere: where it came from, and what of it was run."""

from typing import Any

import pytest

from reports.audit_json import write_audit
from reports.drawing import section_html
from reports.render import BUILDERS, open_page
from reports.templating import environment
from tests.reports.audit_builder import AuditBuilder

FILE = {"setting": "path", "name": "<b>model.pt", "bytes": 5, "sha256": "0123456789abcdef" * 4}


def origin(kind: str, code: str | None, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "kind": kind,
        "code": code,
        "code_sha256": "fedcba9876543210" * 4 if code else None,
        "files": files,
        "runs_its_code": code is not None,
        "rebuilds_offline": code is None,
    }


def rendered(builder: AuditBuilder, found: dict[str, Any] | None, language: str) -> str:
    audit = builder.write()
    audit["models"][0]["origin"] = found
    audit["models"][0]["training"] = {"not_applicable": "this model was trained elsewhere"}
    write_audit(builder.folder, audit)
    page = open_page(builder.folder, language)
    templates = environment(page.t)
    return "".join(section_html(page, templates, key, BUILDERS[key]) for key in ("limitations", "provenance"))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            origin("checkpoint", None, [FILE]),
            "vae: weights from &lt;b&gt;model.pt (0123456789abcdef…), read as tensors alone; nothing in the file "
            "was run. What the store keeps of it rebuilds it without these files.",
        ),
        (
            origin("exported_programs", None, [FILE]),
            "were run, after a check that they hold tensor operations alone and no pickle.",
        ),
        (
            origin("entrypoint", "theirs:make", []),
            "code theirs:make was run in this audit, to make the model and whenever it encoded or decoded; what else "
            "that code does was not looked at. Digests: its Python files (fedcba9876543210…). It cannot be rebuilt",
        ),
    ],
)
def test_where_a_model_came_from(small_builder: AuditBuilder, found: dict[str, Any], said: str) -> None:
    html = rendered(small_builder, found, "en")
    assert said in html
    assert "<b>model.pt" not in html
    assert "vae was trained elsewhere: how is not recorded here" in html


def test_in_chinese_too(small_builder: AuditBuilder) -> None:
    html = rendered(small_builder, origin("entrypoint", "theirs:make", [FILE]), "zh")
    assert "在别处训练的模型" in html
    assert "用户自己的 Python 代码 theirs:make" in html
    assert "vae 是在别处训练的" in html


def test_nothing_is_said_of_models_that_were_trained_here(small_builder: AuditBuilder) -> None:
    html = rendered(small_builder, None, "en")
    assert "Models trained elsewhere" not in html
    assert "was trained elsewhere" not in html
