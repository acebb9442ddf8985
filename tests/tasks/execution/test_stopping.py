"""Signals to a run: the first stops it, the second ends it within ten seconds, whatever it is doing."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from latent_audit.tasks.execution.stopping import AGAIN, stopping_sentence

# A run whose only stage neither stops nor ends, in processes or in a thread, and whose main thread then blocks where
# no handler of Python's runs.
RUN = """
import sys, threading
from pathlib import Path
from latent_audit.tasks.execution.progress import ProgressDisplay
from latent_audit.tasks.execution.runners.work_item import WorkItem
from latent_audit.tasks.execution.stopping import Stopping
from latent_audit.tasks.execution.workers import Workers
from tests.tasks.execution.toy_stages import POLL

if __name__ == "__main__":
    home, kind, main_thread = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    with ProgressDisplay() as progress, Stopping(progress) as stopping, Workers(2, print, kind) as workers:
        stopping.workers = workers
        item = WorkItem(POLL, "key", "run", "polling", {}, "cpu", home / "files", home, home)
        thread = threading.Thread(target=workers.run, args=(item,))
        thread.start()
        if main_thread == "in C":
            import sqlite3
            first = sqlite3.connect(home / "db", isolation_level=None)
            first.execute("begin exclusive")
            sqlite3.connect(home / "db", timeout=600).execute("create table t (x)")
        thread.join()
"""


@pytest.mark.parametrize(
    ("kind", "main_thread", "number"),
    [
        ("process", "waits", signal.SIGTERM),
        ("process", "in C", signal.SIGINT),
        pytest.param("process", "in C", signal.SIGTERM, marks=pytest.mark.endurance),
        pytest.param("thread", "waits", signal.SIGINT, marks=pytest.mark.endurance),
    ],
)
def test_a_run_ends_soon_after_the_second_signal(
    kind: str, main_thread: str, number: signal.Signals, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    script = tmp_path / "run.py"
    script.write_text(RUN)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), kind, main_thread],
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/bin:/bin"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / "began").is_file() or not (tmp_path / "began").read_text():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)  # the stage is waited for
        process.send_signal(number)
        began = time.monotonic()
        said = process.communicate(timeout=60)[1]
        assert time.monotonic() - began < 10
    finally:
        process.kill()
    assert f"stopping: polling is finished first and kept; {AGAIN}" in said
    assert process.returncode not in (0, None)
    if kind == "process":
        assert not Path(f"/proc/{(tmp_path / 'began').read_text()}").exists()


def test_what_a_stop_means_is_true_of_the_stages_at_work() -> None:
    training, probing, judging = (
        {"training vae seed 0": True},
        {"probing vae seed 1": False},
        {"judging": False},
    )
    assert stopping_sentence(training) == f"stopping: training saves where it is; {AGAIN}"
    assert stopping_sentence(probing) == f"stopping: probing vae seed 1 is finished first and kept; {AGAIN}"
    assert stopping_sentence({**probing, **judging, **training}) == (
        f"stopping: training saves where it is; judging, probing vae seed 1 are finished first and kept; {AGAIN}"
    )
    assert stopping_sentence({}) == f"stopping; {AGAIN}"
