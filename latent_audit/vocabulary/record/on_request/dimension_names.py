"""Names that people gave to dimensions, and their guesses tested."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.record.forms import Estimate
from latent_audit.vocabulary.verdicts import OverallWord


class Guess(TypedDict):
    """A person's guess tested on images that no report shows; family: hypotheses that p is corrected over."""

    attribute: str
    dimension: int
    uncertainty: Estimate
    p_adjusted: float
    family: int


class NamedDimension(TypedDict):
    """A person's name in one trained model; weights: SHA-256 of those that it was given to.

    correlation: of the codes of the same images, in absolute value. word: on the guess, if there is one.
    """

    weights: str
    name: str
    attribute: str | None
    model: str | None
    seed: int | None
    dimension: int | None
    status: Literal["given", "found_again", "not_found_again", "unknown"]
    correlation: float | None
    word: NotRequired[OverallWord]
