"""The four checks that a claim is put through, in the order in which they are made and shown."""

from collections.abc import Mapping
from typing import Final, Literal

ASSOCIATION: Final = "association"
SPECIFICITY: Final = "specificity"
INTERVENTION: Final = "intervention"
STABILITY: Final = "stability"

CheckOfOneModel = Literal["association", "specificity", "intervention"]
CheckName = Literal["association", "specificity", "intervention", "stability"]
# What can be asked of one trained model; stability compares several.
CHECKS_OF_ONE_MODEL: tuple[CheckOfOneModel, ...] = (ASSOCIATION, SPECIFICITY, INTERVENTION)
CHECKS: tuple[CheckName, ...] = (*CHECKS_OF_ONE_MODEL, STABILITY)
# As docs/evidence.md names them.
LETTERS: Mapping[str, str] = dict(zip(CHECKS, "ABCD", strict=True))
