"""A process that begins each stage without any module of ours, and notes what it then imports and opens of ours."""

import importlib
import multiprocessing
import pickle
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from latent_audit.tasks.execution.runners.work_item import WorkItem
from latent_audit.tasks.storage.source_tree import OURS
from tests.source_copy import ROOMS, ROOT

FOLDERS = tuple(f"{ROOT / room}/" for room in ROOMS)


class RecordingWorker:
    """Such a process."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()

    def carry_out(self, order: WorkItem) -> tuple[set[str], set[str]]:
        """Returns the modules of ours that the stage imported, and the files of ours, code aside, that it opened."""
        self._connection.send_bytes(pickle.dumps(order))
        answer = self._connection.recv()
        if isinstance(answer, Exception):
            raise answer
        imported, opened = answer
        return imported, {
            file for file in opened if not file.endswith((".py", ".pyc")) and Path(file).is_file()
        }

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()  # libraries that it imported may keep threads of their own
        self._process.join()
        self._connection.close()


def _ours() -> set[str]:
    return {name for name in sys.modules if name.partition(".")[0] == OURS}


def _serve(connection: Connection) -> None:
    opened: set[str] = set()

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(FOLDERS):
            opened.add(arguments[0])

    sys.addaudithook(note)
    while True:
        payload = connection.recv_bytes()
        for name in _ours():
            del sys.modules[name]
        carry_out = importlib.import_module("latent_audit.tasks.execution.runners.work_item").carry_out
        before = _ours()
        opened.clear()
        try:
            carry_out(pickle.loads(payload), lambda report: None, lambda: False)
            connection.send((_ours() - before, set(opened)))
        except Exception as error:
            connection.send(RuntimeError(f"{type(error).__name__}: {error}"))
