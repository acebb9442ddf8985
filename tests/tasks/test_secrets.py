"""Passwords in addresses: they lead where they should, and stand nowhere that others read."""

import os
from collections.abc import Iterator

import pytest

from flows.command import main
from tasks.addresses import has_password, without_password
from tasks.errors import AuditError, SettingsError
from tasks.fetch_errors import Unreachable
from tasks.secrets_apart import without_secrets
from tasks.settings import Settings, TrackingSettings

SIGNED_IN = "https://ada:s%40cret@mlflow.example"


@pytest.fixture
def environment() -> Iterator[None]:
    before = os.environ.get("MLFLOW_TRACKING_URI")
    yield
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    if before is not None:
        os.environ["MLFLOW_TRACKING_URI"] = before


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://ada:secret@host:5000/x", "http://***@host:5000/x"),
        ("postgresql://ada:s%40cret@host/db", "postgresql://***@host/db"),
        ("no postgresql://a:b@host/db, no http://c:d@e", "no postgresql://***@host/db, no http://***@e"),
        ("sqlite:////srv/db", "sqlite:////srv/db"),
        ("http://host/a@b", "http://host/a@b"),
    ],
)
def test_passwords_are_not_shown(uri: str, shown: str) -> None:
    assert without_password(uri) == shown
    assert has_password(uri) == (uri != shown)


def test_no_error_shows_a_password() -> None:
    for kind in (AuditError, SettingsError, Unreachable):
        assert str(kind(f"cannot reach {SIGNED_IN}/x")) == "cannot reach https://***@mlflow.example/x"


def test_prefect_does_not_get_a_password_to_remember(environment: None) -> None:
    given = Settings(tracking=TrackingSettings(uri=SIGNED_IN, register_models=False))
    kept = without_secrets(given)
    assert os.environ["MLFLOW_TRACKING_URI"] == SIGNED_IN
    assert "cret" not in kept.model_dump_json()
    assert kept.tracking == TrackingSettings(uri=None, register_models=False)
    open_one = Settings(tracking=TrackingSettings(uri="http://127.0.0.1:5000"))
    assert without_secrets(open_one) is open_one


def test_a_mirror_with_a_password_is_not_shown_when_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "mnist", "--data.mirror", "ftp://ada:secret@host/data"]) == 1
    said = capsys.readouterr().err
    assert "the mirror 'ftp://***@host/data' is neither a folder nor" in said
