"""One thing that is wrong with a run folder, of one of eleven kinds."""

from dataclasses import dataclass
from typing import Literal

from latent_audit.reports.page.visible_text import visible

Kind = Literal[
    "manifest",
    "signature",
    "schema",
    "thresholds",
    "settings",
    "verdict",
    "report",
    "missing",
    "unlisted",
    "altered",
    "statement",
]


@dataclass(frozen=True)
class Problem:
    """What kind of thing is wrong, with which file, and a sentence for the reader."""

    kind: Kind
    path: str
    sentence: str

    def __post_init__(self) -> None:
        # Sentences name files, models and attributes, and a terminal would obey what is in a name.
        object.__setattr__(self, "sentence", visible(self.sentence))
