"""The words of a verdict, and how strong each is."""

from collections.abc import Mapping
from typing import Final, Literal

SUPPORTED: Final = "supported"
PARTLY_SUPPORTED: Final = "partly_supported"
NOT_SUPPORTED: Final = "not_supported"
INCONCLUSIVE: Final = "inconclusive"
NOT_TESTED: Final = "not_tested"
NOT_ASSESSED: Final = "not_assessed"

VerdictWord = Literal[
    "supported", "partly_supported", "not_supported", "inconclusive", "not_tested", "not_assessed"
]
OverallWord = Literal["supported", "partly_supported", "not_supported", "inconclusive", "not_tested"]
# What may be said of a whole claim, in the order in which it is counted and shown.
OVERALL: tuple[OverallWord, ...] = (SUPPORTED, PARTLY_SUPPORTED, NOT_SUPPORTED, INCONCLUSIVE, NOT_TESTED)
# Weakest first. A check that was not assessed is a cap, as strong as one that is partly supported.
STRENGTH: Mapping[str, int] = {
    NOT_SUPPORTED: 0,
    NOT_TESTED: 1,
    INCONCLUSIVE: 2,
    PARTLY_SUPPORTED: 3,
    NOT_ASSESSED: 3,
    SUPPORTED: 4,
}
