"""What the comparison of two audits holds: facts, claims, places, scores, data and codes, as they were and are."""

from dataclasses import dataclass
from typing import Literal

from latent_audit.vocabulary.record.forms import Estimate, Part

Direction = Literal["stronger", "weaker", "same"]
DataWhat = Literal["images", "new", "gone", "other_kind", "shares", "quantiles", "spread"]


@dataclass(frozen=True)
class Fact:
    """Something that is stated of the whole run and differs; `name` is a dotted path in audit.json."""

    name: str
    first: str | float | None
    second: str | float | None


@dataclass(frozen=True)
class Difference:
    """Second less first; `low` and `high` bound it at 95 % where both estimates have an interval."""

    value: float
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class LoneClaim:
    """A claim that one audit alone makes, and its verdict."""

    model: str
    attribute: str
    verdict: str


@dataclass(frozen=True)
class VerdictChange:
    """One claim in both audits; `effect` is None where either has none or their units differ."""

    model: str
    attribute: str
    first: str
    second: str
    direction: Direction
    first_reason: str
    second_reason: str
    first_effect: Part[Estimate]
    second_effect: Part[Estimate]
    effect_unit: str
    effect: Difference | None


@dataclass(frozen=True)
class PlaceChange:
    """Where an attribute lives in both audits: rung and verdict, "" where an audit has no places."""

    model: str
    attribute: str
    first: str
    first_verdict: str
    second: str
    second_verdict: str


@dataclass(frozen=True)
class AbsenceChange:
    """A claim of absence in both audits, with the word in each."""

    model: str
    attribute: str
    given: tuple[str, ...]
    first: str
    second: str


@dataclass(frozen=True)
class ScoreChange:
    """One global score of one model in both audits."""

    model: str
    score: str
    first: Estimate
    second: Estimate
    difference: Difference


@dataclass(frozen=True)
class DataChange:
    """How the data moved: an attribute's distribution, or what there is of attributes and images at all.

    `attribute` is None for all of them. `what` is a key of the catalogue under `changes.data_what`. `shift` is a
    total variation distance (0 to 1) or a number of standard deviations, None where `what` has no size.
    """

    attribute: str | None
    what: DataWhat
    shift: float | None


@dataclass(frozen=True)
class CodeChange:
    """How far the codes of one model moved along one dimension, in standard deviations of the first audit."""

    model: str
    dimension: str
    shift: float


@dataclass(frozen=True)
class Changes:
    """Everything that was compared, whether it changed or not, in the order of the first audit.

    Of the data and of codes it holds what changed alone. `same_data` is whether the data's digests are equal.
    """

    facts: tuple[Fact, ...]
    only_first: tuple[LoneClaim, ...]
    only_second: tuple[LoneClaim, ...]
    verdicts: tuple[VerdictChange, ...]
    places: tuple[PlaceChange, ...]
    absence: tuple[AbsenceChange, ...]
    scores: tuple[ScoreChange, ...]
    same_data: bool
    data: tuple[DataChange, ...]
    codes: tuple[CodeChange, ...] = ()

    @property
    def changed_verdicts(self) -> tuple[VerdictChange, ...]:
        """The claims of both audits whose verdict is another word."""
        return tuple(change for change in self.verdicts if change.direction != "same")

    @property
    def changed_scores(self) -> tuple[ScoreChange, ...]:
        """The scores whose difference has an interval that excludes zero."""
        return tuple(change for change in self.scores if change.difference.is_clear)

    @property
    def changed_places(self) -> tuple[PlaceChange, ...]:
        """The attributes of both audits that live elsewhere, or whose place has another verdict."""
        return tuple(
            change
            for change in self.places
            if (change.first, change.first_verdict) != (change.second, change.second_verdict)
        )

    @property
    def changed_absence(self) -> tuple[AbsenceChange, ...]:
        """The claims of absence of both audits that have another word."""
        return tuple(change for change in self.absence if change.first != change.second)

    @property
    def any(self) -> bool:
        """Whether a reader of the first audit should be told: a verdict, a score or the data changed."""
        return bool(
            self.changed_verdicts
            or self.only_first
            or self.only_second
            or self.changed_places
            or self.changed_absence
            or self.changed_scores
            or self.data
            or self.codes
        )
