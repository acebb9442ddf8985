"""Pictures of codes with noise, of sums of codes, of ways between two images; edits of several attributes together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.latent_space.attribute_arithmetic import conditional_vectors
from latent_audit.tasks.analyses.latent_space.attribute_classes import AttributeClass, Bools, Reader
from latent_audit.tasks.analyses.latent_space.edit_outcome import FEW_WITHOUT, MIN_IMAGES
from latent_audit.tasks.analyses.latent_space.interpolation import linear_path, spherical_path
from latent_audit.tasks.analyses.latent_space.traversal import no_images, to_uint8
from latent_audit.tasks.analyses.statistics.estimates import Estimate, mean_estimate
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.vocabulary.reasons import Reason

Codes = NDArray[np.float32]
Pictures = NDArray[np.uint8]
# Of a dimension's standard deviation: noise on the whole code, and on one dimension as in the table of sensitivities.
NOISE_LEVELS = (0.25, 0.5, 1.0)
DRAWS = 3
DISTURBANCE = 0.25
STEPS = 9


def noisy_sheet(
    codes: Codes, spread: NDArray[np.floating], decode: Decode, rng: np.random.Generator
) -> Pictures:
    """Returns uint8 (m * (1 + levels * draws), c, h, w): each image's reconstruction, then its code with noise.

    spread: (d,) standard deviations of the dimensions, which noise is a share of.
    """
    noise = rng.standard_normal((len(NOISE_LEVELS), DRAWS, len(codes), codes.shape[1]))
    moved = codes + noise * np.asarray(NOISE_LEVELS)[:, None, None, None] * spread
    strips = np.concatenate([codes[None], moved.reshape(-1, *codes.shape)])
    return _decoded(strips.swapaxes(0, 1), decode)


def disturbed_sheet(
    codes: Codes, spread: NDArray[np.floating], dimensions: Sequence[int], decode: Decode
) -> Pictures:
    """Returns uint8 (m * (1 + dims), c, h, w): each image's reconstruction, then a quarter of a standard deviation
    added to one dimension at a time. The pictures are as decoded: their differences are not stretched.
    """
    strips = np.repeat(codes[:, None].astype(np.float64), 1 + len(dimensions), axis=1)
    for column, dimension in enumerate(dimensions):
        strips[:, 1 + column, dimension] += DISTURBANCE * spread[dimension]
    return _decoded(strips, decode)


def sum_strip(
    first: NDArray[np.floating], less: NDArray[np.floating], more: NDArray[np.floating], decode: Decode
) -> Pictures:
    """Returns uint8 (4, c, h, w): the pictures of three codes a, b and c (d,), and that of a - b + c."""
    return _decoded(np.stack([first, less, more, first - less + more])[None], decode)


def way_strip(start: NDArray[np.floating], end: NDArray[np.floating], decode: Decode) -> Pictures:
    """Returns uint8 (2 * steps, c, h, w): the straight line between two codes (d,), then the way around the sphere."""
    ways = [path(start[None], end[None], STEPS) for path in (linear_path, spherical_path)]
    return _decoded(np.concatenate(ways), decode)


@dataclass(frozen=True)
class CombinedEdit:
    """An edit of one or more attributes of held-out images that had none of what it asks for.

    terms: attributes' meanings, with + where they are added and - where they are removed. success: share of images
    that the classifier reads as asked in all terms; each, for each term alone. None with `reason` where too few images
    could be asked. pictures: uint8 (2 * shown, c, h, w), reconstruction and edit in turn.
    """

    terms: tuple[str, ...]
    success: Estimate | None
    each: tuple[Estimate, ...]
    reason: Reason | None
    pictures: Pictures = field(metadata={"plain": False})


def edit_together(
    terms: Sequence[str],
    fit_codes: NDArray[np.floating],
    fit_labels: Bools,
    codes: Codes,
    classes: Sequence[AttributeClass],
    decode: Decode,
    reader: Reader,
    rng: np.random.Generator,
    shown: int = 5,
    resamples: int = 500,
) -> CombinedEdit:
    """Returns what adding and removing attributes together does to held-out codes (m, d).

    terms: names of attributes, each with + or - before it. Vectors are the conditional ones of the fitting part, so
    that what goes together in the data is not added twice.
    """
    names = [attribute_class.attribute.name for attribute_class in classes]
    places = [names.index(term[1:]) for term in terms]
    signs = np.array([1.0 if term[0] == "+" else -1.0 for term in terms])
    step = (conditional_vectors(fit_codes, fit_labels)[places] * signs[:, None]).sum(axis=0)
    rows = np.arange(len(codes))
    wanted = signs > 0
    before = reader.answers(decode(codes, rows), classes)[:, places]
    asked = np.flatnonzero((before != wanted).all(axis=1))
    some = asked[draw_rows(len(asked), shown, int(rng.integers(2**31)), "shown edits")]
    pairs = np.stack([codes[some], codes[some] + step], axis=1)
    pictures = (
        to_uint8(decode(pairs.reshape(-1, codes.shape[1]).astype(np.float32), some.repeat(2)))
        if len(some)
        else no_images(decode, codes)
    )
    meanings = _meanings(terms, classes)
    if len(asked) < MIN_IMAGES:
        return CombinedEdit(meanings, None, (), FEW_WITHOUT, pictures)
    edited = (codes[asked] + step).astype(np.float32)
    after = reader.answers(decode(edited, rows[asked]), classes)[:, places] == wanted
    source = "bootstrap over images"
    return CombinedEdit(
        meanings,
        mean_estimate(after.all(axis=1).astype(np.float64), resamples, rng, source),
        tuple(mean_estimate(column.astype(np.float64), resamples, rng, source) for column in after.T),
        None,
        pictures,
    )


def unread_edit(
    terms: Sequence[str], codes: Codes, classes: Sequence[AttributeClass], decode: Decode, why: Reason
) -> CombinedEdit:
    """Returns an edit of which nothing can be said, since the classifier does not read an attribute of its terms."""
    return CombinedEdit(_meanings(terms, classes), None, (), why, no_images(decode, codes))


def _meanings(terms: Sequence[str], classes: Sequence[AttributeClass]) -> tuple[str, ...]:
    names = {one.attribute.name: one.name for one in classes}
    return tuple(f"{term[0]} {names[term[1:]]}" for term in terms)


def _decoded(strips: NDArray[np.floating], decode: Decode) -> Pictures:
    """Returns the pictures of strips (n, k, d) of codes, each strip with the noise of its own row."""
    count, length, size = strips.shape
    return to_uint8(decode(strips.reshape(-1, size).astype(np.float32), np.arange(count).repeat(length)))
