"""What counts as enough evidence. Fixed before a run; the report prints them and their digest."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Thresholds:
    """Limits of the rule table in verdicts.py, each with the reason for its default."""

    # The usual family-wise error rate, over all cells of a model.
    significance: float = 0.05
    # A fifth of the attribute's uncertainty: for a balanced binary attribute an AUROC of about 0.77 to 0.80.
    uncertainty_min: float = 0.2
    # The lead over the runner-up, as a share of H(attribute): half of the least uncertainty that counts, so
    # that a claim at the limit still carries twice what any other dimension does.
    gap_min: float = 0.1
    # A dimension that tells a fifth of another attribute with the claimed one held fixed carries both.
    leakage_max: float = 0.2
    # Share of what another attribute leaves open that must still be told (see specificity.py).
    survives_min: float = 0.05
    # Thirty points of probability: a change that is seen by more than chance in a handful of images.
    effect_probability_min: float = 0.3
    # Half a standard deviation, "medium" in Cohen's (1988) terms.
    effect_standard_deviations_min: float = 0.5
    # Four images in five must move the way the mean does.
    consistency_min: float = 0.8
    # The classifier must read reconstructions at least half of the way from chance to perfect.
    classifier_share_of_way: float = 0.5
    # Absolute rank correlation between seeds; 0.6 shares about a third of the variance of ranks.
    matched_strength_min: float = 0.6
    # Fewer seeds than this tell nothing about the spread between seeds.
    seeds_min: int = 3
    # Share of seeds in which the other checks must hold: two in three.
    seeds_share_min: float = 0.66
    # Below this a dimension's code is the prior's: the decoder is told nothing by it.
    unused_kl_nats: float = 0.05
    # Attribute pairs from here on are named as entangled in the data.
    entangled_from: float = 0.3

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "seeds_min" and not 0.0 <= value <= 10.0:
                raise ValueError(f"threshold {field.name} must be between 0 and 10, got {value}")

    def digest(self) -> str:
        """Returns the SHA-256 of the thresholds as canonical JSON."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def thresholds_from(plain: Mapping[str, Any]) -> Thresholds:
    """Returns the thresholds of an audit.json section; unknown keys are refused, missing ones take defaults."""
    known = {field.name for field in fields(Thresholds)}
    unknown = sorted(set(plain) - known)
    if unknown:
        raise ValueError(f"unknown thresholds {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return Thresholds(**plain)
