"""Follows the pages whose commands take minutes: python -m tests.docs.long_pages [NAME ...]."""

import sys
import tempfile
import time
from pathlib import Path

from tests.audits.tiny_audit import command_environment
from tests.docs.pages import FOLLOWED, follow, reader_environment, takes_minutes


def main(names: list[str]) -> int:
    """Follows each page in an empty folder, prints how long it took, and returns 0 if every command ended with 0."""
    for page in FOLLOWED:
        if takes_minutes(page) and (not names or page.stem in names):
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                follow(page, Path(folder), reader_environment(command_environment(Path(folder) / "numba")))
            print(f"{page.stem}: {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
