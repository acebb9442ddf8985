"""What counts as enough evidence. Fixed before a run; the report prints them and their digest."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


def _limit(default: Any, reason: str) -> Any:
    return field(default=default, metadata={"description": reason})


@dataclass(frozen=True)
class Thresholds:
    """Limits of the rule table in verdicts.py, each with the reason for its default as its description."""

    significance: float = _limit(0.05, "the usual family-wise error rate, over all cells of a model")
    uncertainty_min: float = _limit(
        0.2,
        "a fifth of the attribute's uncertainty: for a balanced binary attribute an AUROC of about "
        "0.77 to 0.80",
    )
    gap_min: float = _limit(
        0.1,
        "the lead over the runner-up, as a share of H(attribute): half of the least uncertainty "
        "that counts, so that a claim at the limit still carries twice what any other dimension "
        "does",
    )
    leakage_max: float = _limit(
        0.2,
        "a dimension that tells a fifth of another attribute with the claimed one held fixed carries both",
    )
    survives_min: float = _limit(0.05, "share of what another attribute leaves open that must still be told")
    effect_probability_min: float = _limit(
        0.3,
        "thirty points of probability: a change that is seen by more than chance in a handful of images",
    )
    effect_standard_deviations_min: float = _limit(
        0.5,
        "half a standard deviation, medium in Cohen's (1988) terms",
    )
    consistency_min: float = _limit(0.8, "four images in five must move the way the mean does")
    classifier_share_of_way: float = _limit(
        0.5,
        "the classifier must read reconstructions at least half of the way from chance to perfect",
    )
    matched_strength_min: float = _limit(
        0.6,
        "absolute rank correlation between seeds; 0.6 shares about a third of the variance of ranks",
    )
    seeds_min: int = _limit(3, "fewer seeds than this tell nothing about the spread between seeds")
    seeds_share_min: float = _limit(0.66, "share of seeds in which the other checks must hold: two in three")
    unused_kl_nats: float = _limit(
        0.05,
        "below this a dimension's code is the prior's: the decoder is told nothing by it",
    )
    live_correlation_min: float = _limit(
        0.5,
        "a dimension without a name lives if what it asks of a picture and what is read in it correlate so much",
    )
    entangled_from: float = _limit(0.3, "attribute pairs from here on are named as entangled in the data")
    cause_min: float = _limit(
        0.5, "share of a full swap's change that swapping a dimension, direction or block must make: half"
    )
    isolate_min: float = _limit(
        0.7, "share of what other attributes were that a swap must leave as it was: seven tenths"
    )
    block_share: float = _limit(
        0.95,
        "a block is searched where a direction reads less than this share of what the whole code tells, and is "
        "complete from this share on",
    )
    direction_share: float = _limit(
        0.8, "a direction gives way to a block whose swap takes over more, if less than this share of it"
    )
    absent_max: float = _limit(
        0.02,
        "a fiftieth of the attribute's uncertainty, a tenth of the least that counts as held: for a balanced binary "
        "attribute an AUROC of about 0.59",
    )

    groups_min: int = _limit(
        40,
        "with fewer groups of images in probe_test, intervals cover the truth less often than they promise",
    )

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            if limit.name not in ("seeds_min", "groups_min") and not 0.0 <= value <= 10.0:
                raise ValueError(f"threshold {limit.name} must be between 0 and 10, got {value}")

    def digest(self) -> str:
        """Returns the SHA-256 of the thresholds as canonical JSON."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def thresholds_from(plain: Mapping[str, Any]) -> Thresholds:
    """Returns the thresholds of an audit.json section; unknown keys are refused, missing ones take defaults."""
    known = {limit.name for limit in fields(Thresholds)}
    unknown = sorted(set(plain) - known)
    if unknown:
        raise ValueError(f"unknown thresholds {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return Thresholds(**plain)
