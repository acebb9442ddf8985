"""What the report says of a model that was trained elsewhere: where it came from, and what of it was run."""

from importlib import import_module
from typing import Any

import pytest
from markupsafe import escape

from latent_audit.reports.page.drawing import section_html
from latent_audit.reports.page.render import BUILDERS, open_page
from latent_audit.reports.page.templating import template_environment
from latent_audit.reports.record.audit_json import write_audit
from latent_audit.vae_models.presets.registry import KINDS
from latent_audit.vae_models.pretrained.existing_settings import ExistingModelSettings
from tests.reports.audit_builder import AuditBuilder
from tests.reports.conftest import make_run

FILE = {"setting": "path", "name": "<b>model.pt", "bytes": 5, "sha256": "0123456789abcdef" * 4}


def settings_class(kind: str) -> type:
    module, name = KINDS[kind].split(":")
    return getattr(import_module(module), name)


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
    templates = template_environment(page.t)
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


@pytest.mark.parametrize("language", ["en", "zh"])
def test_models_of_every_kind_are_described(small_builder: AuditBuilder, language: str) -> None:
    kinds = [
        name
        for name, settings in ((kind, settings_class(kind)) for kind in KINDS)
        if issubclass(settings, ExistingModelSettings)
    ]
    assert {"diffusers", "pythae", "lightning", "extension"} <= set(kinds)
    for kind in kinds:
        assert "vae" in rendered(small_builder, origin(kind, "theirs:make", [FILE]), language), kind


CHECK = {
    "images": 64,
    "pixels_cut": 0.43,
    "reconstruction_error": 0.2,
    "mean_image_error": 0.1,
    "code_mean": [0.5, -2.0],
    "code_standard_deviation": [1.0, 3.5],
    "posterior_standard_deviation": 1.1,
    "warnings": ["43% of <b>pixels</b> are cut"],
    "reach": {
        "encoder_gradients": True,
        "decoder_gradients": True,
        "codes_by_weights": False,
        "images_by_weights": True,
    },
    "not_applicable_parts": ["an untrained encoder as control is not applicable"],
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_was_odd_at_import_stands_first(small_builder: AuditBuilder, language: str) -> None:
    audit = small_builder.write()
    audit["models"][0] |= {"import_check": CHECK, "kind": "entrypoint"}
    write_audit(small_builder.folder, audit)
    page = open_page(small_builder.folder, language)
    html = {
        key: section_html(page, template_environment(page.t), key, BUILDERS[key])
        for key in ("fitness", "limitations", "checks")
    }
    words = page.t
    for key in ("fitness.import_warnings", "limitation.odd_at_import", "controls.codes_without_weights"):
        said = str(escape(words(key, model="vae", n=1) if "{" in words.sentences[key] else words(key)))
        assert sum(said in part for part in html.values()) == 1, key
    fitness = html["fitness"]
    assert "43% of &lt;b&gt;pixels&lt;/b&gt; are cut" in fitness
    assert fitness.index("are cut</li>") < fitness.index("an untrained encoder as control is not applicable")
    assert "43.0 %" in fitness
    assert "3.50" in fitness
    assert str(escape(words("controls.images_without_weights"))) not in html["checks"]


def test_in_chinese_too(small_builder: AuditBuilder) -> None:
    html = rendered(small_builder, origin("entrypoint", "theirs:make", [FILE]), "zh")
    assert "在别处训练的模型" in html
    assert "用户自己的 Python 代码 theirs:make" in html
    assert "vae 是在别处训练的" in html


def test_nothing_is_said_of_models_that_were_trained_here(small_builder: AuditBuilder) -> None:
    html = rendered(small_builder, None, "en")
    assert "Models trained elsewhere" not in html
    assert "was trained elsewhere" not in html


NO_FEATURES = {"not_applicable": "the classifier that was brought has no layer of features"}


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en",
            (
                "The classifier was brought, and not trained by this audit: &lt;b&gt;theirs:read.",
                "It does not read scale: whether decoded images follow these was not tested.",
                "The attribute classifier: the user&#39;s own Python code &lt;b&gt;theirs:read was run in this audit",
                "The attribute classifier was brought: how it was trained is not recorded here",
                "the ways are was not measured",
            ),
        ),
        (
            "zh",
            (
                "分类器由用户提供，不是本次审计训练的",
                "它不读取 scale",
                "属性分类器：本次审计每次读取图像时都运行了",
                "未测量路径的直度",
            ),
        ),
    ],
)
def test_a_classifier_that_was_brought_is_described(
    small_builder: AuditBuilder, language: str, sentences: tuple[str, ...]
) -> None:
    audit = make_run(small_builder)
    audit["classifier"] |= {
        "origin": origin("entrypoint_classifier", "<b>theirs:read", []),
        "not_read": ["scale"],
        "weights_digest": None,
    }
    for model in audit["models"]:
        if model.get("moves"):
            model["moves"]["frechet"] = model["moves"]["interpolation"]["paths"] = NO_FEATURES
    write_audit(small_builder.folder, audit)
    page = open_page(small_builder.folder, language)
    templates = template_environment(page.t)
    sections = ("trust", "data", "limitations", "provenance", "moves")
    html = "".join(section_html(page, templates, key, BUILDERS[key]) for key in sections)
    for sentence in sentences:
        assert sentence in html, sentence
    assert html.count(str(escape(NO_FEATURES["not_applicable"]))) == 2
    assert "<b>theirs" not in html
