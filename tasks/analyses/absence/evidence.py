"""What is measured for a claim of absence: the record that its word is drawn from."""

from dataclasses import dataclass
from typing import Final, Literal

from latent_audit.tasks.analyses.statistics.estimates import Estimate

ReaderName = Literal["linear", "boosting", "neighbours"]
LINEAR: Final = "linear"
BOOSTING: Final = "boosting"
NEIGHBOURS: Final = "neighbours"


@dataclass(frozen=True)
class AbsenceClaim:
    """An attribute that the code must not hold, beyond what the attributes `given` tell of it."""

    attribute: str
    given: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReaderScore:
    """What a reader tells of the attribute on images of probe_fit that it was not fitted on."""

    reader: ReaderName
    uncertainty: float


@dataclass(frozen=True)
class Planted:
    """Attributes of a known U, planted in the same codes: the upper 95 % limit that the linear reader gives of each."""

    uncertainty: float
    highs: tuple[float, ...]


@dataclass(frozen=True)
class AbsenceEvidence:
    """One claim of absence in one code.

    readers: on probe_fit, by which `reader` was chosen. uncertainty: what that one tells on probe_test, with its
    p-value over all claims of the model. planted: weakest first; empty where the upper limit alone rules absence out.
    """

    attribute: str
    given: tuple[str, ...]
    fit_images: int
    readers: tuple[ReaderScore, ...]
    reader: ReaderName
    uncertainty: Estimate
    p_adjusted: float
    planted: tuple[Planted, ...]
