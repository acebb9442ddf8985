"""Runs of one audit on one store, one after another, each in a fork, and the two servers that they talk to.

To be imported after latent_audit.tasks.execution.process_setup has prepared the process.
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from latent_audit.flows.cli.main import main
from latent_audit.tasks.execution import processes
from latent_audit.tasks.services import service
from latent_audit.tasks.services.all_services import ServiceSettings, services
from latent_audit.tasks.services.service import Service
from tests.audits import faults
from tests.left_behind import half_written


@dataclass(frozen=True)
class FaultyRun:
    """One run, where its fault came ("" where none did), and the finished stages before and after with their times."""

    code: int
    out: str
    err: str
    seconds: float
    stage: str
    before: dict[str, int]
    after: dict[str, int]
    half_written: list[str]


def finished(home: Path) -> dict[str, int]:
    """Returns every finished stage of the store, by stage and key, with the time at which it was sealed."""
    return {
        f"{path.parts[-3]}/{path.parts[-2]}": path.stat().st_mtime_ns
        for path in home.glob("artifacts/*/*/manifest.json")
        if len(path.parts[-2]) == 32 and not path.parts[-2].startswith(".")
    }


class Servers:
    """Prefect's and MLflow's, which can be killed and started again at the same addresses."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._folder = settings.folder
        self.prefect, self.mlflow, _ = services(settings)

    def start(self, *some: Service) -> None:
        for one in some:
            service.begin(one, self._folder)
        for one in some:
            service.wait_until_well(one, self._folder, 300)

    def kill(self, *some: Service) -> None:
        for one in some:
            process = service.state(one, self._folder).process
            for each in processes.tree(process.pid) if process else []:
                os.kill(each.pid, signal.SIGKILL)

    def end(self) -> None:
        for one in (self.prefect, self.mlflow):
            service.end(one.name, self._folder)


class Series:
    """The runs in one folder. Prefect's settings are those of the first."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.runs: dict[str, FaultyRun] = {}
        self._told = home / "told.txt"

    def run(
        self,
        name: str,
        *words: str,
        act: Callable[[], None] | None = None,
        only: Collection[str] = (),
        but: Collection[str] = (),
        before: Callable[[], None] = lambda: None,
        meanwhile: Callable[[], None] | None = None,
    ) -> FaultyRun:
        """Runs the audit in a fork.

        Args:
            name: what the run is kept under.
            words: what follows the settings file on the command line.
            act: what the fork does to itself or to others when its moment comes.
            only: stages or moments at which it may; any if empty.
            but: stages or moments at which it may not.
            before: what the fork does before it begins.
            meanwhile: what is done here, by the fork's parent, once it acted.
        """
        self._told.unlink(missing_ok=True)
        found = finished(self.home)
        started = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            pid = os.fork()
            if pid == 0:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                self._be_the_run(words, act, only, but, before)
            code = self._wait(pid, meanwhile)
            seconds = time.monotonic() - started
            said = _text(out), _text(err)
        stage = self._told.read_text() if self._told.exists() else ""
        left = half_written(self.home)
        self.runs[name] = FaultyRun(code, *said, seconds, stage, found, finished(self.home), left)
        return self.runs[name]

    def _be_the_run(
        self,
        words: Collection[str],
        act: Callable[[], None] | None,
        only: Collection[str],
        but: Collection[str],
        before: Callable[[], None],
    ) -> None:
        code = 99
        try:
            before()
            if act is not None:
                faults.at_first_file(act, self._told, only=only, but=but)
            sys.argv = ["latent-audit", "run", "faulty.yaml", *words]
            code = main(sys.argv[1:])
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # what the parent wants done at its end is not for its forks to do

    def _wait(self, pid: int, meanwhile: Callable[[], None] | None) -> int:
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            if meanwhile is not None and self._told.exists():
                meanwhile()
                meanwhile = None
            time.sleep(0.02)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
