"""The four checks that a claim is put through, in the order in which they are made and shown."""

from collections.abc import Mapping
from typing import Final

ASSOCIATION: Final = "association"
SPECIFICITY: Final = "specificity"
INTERVENTION: Final = "intervention"
STABILITY: Final = "stability"

CHECKS = (ASSOCIATION, SPECIFICITY, INTERVENTION, STABILITY)
# What can be asked of one trained model; stability compares several.
CHECKS_OF_ONE_MODEL = CHECKS[:3]
# As docs/evidence.md names them.
LETTERS: Mapping[str, str] = dict(zip(CHECKS, "ABCD", strict=True))
