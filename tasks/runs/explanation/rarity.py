"""How unusual the image is for the model, and which training images are nearest to it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.latent_space.sampling import nearest_images
from latent_audit.tasks.analyses.one_image.code_space import code_space
from latent_audit.tasks.analyses.one_image.unusual import unusual
from latent_audit.tasks.runs.explanation.given_image import OpenedImage, picture_of
from latent_audit.tasks.runs.explanation.opened_model import OpenedModel
from latent_audit.tasks.runs.explanation.questions import label_shown
from latent_audit.tasks.runs.explanation.sizes import Sizes
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.image_explanation import Neighbour, UnusualFigure

BATCH = 1000


def unusual_figures(
    opened: OpenedModel,
    image: OpenedImage,
    code: NDArray[np.float32],
    rebuilt: NDArray[np.float32],
    sizes: Sizes,
    seed: int,
) -> list[UnusualFigure]:
    """Returns reconstruction error, distance of the code and distance to the nearest training image, with percentiles.

    Errors and distances of pixels are root mean square differences in [0, 1]; that of codes is Mahalanobis.
    """
    data = opened.data
    places = data.draw("probe_test", sizes.held_out_images, seed, "explained image")
    held_out = data.images("probe_test", places)
    codes = np.asarray(opened.codes.of("probe_test")[places])
    errors = pixel_errors(held_out, opened.decode(codes))
    own_error = pixel_errors(image.pixels[None], rebuilt)[0]
    space = code_space(np.asarray(opened.codes.of("probe_fit")), codes, opened.used, 1.0)
    training = _training(opened, sizes, seed)
    _, usual = nearest_images(held_out, opened.data.data.images[training])
    away = _distances(opened, image, training)
    found = [
        unusual("reconstruction_error", float(own_error), errors),
        unusual("code_distance", float(space.distances(code[None])[0]), space.distances(codes)),
        unusual("nearest_distance", float(away.min()), usual),
    ]
    return [
        UnusualFigure(measure=one.measure, value=one.value, percentile=one.percentile, n=one.n)
        for one in found
    ]


def nearest_training_images(
    opened: OpenedModel, image: OpenedImage, sizes: Sizes, seed: int
) -> list[Neighbour]:
    """Returns the training images nearest by pixels, without the image itself."""
    training = _training(opened, sizes, seed)
    distances = _distances(opened, image, training)
    data = opened.data.data
    found = []
    for place in np.argsort(distances, kind="stable")[: sizes.shown_neighbours]:
        row = int(training[place])
        labels = [
            f"{attribute.name}: {label_shown(attribute, value)}"
            for attribute, value in zip(data.attributes, data.values[row], strict=True)
            if not np.isnan(value)
        ]
        found.append(
            Neighbour(
                row=row,
                name=None if data.file_names is None else data.file_names[row],
                distance=float(distances[place]),
                picture=picture_of(np.asarray(data.images[row])),
                shown=labels,
            )
        )
    return found


def pixel_errors(images: NDArray[np.uint8], rebuilt: NDArray[np.floating]) -> NDArray[np.float64]:
    """Returns (n,) root mean square differences of images uint8 and rebuilt ones in [0, 1]."""
    difference = images.astype(np.float64) / 255.0 - rebuilt
    return np.asarray(np.sqrt((difference.reshape(len(images), -1) ** 2).mean(axis=1)))


def _training(opened: OpenedModel, sizes: Sizes, seed: int) -> NDArray[np.int64]:
    """Returns rows of the training images that are searched, ascending."""
    part = opened.data.training_part
    drawn = opened.data.draw(part, sizes.training_images, seed, "nearest training images")
    return np.sort(opened.data.rows(part)[drawn])


def _distances(opened: OpenedModel, image: OpenedImage, training: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns (n,) distances of the image to training images; to itself, infinite."""
    own = image.pixels[None].astype(np.float32) / np.float32(255)
    parts = [
        pixel_errors(opened.data.data.images[training[some]], own) for some in batches(len(training), BATCH)
    ]
    found = np.concatenate(parts)
    return np.where(training == (-1 if image.row is None else image.row), np.inf, found)


def labels_of(opened: OpenedModel, row: int | None) -> Sequence[str | None]:
    """Returns the label of each attribute of a row of the data, None where it has none, and of a file of one's own."""
    data = opened.data.data
    if row is None:
        return [None] * len(data.attributes)
    return [
        None if np.isnan(value) else label_shown(attribute, value)
        for attribute, value in zip(data.attributes, data.values[row], strict=True)
    ]
