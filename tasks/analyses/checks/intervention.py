"""Check C, intervention: tests whether setting a dimension changes the attribute in decoded images."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.classifier_gate import Gate
from latent_audit.tasks.analyses.checks.intervention_claims import ClaimedEffect, EffectNull, Measured
from latent_audit.tasks.analyses.checks.intervention_null import (
    InterventionNull,
    adjusted_p_values,
    directions_needed,
    null_effects,
    null_of_dimension,
)
from latent_audit.tasks.analyses.checks.responses import effects, refuse_wrong_columns
from latent_audit.tasks.analyses.decoding import Decode, Rows
from latent_audit.tasks.analyses.statistics.estimates import interval
from latent_audit.tasks.analyses.statistics.image_groups import ImageGroups
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.vocabulary.batches import batches

Floats = NDArray[np.float64]
Images = NDArray[np.float32]
Respond = Callable[[Images], NDArray[np.float32]]
# The outermost doses stop at 2 % and 98 %: beyond them a decoder has seen next to nothing.
DOSES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
MIN_IMAGES = 256
DRAWN_NULL_VALUES = 40


@dataclass(frozen=True)
class Intervention:
    """Effects (k, d), each with interval and family-wise p-value, and the claims in detail.

    Rows of attributes whose classifier did not pass its gate are NaN: what it says of these pictures means nothing.

    `responses` float32 (d, doses, m, columns) are kept for the subgroup analysis.
    """

    images: int
    doses: tuple[float, ...]
    gates: tuple[Gate, ...]
    effect: Floats
    effect_low: Floats
    effect_high: Floats
    p_adjusted: Floats
    claims: tuple[ClaimedEffect, ...]
    responses: NDArray[np.float32] = field(metadata={"plain": False})


def compute(
    attributes: Sequence[Attribute],
    codes: NDArray[np.float32],
    reference_codes: NDArray[np.float32],
    decode: Decode,
    respond: Respond,
    response_columns: Mapping[str, Sequence[int]],
    gates: Sequence[Gate],
    claimed_dimensions: Sequence[int],
    groups: Sequence[int],
    seed: int,
    rows: Rows | None = None,
    untrained_decode: Decode | None = None,
    doses: Sequence[float] = DOSES,
    resamples: int = 500,
    null_images: int = 8,
    untrained_images: int = 32,
    null_directions_per_dimension: int = 45,
    batch_size: int = 512,
    least_images: int = MIN_IMAGES,
    image_groups: ImageGroups | None = None,
    robust: Collection[str] = (),
) -> Intervention:
    """Returns the effect of every dimension on every attribute.

    `codes` (m, d) are encoded held-out images, `reference_codes` (n, d) give each dimension's own quantiles;
    `respond` returns the classifiers' responses (b, columns) to decoded images; `claimed_dimensions` names
    one dimension per attribute. `rows` (m,) are the images' row numbers, whose noise all their moves are decoded with;
    by default their places in `codes`. The null's random moves start from `null_images` of the codes, drawn at random,
    those in the untrained decoder from `untrained_images`. Never more than `batch_size` images are decoded at
    once. image_groups: of the codes; groups are drawn with replacement. robust: the attributes that are answered
    in robust standard deviations. Raises ValueError
    with fewer than `least_images` codes or when the columns do not fit the attributes.
    """
    if len(codes) < least_images:
        raise ValueError(
            f"the intervention check needs at least {least_images} held-out images, got {len(codes)}; "
            "give probe_test a larger share or add images"
        )
    independent = image_groups or ImageGroups.of(None, len(codes))
    rng = np.random.default_rng(seed)
    of_row = np.arange(len(codes)) if rows is None else rows
    score = _Scorer(decode, respond, batch_size)
    levels = np.quantile(reference_codes.astype(np.float64), doses, axis=0).astype(np.float32)
    partners = partners_of(reference_codes, groups)
    responses = _responses(codes, levels, partners, of_row, score)
    refuse_wrong_columns(attributes, response_columns, responses.shape[-1])
    means = responses.mean(axis=2, dtype=np.float64)
    effect = effects(means, attributes, response_columns).T
    drawn_means = _resampled_means(responses, independent.weights(resamples, rng))
    drawn = effects(drawn_means, attributes, response_columns)  # (resamples, d, k)
    low, high = interval(drawn)
    tested = _tested_doses(len(doses))
    moved = draw_rows(len(codes), null_images, seed, "random moves")
    null = null_effects(
        codes[moved],
        levels[tested],
        reference_codes.std(axis=0, dtype=np.float64),
        groups,
        lambda latents: effects(
            _mean_over_images(score(latents, of_row[moved])), attributes, response_columns
        ),
        directions_needed(groups, null_directions_per_dimension),
        rng,
    )
    untrained = np.zeros((0, len(attributes)))
    if untrained_decode is not None:
        some = draw_rows(len(codes), untrained_images, seed, "untrained decoder")
        idle = _responses(
            codes[some],
            levels[tested],
            partners,
            of_row[some],
            _Scorer(untrained_decode, respond, batch_size),
        )
        untrained = effects(idle.mean(axis=2, dtype=np.float64), attributes, response_columns)
    result = Measured(
        attributes,
        response_columns,
        responses,
        means,
        levels,
        effect,
        drawn,
        drawn_means,
        gates,
        independent.source,
        robust,
    )
    tested_effect = effects(means[:, tested], attributes, response_columns).T
    p_values = adjusted_p_values(tested_effect, null, untrained, groups)
    judged = np.array([[0.0 if gate.status == "passed" else np.nan] for gate in gates])
    return Intervention(
        images=len(codes),
        doses=tuple(doses),
        gates=tuple(gates),
        effect=effect + judged,
        effect_low=low.T + judged,
        effect_high=high.T + judged,
        p_adjusted=p_values + judged,
        claims=tuple(
            result.claim(k, j, _null_of(k, j, tested_effect, null, untrained, groups, p_values))
            for k, j in enumerate(claimed_dimensions)
        ),
        responses=responses,
    )


def _tested_doses(count: int) -> list[int]:
    """Returns the first, middle and last dose: enough to see a rise, a U-shape or a cycle.

    Effects and null moves are compared over these alone, which halves the cost of the null.
    """
    return sorted({0, count // 2, count - 1})


def _null_of(
    k: int,
    j: int,
    tested_effect: Floats,
    null: InterventionNull,
    untrained: Floats,
    groups: Sequence[int],
    p_values: Floats,
) -> EffectNull | None:
    """Returns what the effect of dimension j on attribute k is held against; None without such moves."""
    drawn = null.effects[null_of_dimension(null, j, groups), k]
    if len(drawn) == 0:
        return None
    return EffectNull(
        float(tested_effect[k, j]),
        np.quantile(drawn, np.linspace(0, 1, min(DRAWN_NULL_VALUES, len(drawn)))),
        np.sort(untrained[:, k]),
        float(p_values[k, j]),
    )


class _Scorer:
    """Decodes latents (..., m, d) of m images and scores them, a bounded batch at a time: (..., m, columns)."""

    def __init__(self, decode: Decode, respond: Respond, batch_size: int) -> None:
        self.decode, self.respond, self.batch_size = decode, respond, batch_size

    def __call__(self, latents: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        flat = latents.reshape(-1, latents.shape[-1])
        of_flat = np.tile(rows, len(flat) // len(rows))
        parts = [
            np.asarray(self.respond(self.decode(flat[some], of_flat[some])), dtype=np.float32)
            for some in batches(len(flat), self.batch_size)
        ]
        return np.concatenate(parts).reshape(*latents.shape[:-1], -1)


def _responses(
    codes: NDArray[np.float32],
    levels: NDArray[np.float32],
    partners: Sequence[NDArray[np.int64]],
    rows: Rows,
    score: _Scorer,
) -> NDArray[np.float32]:
    """Returns responses (d, doses, m, columns) to codes with one dimension set to each of levels (doses, d)."""
    found = []
    for j in range(codes.shape[1]):
        moved = np.repeat(codes[None], len(levels), axis=0)
        moved[:, :, j] = levels[:, j, None]
        if len(partners[j]):
            moved[:, :, partners[j]] -= (moved[:, :, j] - codes[:, j])[:, :, None] / len(partners[j])
        found.append(score(moved, rows))
    return np.stack(found)


def partners_of(codes: NDArray[np.floating], groups: Sequence[int]) -> list[NDArray[np.int64]]:
    """Returns, for each dimension of codes (n, d), those that give way when it is set.

    Members of a group whose sum is the same for every image (the centred logits of a categorical attribute)
    share out the opposite change, so that the sum stays; asking for "heart" without letting go of "square"
    would ask for no shape at all. Other dimensions have no partners.
    """
    labels = np.asarray(groups)
    partners = []
    for j in range(len(labels)):
        members = np.flatnonzero(labels == labels[j])
        block = codes[:, members].astype(np.float64)
        tied = len(members) > 1 and block.sum(axis=1).std() <= 1e-3 * block.std()
        partners.append(members[members != j] if tied else np.zeros(0, dtype=np.int64))
    return partners


def _mean_over_images(responses: NDArray[np.float32]) -> Floats:
    """Returns (directions, doses, columns) of responses (directions, doses, m, columns)."""
    return responses.mean(axis=2, dtype=np.float64)


def _resampled_means(responses: NDArray[np.float32], counts: Floats) -> Floats:
    """Returns bootstrap means (resamples, d, doses, columns); all cells share the images, counts (resamples, m)."""
    d, doses, m, columns = responses.shape
    weights = counts / counts.sum(axis=1, keepdims=True)
    stacked = responses.transpose(2, 0, 1, 3).reshape(m, -1).astype(np.float64)
    return (weights @ stacked).reshape(len(counts), d, doses, columns)
