"""Passwords in addresses: they lead where they should, and stand nowhere that others read."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from latent_audit.flows.cli.main import main
from latent_audit.tasks.downloads.fetch_errors import Unreachable
from latent_audit.tasks.errors import AuditError, SettingsError
from latent_audit.tasks.passwords import has_password, without_password
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.outcome import TrackingSettings
from latent_audit.tasks.settings.redaction import restored, without_secrets
from latent_audit.tasks.storage.sign_in import kept_sign_in, sign_in_to_own

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
        ("s3://bucket/a@b", "s3://bucket/a@b"),
        ("postgresql://ada:pa/ss@host/db", "postgresql://***@host/db"),
        ("postgresql://ada:pa#ss@host/db", "postgresql://***@host/db"),
        ("postgresql://ada:pa ss@host/db", "postgresql://***@host/db"),
        ("postgresql://ada:p@ss@host/db", "postgresql://***@host/db"),
        ("postgresql://ada:12/34@host/db", "postgresql://***@host/db"),
        ("postgresql+asyncpg://ada:p?x@host/db", "postgresql+asyncpg://***@host/db"),
        ("http://user:p@rt2@host/", "http://***@host/"),
        ("http://ada:pa/ss@host/x", "http://***@host/x"),
        ("https://token@host/x", "https://***@host/x"),
        ("https://host/x?password=abc&y=1", "https://host/x?password=***&y=1"),
        ("https://host/x?%70assword=abc", "https://host/x?%70assword=***"),
        ("postgresql://host/db?user=ada&password=x/y z#w", "postgresql://host/db?user=ada&password=***"),
        ("see https://host/x?token=abc, please", "see https://host/x?token=*** please"),
        ("at postgresql://ada:pa ss/w#@rd@host/db: no", "at postgresql://***@host/db: no"),
        ("at http://user:p@rt2@host/ and http://x/", "at http://***@host/ and http://x/"),
        ("http://127.0.0.1:5000/a@b was seen", "http://127.0.0.1:5000/a@b was seen"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=AK%2F1&X-Amz-Signature=ab",
            "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=***&X-Amz-Signature=***",
        ),
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
    assert without_secrets(open_one) == open_one


def test_prefect_keeps_no_address_with_a_secret(environment: None) -> None:
    """Of the settings that are addresses, whole ones are known to this process alone."""
    mirror, shared = "https://ada:s3cret@host/data", "s3://key:s3cret@bucket/x?token=s3cret"
    given = Settings.model_validate(
        {
            "data": {"kind": "mnist", "mirror": mirror},
            "explanations": {"outside": {"kind": "fashion_mnist", "mirror": f"{mirror}/b?sig=s3cret"}},
            "run": {"shared_store": shared},
            "compute": {"runner": "dask", "address": "tcp://ada:s3cret@host:8786"},
            "tracking": {"uri": "https://mlflow.example/?password=s3cret"},
        }
    )
    kept = without_secrets(given)
    assert "s3cret" not in kept.model_dump_json()
    assert os.environ["MLFLOW_TRACKING_URI"] == "https://mlflow.example/?password=s3cret"
    assert restored(str(kept.data.model_dump()["mirror"])) == mirror
    assert restored(str(kept.run.shared_store)) == shared
    assert restored(str(kept.compute.address)) == "tcp://ada:s3cret@host:8786"
    assert restored("https://other.example") == "https://other.example"


def test_a_mirror_with_a_password_is_not_shown_when_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "mnist", "--data.mirror", "ftp://ada:secret@host/data"]) == 1
    said = capsys.readouterr().err
    assert "the mirror 'ftp://***@host/data' is neither a folder nor" in said


def test_a_run_signs_in_to_the_mlflow_server_of_its_own_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    user, _, password = kept_sign_in(tmp_path).partition(":")
    (tmp_path / "services" / "mlflow.json").write_text('{"address": "http://127.0.0.1:5000"}')
    sign_in_to_own(tmp_path, mlflow="http://127.0.0.1:5001")
    assert "MLFLOW_TRACKING_PASSWORD" not in os.environ
    sign_in_to_own(tmp_path, mlflow="http://127.0.0.1:5000/")
    assert (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]) == (
        user,
        password,
    )
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "the user's own")
    sign_in_to_own(tmp_path, mlflow="http://127.0.0.1:5000")
    assert os.environ["MLFLOW_TRACKING_PASSWORD"] == "the user's own"
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME")
    monkeypatch.delenv("MLFLOW_TRACKING_PASSWORD")
