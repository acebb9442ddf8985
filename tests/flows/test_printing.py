"""What becomes of a command's words: a pipe whose reader has gone, a full disk, an encoding that lacks a letter."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from latent_audit.flows.cli.main import main
from tests.audits.kept_run import installed


def shell(line: str, home: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs a line with the installed command as $0."""
    return subprocess.run(
        ["bash", "-c", line, str(installed())],
        cwd=home, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", ["settings", "run --help", "compare . . --json"])
def test_who_reads_may_stop_reading(words: str, tmp_path: Path) -> None:
    ended = shell(f'"$0" {words} | true; echo "${{PIPESTATUS[0]}}"', tmp_path)
    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr
    assert ended.stdout == {"settings": "141\n", "run --help": "0\n"}.get(words, "1\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_takes_no_words_is_said(tmp_path: Path) -> None:
    ended = shell('"$0" settings > /dev/full', tmp_path)
    assert ended.returncode == 1
    assert ended.stderr == "latent-audit: the disk is full ([Errno 28] No space left on device)\n"


@pytest.mark.parametrize("words", ["settings", "run", "data sprites", "verify runs/latest"])
def test_a_folder_that_was_removed_is_said(words: str, tmp_path: Path) -> None:
    ended = shell(f'mkdir gone; cd gone; rmdir ../gone; "$0" {words}', tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        ended.stderr == "latent-audit: the folder that it was started in was removed: change to another one\n"
    )


def test_names_beyond_the_encoding_of_a_terminal_are_printed(tmp_path: Path) -> None:
    ended = shell('"$0" settings --models "{größe: {kind: vae}}"', tmp_path, PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "  gr\\xf6\\xdfe:\n" in ended.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["clean", "--days", "nan"],
        ["clean", "--days", "inf"],
        ["clean", "--days=-1"],
        ["up", "--wait", "nan"],
        ["up", "--prefect-port", "0"],
        ["up", "--mlflow-port", "65536"],
        ["status", "--mlflow-port", "99999999999999999999"],
        ["ui", "--port", "many"],
        ["ui", "--port", "-3"],
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "expected a " in capsys.readouterr().err


def test_words_that_are_unknown_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["status", "a\x1b[2J"])
    assert "unknown arguments: a⟨U+001B⟩[2J" in capsys.readouterr().err


def test_only_a_command_that_goes_on_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(*given: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("latent_audit.flows.cli.run.ready_for_a_flow", interrupted)
    monkeypatch.setattr("latent_audit.tasks.runs.verify.verify", interrupted)
    assert main(["run"]) == 130
    assert (
        capsys.readouterr().err
        == "latent-audit: ended; the same command goes on from the last finished stage\n"
    )
    assert main(["verify", "."]) == 130
    assert capsys.readouterr().err == "latent-audit: ended\n"


def test_what_the_file_system_says_of_a_place_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*given: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "a\nb")

    monkeypatch.setattr("latent_audit.tasks.runs.verify.verify", refused)
    assert main(["verify", "."]) == 1
    assert capsys.readouterr().err == "latent-audit: cannot use a⟨U+000A⟩b (Permission denied)\n"
    assert sys.stdout is not None
