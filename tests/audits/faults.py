"""What befalls a run from inside: at the moment when a stage opens its first file, something ends, fills up or jumps.

Python tells an audit hook of every file that is opened, so the moment is exact: the stage is half done.
"""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Collection
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from latent_audit.tasks.session import audit_session, render
from tests.audits.moments import moment_of

_kept: list[object] = []  # what would end if nobody held it


def at_first_file(
    act: Callable[[], None], told: Path, *, only: Collection[str], but: Collection[str]
) -> None:
    """Lets this process `act` once, in the first stage or moment of `only` (all if empty) that is not among `but`.

    Its name is written to `told` before.
    """
    state = {"waits": True}

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not state["waits"]:
            return
        moment = moment_of(event, arguments)
        if moment is None or moment in but or (only and moment not in only):
            return
        state["waits"] = False
        told.write_text(moment)
        act()

    sys.addaudithook(hook)


def die() -> None:
    """As kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def fill_disk() -> None:
    """No file of this process may grow beyond 3 MB from now on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def make_read_only(output: Path) -> None:
    """Puts a file system that nobody can write to where the run gathers its results."""
    (working,) = output.glob("*/.*.unfinished")
    working.rename(working.with_suffix(".aside"))
    working.symlink_to("/sys/kernel", target_is_directory=True)


def make_writable(output: Path) -> None:
    """Undoes `make_read_only`."""
    (aside,) = output.glob("*/.*.aside")
    aside.with_suffix(".unfinished").unlink()
    aside.rename(aside.with_suffix(".unfinished"))


def put_clock(seconds: float) -> None:
    """Puts the time of day of this process forward or back; what counts seconds goes on as before."""
    true = time.time
    time.time = lambda: true() + seconds

    class Put(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Put":
            return cls.fromtimestamp(time.time(), tz)

    for module in (audit_session, render):
        module.datetime = Put  # type: ignore[attr-defined]  # a stand-in for the class


def give_up_on_prefect() -> None:
    """Lets this process repeat a call to Prefect once, and not for two minutes."""
    settings = temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1})
    settings.__enter__()
    _kept.append(settings)
