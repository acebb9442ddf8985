"""Errors of a run, as a tree; each text is a sentence for the user.

AuditError
├── UsageError           a command cannot be executed as given
│   └── SettingsError    settings that cannot be used, all of them at once
├── RunUnusable          a folder that should hold a finished run does not
├── StoreError           the store or the output folder cannot be written
│   └── NoSpaceLeft      the disk is full
├── StageFailed          a stage stopped with an error; finished stages are kept
│   ├── WorkerDied       the process that computed it ended, most often because memory ran out
│   └── PartFailed       an optional part failed; the audit continues
├── Stopped              the user asked to stop; the same command continues
├── TrackingError        the MLflow store cannot be used
├── ServiceError         a server that a run needs does not answer
├── AcceptanceError      a run cannot be accepted
└── Reported             a complete run, with its report, that ends with an exit code
    ├── Changed          it differs from the last accepted one
    └── PartsFailed      parts of it failed
"""

from pathlib import Path

from latent_audit.reports.page.visible_text import visible_lines
from latent_audit.tasks.passwords import without_password
from latent_audit.vocabulary.errors import UserError
from latent_audit.vocabulary.reasons import Reason, verbatim


class AuditError(UserError):
    """Base of the errors that the command prints as a sentence, without a traceback.

    No sentence shows the password of an address that it names, or sends a terminal what a name holds.
    """

    exit_code = 1

    def __init__(self, sentence: str) -> None:
        super().__init__(visible_lines(without_password(sentence)))


class UsageError(AuditError):
    """A command cannot be executed as given; it exits with 2."""

    exit_code = 2


class SettingsError(UsageError):
    """Settings that cannot be used. The text lists every problem, one per line."""


class RunUnusable(AuditError):
    """A folder that should hold a finished run is not there, or is not what the run sealed."""


class StoreError(AuditError):
    """The store or the output folder cannot be read or written."""


class NoSpaceLeft(StoreError):
    """The disk that holds the store or the output is full."""


class StageFailed(AuditError):
    """A stage stopped with an error. Finished stages are kept."""


class WorkerDied(StageFailed):
    """The process that computed a stage ended, most often because memory ran out."""


class PartFailed(StageFailed):
    """An optional part failed; the report lists it, and the audit continues.

    Args:
        part: name of the stage.
        model: name of the model that it is a part of, None for a part of the whole audit.
        seed: that model's seed.
        reason: what went wrong, as an English sentence.
        is_essential: whether verdicts rest on the part, so that a model without it is left out.
        cause: the part whose failure made this one impossible, None where it failed by itself.
        message: the reason as a key and values, for other languages; the sentence as it is where there is none.
    """

    def __init__(
        self,
        part: str,
        model: str | None,
        seed: int | None,
        reason: str,
        is_essential: bool,
        cause: "PartFailed | None" = None,
        message: Reason | None = None,
    ) -> None:
        of = "" if model is None else f" of {model} seed {seed}"
        super().__init__(f"{part}{of}: {reason}")
        self.part = part
        self.model = model
        self.seed = seed
        self.reason = without_password(reason)
        self.message = message or verbatim(self.reason)
        self.is_essential = is_essential
        self.cause = cause


class Stopped(AuditError):
    """The user asked to stop. Work so far is kept, and the same command continues."""


class TrackingError(AuditError):
    """The MLflow store cannot be reached or used."""


class ServiceError(AuditError):
    """A server that a run needs does not answer."""


class AcceptanceError(AuditError):
    """A run that cannot be accepted as what later runs are compared with."""


class Reported(AuditError):
    """A complete run that ends with an exit code; its report is in `folder`.

    Of several such errors of one run, the one with the highest exit code stands for all.
    """

    def __init__(self, sentence: str, folder: Path) -> None:
        super().__init__(sentence)
        self.folder = folder


class Changed(Reported):
    """A complete run differs from the last accepted one, and the settings ask to fail then."""

    exit_code = 3


class RequirementsNotMet(Reported):
    """A complete run does not show what its settings require."""

    exit_code = 5


class PartsFailed(Reported):
    """Parts of a complete run failed; the next run tries them again."""

    exit_code = 4
