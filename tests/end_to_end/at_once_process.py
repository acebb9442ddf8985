"""Runs one audit for several owners at the same moment, each in a fork of this process, which has imported everything.

Takes a folder with smallest.yaml and the owners; writes {"code", "out", "err"} of each run to results.json there.
"""

import json
import os
import sys
from pathlib import Path

from tasks import environment
from tests.end_to_end.imported import import_all


def main(home: Path, owners: list[str]) -> None:
    """Forks all, and waits for all."""
    os.chdir(home)
    environment.prepare(home / "artifacts")
    import_all()
    forked = {os.fork() or _run(index, owner): index for index, owner in enumerate(owners)}
    codes = {}
    for _ in owners:
        pid, status = os.wait()
        codes[forked[pid]] = os.waitstatus_to_exitcode(status)
    results = [
        {
            "code": codes[index],
            "out": Path(f"{index}.out").read_text(),
            "err": Path(f"{index}.err").read_text(),
        }
        for index in range(len(owners))
    ]
    (home / "results.json").write_text(json.dumps(results))


def _run(index: int, owner: str) -> int:
    from flows.command import main as command
    from tasks.prefect_server import end_server

    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{index}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = [
        "latent-audit",
        "run",
        "smallest.yaml",
        "--compute.runner",
        "thread",
        "--subject.owner",
        owner,
    ]
    code = 99
    try:
        code = command(sys.argv[1:])
        end_server()
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what is to be done at the parent's end is not for its forks to do


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
