"""Processes that end without Python's tidying lose nothing that they said or registered."""

import subprocess
import sys

UNTIDIED = """\
import atexit, sys
class Tidied:
    def __del__(self):
        print("tidied")
kept = Tidied()
kept.itself = kept
from tasks.leaving import leave_untidied
leave_untidied()
atexit.register(print, "registered later")
print("said")
print("said of an error", file=sys.stderr)
"""


def test_a_process_that_leaves_untidied_says_all_it_had_to_say_and_no_more() -> None:
    ended = subprocess.run([sys.executable, "-c", UNTIDIED], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["said", "registered later"]
    assert ended.stderr == "said of an error\n"
