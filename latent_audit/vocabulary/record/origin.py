"""A model or a classifier that was trained elsewhere: what it was read from, and what was measured before the audit."""

from typing import NotRequired

from typing_extensions import TypedDict

from latent_audit.vocabulary.reasons import Reason
from latent_audit.vocabulary.record.forms import Numbers


class OriginFile(TypedDict):
    """A file that a setting named."""

    setting: str
    name: str
    bytes: int
    sha256: str


class Origin(TypedDict):
    """The files and the code that a model or a classifier was made from."""

    kind: str
    code: str | None
    code_sha256: NotRequired[str | None]
    files: list[OriginFile]
    runs_its_code: bool
    rebuilds_offline: bool


class Reach(TypedDict):
    """Whether gradients pass through encode and decode, and whether what they return depends on torch weights."""

    encoder_gradients: bool
    decoder_gradients: bool
    codes_by_weights: bool
    images_by_weights: bool
    has_decoder: NotRequired[bool]


class TriedReading(TypedDict):
    """A way to read files that allow several, and the mean square error of the reconstructions with it."""

    reading: str
    error: float | None
    taken: bool


class ImportCheck(TypedDict):
    """What was measured on `images` random images; errors are mean squares of pixels in [0, 1]."""

    images: int
    pixels_cut: float
    reconstruction_error: float | None
    mean_image_error: float
    code_mean: Numbers
    code_standard_deviation: Numbers
    posterior_standard_deviation: float | None
    warnings: list[str]
    warnings_message: NotRequired[list[Reason]]
    reach: Reach
    not_applicable_parts: list[str]
    not_applicable_parts_message: NotRequired[list[Reason]]
    tried: NotRequired[list[TriedReading]]
    code_form: NotRequired[str | None]
