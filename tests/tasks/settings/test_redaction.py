"""What a run says of itself names no folder, user or password of its machine, and can be used again."""

from pathlib import Path

import pytest

from latent_audit.tasks.settings.layers import describe, load_settings
from latent_audit.tasks.settings.redaction import redacted_address, redacted_settings, redacted_words


def test_settings_keep_all_but_folders_and_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = [
        "--data", "{kind: mnist, mirror: /home/ada/data}",
        "--run.store", str(tmp_path / "kept" / "store"),
        "--run.output", "/home/ada/runs",
        "--tracking.uri", "http://ada:secret@host:5000/x",
        "--subject.owner", "Ada, 1/2 of the team",
        "--models", "{m: {kind: checkpoint, path: /home/ada/secret project/model.pt}}",
    ]  # fmt: skip
    settings = load_settings(None, words)
    text = describe(redacted_settings(settings))
    assert "/home/ada/" not in text
    assert "secret" not in text
    (tmp_path / "settings.yaml").write_text(text)
    again = load_settings(tmp_path / "settings.yaml")
    assert again.run.store == Path("kept/store")
    assert again.run.output == Path("runs")
    assert again.tracking.uri == "http://***@host:5000/x"
    assert again.subject == settings.subject
    assert again.data.mirror == "data"
    assert again.models["m"].path == Path("model.pt")
    assert redacted_settings(again) == again


def test_settings_without_paths_stay_as_they_are() -> None:
    settings = load_settings(None, [])
    assert redacted_settings(settings) == settings


def test_addresses_and_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert redacted_address(f"sqlite:///{tmp_path}/a/mlflow.db") == "sqlite:///a/mlflow.db"
    assert redacted_address("sqlite:////home/ada/mlflow.db") == "sqlite:///mlflow.db"
    assert redacted_address("http://ada:word@host/x") == "http://***@host/x"
    said = redacted_words(["run", "/home/ada/c.yaml", "--data={folder: /home/ada/faces}", "--run.seed", "3"])
    assert said == ["run", "c.yaml", "--data={folder: faces}", "--run.seed", "3"]
