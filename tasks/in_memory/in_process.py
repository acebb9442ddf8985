"""Computes stages one after another in this process, into a folder that is removed afterwards."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latent_audit.tasks.errors import PartFailed
from latent_audit.tasks.execution.failed_parts import as_failed_part, raise_failed_inputs
from latent_audit.tasks.execution.ledger import Ledger
from latent_audit.tasks.execution.stage import Stage
from latent_audit.tasks.execution.stage_context import StageContext
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.store import Store

Say = Callable[[str], None]
# In the place of the MLflow run that a stage is computed for.
ORIGIN = "python"


def say_on_stderr(line: str) -> None:
    """Prints a line of progress."""
    print(f"latent_audit: {line}", file=sys.stderr, flush=True)


def say_nothing(line: str) -> None:
    """Prints nothing."""


class InProcess:
    """Computes stages in this thread; nothing is reused, and inputs need not be what a content key can cover."""

    def __init__(self, root: Path, device: str, say: Say) -> None:
        self.ledger = Ledger()
        self._store, self._device, self._say = Store(root), device, say
        self._number = 0

    def perform(self, stage: Stage, model: ModelKey | None = None, /, **inputs: Any) -> Artifact | PartFailed:
        """Returns the artifact of a stage, or the failure that the audit can continue after.

        Raises whatever the stage raises where it cannot.
        """
        label = f"{stage.verb} {model.name}" if model else stage.verb
        try:
            raise_failed_inputs(inputs, stage, model)
            artifact = self._computed(stage, inputs)
        except PartFailed as failure:
            return failure
        except Exception as error:
            part = as_failed_part(error, stage, model, one_of_several=False)
            if part is None:
                raise
            self._say(f"{label} failed: {part.reason}; the audit goes on without it")
            return part
        now = time.time()
        self.ledger.add(artifact, model, (now - artifact.seconds, now))
        self._say(f"{label}: {artifact.seconds:.1f} s")
        return artifact

    def _computed(self, stage: Stage, inputs: Mapping[str, Any]) -> Artifact:
        self._number += 1
        key = f"{self._number:03d}"
        device = self._device if stage.on_device else "cpu"
        work = self._store.work_folder(stage.name, key)
        context = StageContext(device, work, lambda *_: None, lambda: False, None)

        def compute(folder: Path) -> float:
            clock = time.monotonic()
            stage.compute(folder, context, **inputs)
            return time.monotonic() - clock

        return self._store.build(stage.name, key, ORIGIN, compute)


@contextmanager
def one_thread() -> Iterator[None]:
    """Computes with one thread inside the block, as worker processes do: sums in another order give other digits."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
