"""Processes that end without Python's tidying lose nothing that they said or registered."""

import os
import subprocess
import sys
from pathlib import Path

UNTIDIED = """\
import atexit, sys
class Tidied:
    def __del__(self):
        print("tidied")
kept = Tidied()
kept.itself = kept
from latent_audit.tasks.execution.process_setup import exit_without_cleanup
exit_without_cleanup()
atexit.register(print, "registered later")
print("said")
print("said of an error", file=sys.stderr)
"""

# As a worker does when UMAP draws its progress: tqdm's lock is a semaphore with a name, which outlives its process.
WORKER = """\
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from latent_audit.tasks.execution.process_setup import exit_without_cleanup

def lock():
    global kept
    kept = multiprocessing.RLock()
    return multiprocessing.get_start_method()

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=exit_without_cleanup) as pool:
        print(pool.submit(lock).result())
"""


def test_a_worker_that_leaves_untidied_gives_its_semaphores_back(tmp_path: Path) -> None:
    """Python 3.13 and later say at the end which were not."""
    script = tmp_path / "worker_of_a_test.py"
    script.write_text(WORKER)
    ended = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ended.stdout.strip(), ended.stderr) == ("spawn", "")


def test_a_process_that_leaves_untidied_says_all_it_had_to_say_and_no_more() -> None:
    ended = subprocess.run([sys.executable, "-c", UNTIDIED], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["said", "registered later"]
    assert ended.stderr == "said of an error\n"
