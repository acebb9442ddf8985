"""Runs commands one after another in one process, so that a test pays for imports and Prefect's server once.

Lines of progress come as they arrive: the stages here end before a person would be told of them.

Reads from standard input a JSON list of {"words"} and perhaps "largest_file", "failing", "environment"; writes a JSON
list of {"code", "seconds", "out", "err"} to the file named by its argument. Commands are run by the declared entry
point. What a command prints is caught below Python, so that worker processes are caught too.
"""

import json
import os
import resource
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from latent_audit.tasks.execution import progress
from tests.audits.moments import moment_of

failing: set[str] = set()


def _fail(event: str, arguments: tuple[Any, ...]) -> None:
    """Raises an error where a stage that is to fail opens its first file."""
    if failing and (name := moment_of(event, arguments)) in failing:
        raise ValueError(f"made to fail in {name}")


def run(command: dict[str, Any]) -> dict[str, Any]:
    (entry,) = metadata.entry_points(group="console_scripts", name="latent-audit")
    main = entry.load()
    started = time.monotonic()
    failing.update(command.get("failing", []))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    sys.argv = ["latent-audit", *command["words"]]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        kept = [os.dup(1), os.dup(2)]
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            if command.get("largest_file"):
                resource.setrlimit(resource.RLIMIT_FSIZE, (command["largest_file"], limits[1]))
            os.environ.update(command.get("environment", {}))
            code = main()
        except SystemExit as error:
            code = error.code
        finally:
            failing.clear()
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            for name in command.get("environment", {}):
                del os.environ[name]
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
        out.seek(0)
        err.seek(0)
        seconds = time.monotonic() - started
        return {"code": code, "seconds": seconds, "out": out.read(), "err": err.read()}


if __name__ == "__main__":
    sys.addaudithook(_fail)
    progress.PLAIN_LINE_EVERY_SECONDS = 0.0
    place = Path(sys.argv[1])
    place.write_text(json.dumps([run(command) for command in json.load(sys.stdin)]))
