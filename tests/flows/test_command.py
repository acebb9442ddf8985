"""The command line: what it says of itself, what it refuses, and its exit codes."""

from importlib import metadata
from pathlib import Path

import pytest

from latent_audit.flows.cli.main import main
from latent_audit.tasks.settings.layers import describe, load_settings


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def exits(words: list[str]) -> int:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits(["--help"]) == 0
    shown = capsys.readouterr().out
    for expected in (
        "usage: latent-audit",
        "latent-audit run configs/celeba.yaml",
        "run an audit and write its report",
        "print the effective settings",
        "download one data set and describe it",
        "open MLflow's pages",
        "measure the error rates of the evidence itself",
        "check a finished run offline: files, schema, verdicts, report, signature",
        "sign a finished run with your key",
        "say what changed from one finished run to another",
        "print the report of a finished run as a PDF",
        "start a Prefect server, a worker and MLflow",
        "end what `latent-audit up` started",
        "say how the servers and the worker are",
        "accept a finished run",
        "say which old runs and stages may be cleared away",
    ):
        assert expected in shown


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("run", ["latent-audit run [CONFIG.yaml] [--section.key VALUE ...]", "runs/latest", "LATENT_AUDIT_"]),
        ("settings", ["latent-audit settings [CONFIG.yaml]"]),
        ("data", ["latent-audit data NAME", "sprites, mnist"]),
        ("ui", ["--port PORT", "127.0.0.1"]),
        ("selftest", ["--reduced", "--seed"]),
        ("verify", ["latent-audit verify DIR [--digest SHA256]", "15 verdict", "Nothing is written"]),
        ("sign", ["latent-audit sign DIR|STATEMENT --key PRIVATE_KEY", "ssh-keygen -t ed25519"]),
        ("compare", ["latent-audit compare DIR_A DIR_B [--json]", "en (default) or zh"]),
        ("pdf", ["latent-audit pdf DIR", "--browser PROGRAM"]),
        ("up", ["--deploy", "--prefect-database", "127.0.0.1"]),
        ("down", ["latent-audit down [--store DIR]"]),
        ("status", ["--store", "--mlflow-port"]),
        ("accept", ["latent-audit accept RUN", "--by", "accepted.jsonl"]),
        ("clean", ["--yes", "--days", "Never an accepted run"]),
    ],
)
def test_help_of_a_command(command: str, expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exits([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert [text for text in expected if text not in shown] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["audit"], "invalid choice: 'audit'"),
        (["data"], "the following arguments are required: name"),
        (["selftest", "--more"], "unknown arguments: --more"),
        (["ui", "--port", "many"], "expected a port, 1 to 65535, got 'many'"),
    ],
)
def test_wrong_usage_ends_with_two(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exits(words) == 2
    assert said in capsys.readouterr().err


def test_settings_are_printed_and_can_be_read_back(
    empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--run.name", "mine", "--seeds=[4]"]
    assert main(["settings", *words]) == 0
    printed = capsys.readouterr().out
    assert printed == describe(load_settings(None, words))
    assert "  name: mine  # the run's name in runs/ and MLflow" in printed
    (empty_folder / "mine.yaml").write_text(printed)
    assert main(["settings", "mine.yaml"]) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize("command", ["run", "settings"])
def test_bad_settings_are_refused_before_any_work(
    command: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--run.seeed", "1", "--evidence.permutations", "few"]) == 2
    out, said = capsys.readouterr()
    assert out == ""
    assert said.startswith("latent-audit: the settings have 2 problems:\n  ")
    assert "run.seeed: unknown setting; did you mean seed?" in said
    assert list(empty_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "seed", "permutations"),
    [
        ([], 0, 2000),
        (["--run.seed", "3"], 3, 2000),
        (["mine.yaml"], 5, 300),
        (["mine.yaml", "--run.seed", "3"], 3, 300),
        (["mine.yaml", "--run.seed=3", "--evidence.permutations", "400"], 3, 400),
    ],
)
def test_a_file_comes_first_and_is_not_taken_for_a_value(
    words: list[str], seed: int, permutations: int, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty_folder / "mine.yaml").write_text("run: {seed: 5}\nevidence: {permutations: 300}\n")
    assert main(["settings", *words]) == 0
    shown = capsys.readouterr().out
    assert f"  seed: {seed}  #" in shown
    assert f"  permutations: {permutations}  #" in shown


def test_the_settings_files_that_the_help_names_are_there_in_every_folder(
    empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of the user's of the same name comes first."""
    assert main(["settings", "configs/celeba.yaml"]) == 0
    assert "  kind: celeba" in capsys.readouterr().out
    (empty_folder / "configs").mkdir()
    (empty_folder / "configs" / "celeba.yaml").write_text("data: {kind: mnist}\n")
    assert main(["settings", "configs/celeba.yaml"]) == 0
    assert "  kind: mnist" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["configs/none.yaml", "configs/..", "pyproject.toml", "other/configs/celeba.yaml"]
)
def test_what_is_no_settings_file_is_not_looked_for_elsewhere(
    name: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["settings", name]) == 2
    assert f"cannot read the settings file {name}: No such file" in capsys.readouterr().err
    assert list(empty_folder.iterdir()) == []


def test_a_file_in_another_place_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--run.seed", "3", "mine.yaml"]) == 2
    assert "expected a setting such as --data.image_size 64, got 'mine.yaml'" in capsys.readouterr().err


def test_sprites_are_described(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "sprites", "--data.images", "2000"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("sprites: ")
    assert "2,000 images of 32 x 32 pixels, 1 channels" in shown
    assert "parts of an audit: model_train 1,1" in shown
    for attribute in ("shape", "scale", "orientation", "posX", "posY"):
        assert f"\n{attribute} " in shown or f"\n {attribute} " in shown
    assert "square 3" in shown or "square 2" in shown  # a share of about a third
    assert [str(path) for path in empty_folder.rglob("*") if path.is_file()] == []


def test_data_that_would_end_an_audit_end_with_2(
    empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "sprites", "--data.images", "500"]) == 2
    shown = capsys.readouterr().out
    assert "500 images of 32 x 32 pixels" in shown
    assert "fault: 500 images are too few for the parts of the audit" in " ".join(shown.split())


def test_an_unknown_data_set_is_refused(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "imagenet"]) == 2
    said = capsys.readouterr().err
    assert "sprites" in said
    assert "mnist" in said
    assert list(empty_folder.iterdir()) == []


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits(["--version"]) == 0
    assert capsys.readouterr().out == f"latent-audit {metadata.version('latent-audit')}\n"
