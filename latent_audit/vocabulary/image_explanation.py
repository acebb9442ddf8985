"""One image explained: what `latent-audit explain --format json` writes, and its page is drawn from."""

from typing import Literal

from typing_extensions import TypedDict

from latent_audit.vocabulary.attribute_kinds import AttributeKind
from latent_audit.vocabulary.verdicts import OverallWord

FORMAT = 1
AlongWord = Literal["place", "code"]
OutcomeWord = Literal["found", "fools", "none", "not_rebuilt", "no_place", "no_gradient"]


class Picture(TypedDict):
    """An image file as a data: address, and its size in pixels."""

    uri: str
    width: int
    height: int


class Remark(TypedDict):
    """A sentence of the catalogue by its key, with the values of its gaps."""

    key: str
    values: dict[str, str | int | float]


class Subject(TypedDict):
    """Whose explanation it is."""

    run_id: str
    title: str
    manifest_sha256: str
    model: str
    kind: str
    seed: int


class Answer(TypedDict):
    """What the attribute classifier says of one attribute of an image.

    value: a class code, or a number in the attribute's unit. shown: the class or the number with its unit.
    probability: of the class, null for numbers.
    """

    value: float
    shown: str
    probability: float | None


class AttributeSaid(TypedDict):
    """One attribute of the image: its label where it is known, and what the classifier says before and after.

    same: whether both answers are the same class, or numbers within one standard deviation. score: how well the
    classifier reads the attribute in held-out images. not_readable: why its answers on this model's pictures do not
    count, null where they do. verdict, place: where the attribute lives in the model.
    """

    attribute: str
    kind: AttributeKind
    label: str | None
    of_image: Answer
    of_rebuilt: Answer
    same: bool
    score: str
    not_readable: str | None
    verdict: OverallWord | None
    rung: str | None


class GivenImage(TypedDict):
    """The image as it was given and as the model sees it.

    source: a file of one's own, or a row of the data. changes: everything that was done to it.
    """

    source: Literal["file", "data"]
    name: str
    row: int | None
    part: str | None
    given: Picture
    given_size: tuple[int, int]
    seen: Picture
    changes: list[Remark]


class UnusualFigure(TypedDict):
    """A figure of the image, and the percentile (0 to 100) of it among `n` held-out images."""

    measure: str
    value: float
    percentile: float
    n: int


class CodeDimension(TypedDict):
    """One dimension that the decoder uses: its value beside the population's 5 %, 50 % and 95 % quantiles.

    name: an attribute's where the verdict on it is at least partly supported, else z0, z1, ...
    """

    dimension: int
    name: str
    attribute: str | None
    verdict: OverallWord | None
    value: float
    low: float
    median: float
    high: float
    percentile: float


class Term(TypedDict):
    """One term of the discriminator's decision; its mean over held-out real images is 0."""

    name: str
    value: float


class Discriminator(TypedDict):
    """The discriminator's decision, above 0 for real: the mean over real images and all terms add up to it."""

    logit: float
    mean_logit: float
    percentile: float
    terms: list[Term]


class Share(TypedDict):
    """The Shapley value of one player: dimensions that belong together."""

    name: str
    value: float
    standard_error: float


class ShapleyOfAnswer(TypedDict):
    """Which dimensions make the rebuilt picture what the classifier says it is.

    quantity: log-odds of a class, a number in standard deviations, or the cosine of a turn. absent_codes: how many
    codes the values of absent players are taken from. The shares add up to `everybody - nobody`.
    """

    attribute: str
    quantity: Literal["log_odds", "standard_deviations", "cosine"]
    shown: str
    nobody: float
    everybody: float
    shares: list[Share]
    permutations: int
    reached: bool
    absent_codes: int


class PixelMap(TypedDict):
    """Which pixels an output follows: red pushes it up, blue down."""

    target: Literal["classifier", "encoder", "discriminator"]
    subject: str
    method: str
    picture: Picture


class Neighbour(TypedDict):
    """A training image near to this one; `distance` is the root mean square difference of pixels in [0, 1]."""

    row: int
    name: str | None
    distance: float
    picture: Picture
    shown: list[str]


class Move(TypedDict):
    """The smallest move of the code to another answer, or why there is none.

    length: Mahalanobis. held: in how many of `draws` draws the answer holds.
    """

    attribute: str
    target: str
    along: AlongWord
    outcome: OutcomeWord
    length: float | None
    held: int | None
    draws: int
    answer: str | None
    picture: Picture | None


class OtherSeed(TypedDict):
    """What another seed of the model makes of the image."""

    seed: int
    rebuilt_as: dict[str, str]
    same: list[str]
    error: float


class ImageExplanation(TypedDict):
    """Everything that is said of one image."""

    format: int
    subject: Subject
    about: str
    image: GivenImage
    unusual: list[UnusualFigure]
    unusual_beyond: float
    rebuilt: Picture
    said: list[AttributeSaid]
    code: list[CodeDimension]
    unused_dimensions: int
    discriminator: Discriminator | None
    shapley: list[ShapleyOfAnswer]
    maps: list[PixelMap]
    neighbours: list[Neighbour]
    moves: list[Move]
    seeds: list[OtherSeed]
    lacking: list[Remark]
