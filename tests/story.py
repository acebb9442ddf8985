"""The story of a new user by command: python -m tests.story [--python PYTHON] [--newest].

It says which versions were installed and how long each step took. CI has one Python and the lock, so this is for the
others. --newest installs the newest packages that pyproject.toml allows in place of requirements.lock.
"""

import argparse
import os
import subprocess
import sys

from tests.audits.newcomer import NEWEST, PYTHON

STORY = "tests/end_to_end/test_story.py"


def main(words: list[str]) -> int:
    """Runs the story and returns pytest's exit code."""
    parser = argparse.ArgumentParser("python -m tests.story", description=__doc__)
    parser.add_argument(
        "--python", default=sys.executable, help="a Python that is installed, by name or path"
    )
    parser.add_argument("--newest", action="store_true", help="the newest packages in place of the lock")
    given = parser.parse_args(words)
    environment = {**os.environ, PYTHON: given.python, NEWEST: "1" if given.newest else ""}
    return subprocess.call(
        [sys.executable, "-m", "pytest", "-q", "-s", "-m", "endurance", STORY], env=environment
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
