"""Follows the pages whose commands take minutes: python -m tests.docs.long_pages [NAME ...].

`start` is followed as a new user would: in an empty folder, with the wheel of this checkout in place of the published
one, and the whole default audit. It needs the network, since pip installs what the wheel depends on.
`followed_long_pages.py` follows the same pages, `start` with a smaller audit and without the network.
"""

import sys
import tempfile
from pathlib import Path

from tests.audits.tiny_audit import command_environment
from tests.docs.new_user import with_the_wheel
from tests.docs.pages import FOLLOWED, START, follow, reader_environment, takes_minutes


def main(names: list[str]) -> int:
    """Follows each page in an empty folder, prints how long it took, and returns 0 if every command ended with 0."""
    for page in [START, *FOLLOWED]:
        if takes_minutes(page) and (not names or page.stem in names):
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as beside:
                environment = reader_environment(command_environment(Path(beside) / "numba"))
                if page == START:
                    environment = with_the_wheel(environment, Path(beside))
                seconds = follow(page, Path(folder), environment)
            for command, taken in seconds.items():
                print(f"{page.stem}: {taken:5.0f} s  {command}", flush=True)
            print(f"{page.stem}: {sum(seconds.values()):.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
