"""Names that MLflow refuses are made into names that it takes."""

import pytest

from latent_audit.tasks.tracking.names import clean_model_name, clean_name, clean_tags, flat


@pytest.mark.parametrize(
    ("name", "clean"), [("a/b", "a_b"), ("", "_"), ("é. -_1", "é. -_1"), ("n" * 300, "n" * 250)]
)
def test_names_that_mlflow_takes(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_models_have_no_dots_in_their_names() -> None:
    assert clean_model_name("audit-vae.v2/encoder") == "audit-vae_v2_encoder"


def test_nested_settings_get_dotted_names() -> None:
    assert list(flat({"a": {"b/c": 1, "d": {"e": None}}, "f": [1, 2]})) == [
        ("a.b_c", 1), ("a.d.e", None), ("f", [1, 2])
    ]  # fmt: skip


def test_mlflows_own_tags_keep_their_names() -> None:
    assert clean_tags({"mlflow.parentRunId": "x", "a/b": "y"}) == {"mlflow.parentRunId": "x", "a_b": "y"}
