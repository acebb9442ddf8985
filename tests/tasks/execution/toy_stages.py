"""Stages that take milliseconds, for tests of what runs stages. Worker processes import them from here."""

import importlib
import os
import signal
import time
from pathlib import Path

from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.stage_context import StageContext


def square(folder: Path, context: StageContext, *, number: int) -> None:
    context.report(0, 2, {})
    (folder / "square.txt").write_text(f"{number * number} on {context.device}")
    context.report(2, 2, {"images_per_second": 7.0})


def fail(folder: Path, context: StageContext, *, code: int) -> None:
    (folder / "half.txt").write_text("half")
    raise OSError(code, os.strerror(code))


def die(folder: Path, context: StageContext, *, number: int = signal.SIGKILL) -> None:
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)  # nohup, for one, leaves SIGHUP ignored
    os.kill(os.getpid(), number)
    time.sleep(60)


def import_own(folder: Path, context: StageContext, *, module: str) -> None:
    (folder / "where.txt").write_text(str(importlib.import_module(module).__file__))


def poll_for_ever(folder: Path, context: StageContext) -> None:
    """Asks without a pause whether to stop, and does not: whenever it is killed, it is asking."""
    (context.work_folder / "began").write_text(str(os.getpid()))
    while True:
        context.should_stop()


def wait_for_stop(folder: Path, context: StageContext) -> None:
    context.report(1, 1, {})
    for _ in range(2000):
        if context.should_stop():
            (context.work_folder / "checkpoint.txt").write_text("saved")
            return
        time.sleep(0.01)
    raise TimeoutError("nobody said stop")


def ignore_interrupts(folder: Path, context: StageContext) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    import torch

    (folder / "threads.txt").write_text(str(torch.get_num_threads()))


SQUARE = Stage("square", "squaring", __name__, function="square")
FAIL = Stage("fail", "failing", __name__, function="fail")
IMPORT_OWN = Stage("import_own", "importing", __name__, function="import_own")
DIE = Stage("die", "dying", __name__, function="die")
POLL = Stage("poll", "polling", __name__, function="poll_for_ever")
WAIT = Stage("wait", "waiting", __name__, function="wait_for_stop")
INTERRUPTED = Stage("interrupted", "going on", __name__, function="ignore_interrupts")
