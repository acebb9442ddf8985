"""Edits codes along the normal of a linear boundary, conditionally on other boundaries by projection.

Shen et al. 2020, "Interpreting the latent space of GANs for semantic face editing", sections 3.1 and 3.2.
Accuracy is over all held-out images, not over those with the most extreme scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from latent_audit.tasks.analyses.decoding import Decode
from latent_audit.tasks.analyses.latent_space.attribute_classes import AttributeClass, Bools, Reader
from latent_audit.tasks.analyses.latent_space.edit_outcome import FEW_WITHOUT, EditOutcome, edit_outcome_of
from latent_audit.tasks.analyses.latent_space.traversal import no_images, to_uint8
from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.analyses.statistics.probe_scores import balanced_accuracy, balanced_accuracy_resamples
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.vocabulary.reasons import Reason, reason

STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
# Of a unit normal: with less left after projection, an edit would have to go further than codes reach.
MIN_NORMAL = 1e-3
NO_BOUNDARY = reason("edit.no_boundary")
NOTHING_LEFT = reason("edit.nothing_left")


@dataclass(frozen=True)
class Boundaries:
    """Unit normals (k, d) and offsets (k,) in codes divided by `scale` (d,), after `centre` (d,) is taken off.

    The signed distance of a code to boundary i is normals[i] @ ((code - centre) / scale) + offsets[i]; NaN
    normals where an attribute has one answer only.
    """

    normals: NDArray[np.float64]
    offsets: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]

    def distances(self, codes: NDArray[np.floating]) -> NDArray[np.float64]:
        """Returns (n, k) signed distances of codes (n, d), positive on the side of the positive class."""
        return np.asarray((codes - self.centre) / self.scale @ self.normals.T + self.offsets)


@dataclass(frozen=True)
class BoundaryEdit:
    """One attribute's boundary and the outcome of crossing it.

    accuracy: balanced, over all held-out images. primal: along the normal; conditional: along the normal
    with the other normals' directions taken out; kept_share: length of the normal that is left by that.
    strip: uint8 (steps, c, h, w), one image at STEPS from the boundary along the conditional direction.
    """

    attribute: str
    meaning: str
    accuracy: Estimate | None
    primal: EditOutcome | None
    conditional: EditOutcome | None
    kept_share: float | None
    reason: Reason | None
    strip: NDArray[np.uint8] = field(metadata={"plain": False})


def fit_boundaries(codes: NDArray[np.floating], labels: Bools) -> Boundaries:
    """Returns the boundary of a logistic regression for each column of labels (n, k), on codes (n, d)."""
    points = np.asarray(codes, dtype=np.float64)
    centre, scale = points.mean(axis=0), np.maximum(points.std(axis=0), 1e-9)
    normals = np.full((labels.shape[1], points.shape[1]), np.nan)
    offsets = np.full(labels.shape[1], np.nan)
    for place, with_it in enumerate(labels.T):
        if with_it.all() or not with_it.any():
            continue
        fit = LogisticRegression(class_weight="balanced", max_iter=1000)
        fit.fit((points - centre) / scale, with_it)
        length = float(np.linalg.norm(fit.coef_[0]))
        if length > 1e-9:
            normals[place], offsets[place] = fit.coef_[0] / length, float(fit.intercept_[0]) / length
    return Boundaries(normals, offsets, centre, scale)


def conditional_direction(normals: NDArray[np.float64], target: int) -> NDArray[np.float64]:
    """Returns normals[target] (d,) without its part in the span of the other normals; shorter than 1.

    Moving along it leaves the distances to all other boundaries as they are (Shen et al. 2020, eq. 5, for
    any number of conditions).
    """
    others = np.delete(normals, target, axis=0)
    others = others[np.isfinite(others).all(axis=1)]
    if not len(others):
        return np.asarray(normals[target])
    basis = np.linalg.svd(others, full_matrices=False)[2][: np.linalg.matrix_rank(others)]
    return np.asarray(normals[target] - basis.T @ (basis @ normals[target]))


def edit_across(
    fit_codes: NDArray[np.floating],
    fit_labels: Bools,
    all_codes: NDArray[np.floating],
    all_labels: Bools,
    codes: NDArray[np.float32],
    classes: Sequence[AttributeClass],
    decode: Decode,
    reader: Reader,
    rng: np.random.Generator,
    resamples: int = 500,
) -> tuple[BoundaryEdit, ...]:
    """Returns one result per attribute: boundaries from the fitting part, accuracy on all held-out codes,
    edits of the held-out codes (m, d).

    An edit moves a code to the mean distance of the positive images from the boundary.
    """
    found = fit_boundaries(fit_codes, fit_labels)
    reached = found.distances(fit_codes)
    held_out = found.distances(all_codes)
    weights = image_weights(len(all_codes), resamples, rng)
    shown_row = draw_rows(len(codes), 1, int(rng.integers(2**31)), "shown edit")
    shown = codes[shown_row]
    results = []
    for place, attribute_class in enumerate(classes):
        if not np.isfinite(found.normals[place]).all():
            strip = no_images(decode, codes)
            results.append(
                BoundaryEdit(
                    attribute_class.attribute.name,
                    attribute_class.name,
                    None,
                    None,
                    None,
                    None,
                    NO_BOUNDARY,
                    strip,
                )
            )
            continue
        typical = float(reached[fit_labels[:, place], place].mean())

        def crossing(
            direction: NDArray[np.float64], place: int = place, to: float = typical
        ) -> EditOutcome | None:
            moved = _moved(found, codes, place, direction, to)
            return edit_outcome_of(codes, moved, place, classes, decode, reader, rng, resamples)

        direction = conditional_direction(found.normals, place)
        left = float(np.linalg.norm(direction))
        can_move = left > MIN_NORMAL
        primal = crossing(found.normals[place])
        conditional = crossing(direction) if can_move else None
        way = direction if can_move else found.normals[place]
        line = np.concatenate([_moved(found, shown, place, way, step) for step in STEPS])
        results.append(
            BoundaryEdit(
                attribute_class.attribute.name,
                attribute_class.name,
                _accuracy(all_labels[:, place], held_out[:, place] > 0, weights),
                primal,
                conditional,
                left,
                None if conditional else (FEW_WITHOUT if can_move else NOTHING_LEFT),
                to_uint8(decode(line, shown_row.repeat(len(STEPS)))),
            )
        )
    return tuple(results)


def _moved(
    found: Boundaries,
    codes: NDArray[np.float32],
    place: int,
    direction: NDArray[np.float64],
    distance: float,
) -> NDArray[np.float32]:
    """Returns codes moved along `direction` (d,) to a `distance` from boundary `place`."""
    missing = distance - found.distances(codes)[:, place]
    per_step = float(found.normals[place] @ direction)
    return (codes + (missing / per_step)[:, None] * direction * found.scale).astype(np.float32)


def _accuracy(truth: Bools, chosen: Bools, weights: NDArray[np.float64]) -> Estimate:
    labels, said = truth.astype(np.float64), chosen.astype(np.int64)
    return from_samples(
        balanced_accuracy(labels, said),
        balanced_accuracy_resamples(labels, said, 2, weights),
        len(labels),
        "bootstrap over images",
    )
