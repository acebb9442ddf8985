"""Names that would move a cursor, forge a line or turn text round are shown, wherever names are printed."""

import io
import os

import pytest

from latent_audit.flows.cli.main import main
from latent_audit.tasks.datasets.errors import BadTable, CorruptImage
from latent_audit.tasks.errors import RunUnusable, StageFailed
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.execution.runners.work_item import Report
from latent_audit.tasks.session.prefect_tasks import _escaped
from latent_audit.tasks.terminal_text import error_text, named, one_line, print_line
from latent_audit.tasks.tracking.names import clean_tags

HOSTILE = "a\x1b[2J\x07\u202eb\nwhole: 9 files\r" + os.fsdecode(b"\xff")
SHOWN = "a⟨U+001B⟩[2J⟨U+0007⟩⟨U+202E⟩b⟨U+000A⟩whole: 9 files⟨U+000D⟩⟨U+DCFF⟩"


def test_a_name_is_one_line() -> None:
    assert named(HOSTILE) == SHOWN
    assert _escaped(HOSTILE) == SHOWN  # the name of a task's run in Prefect


def test_what_another_program_says_is_one_line() -> None:
    assert (
        one_line(f" {HOSTILE}\x1b\n") == SHOWN.replace("⟨U+000A⟩", " ").replace("⟨U+000D⟩", " ") + "⟨U+001B⟩"
    )


def test_errors_show_what_they_name() -> None:
    for error in (RunUnusable(HOSTILE), StageFailed(HOSTILE), CorruptImage(HOSTILE)):
        assert error_text(error) == SHOWN.replace("⟨U+000A⟩", "\n")
    table = BadTable(f"{HOSTILE} has problems", (HOSTILE, "another"))
    assert error_text(table) == f"{SHOWN} has problems\n  - {SHOWN}\n  - another"


def test_a_terminal_and_a_log_get_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print_line(f"report: {HOSTILE}")
    assert capsys.readouterr().out == f"report: {SHOWN}\n".replace("⟨U+000A⟩", "\n")
    stream = io.StringIO()
    with ProgressDisplay(stream) as progress:
        progress.warn(HOSTILE)
        progress.ended(f"training {HOSTILE}", "1.0 s")
        progress.moved(Report(HOSTILE, 1, 2, {}))
    printed = stream.getvalue()
    assert f"training {SHOWN}: 1.0 s" in printed
    assert not [sign for sign in printed if ord(sign) < 32 and sign != "\n"]


def test_mlflow_gets_values_that_can_be_seen() -> None:
    assert clean_tags({"model": "a\x1b[2J", "x\x1by": "1"}) == {"model": "a⟨U+001B⟩[2J", "x_y": "1"}


def test_words_of_the_command_line_that_are_wrong_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--run.seeed", "1", "--evidence.permutations", "a\x1b[2J"]) == 2
    captured = capsys.readouterr()
    assert "\x1b" not in captured.err + captured.out
