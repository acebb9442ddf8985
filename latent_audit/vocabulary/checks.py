"""The ids of the checks that a claim is put through.

A check is defined in `tasks/analyses/checks/definitions/`, one file each; audit.json lists those behind its verdicts.
"""

from typing import Final

ASSOCIATION: Final = "association"
SPECIFICITY: Final = "specificity"
INTERVENTION: Final = "intervention"
STABILITY: Final = "stability"

# Those of files of schema 1.0, which do not list them.
CHECKS_1_0: Final = (ASSOCIATION, SPECIFICITY, INTERVENTION, STABILITY)


def letter(place: int) -> str:
    """Returns the letter of the check at a place in the list, from 0, as docs/evidence.md uses it: A, B, C."""
    return chr(ord("A") + place)
