"""Does a dimension act alike for everyone? Its effect within each group of another attribute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.checks.association import standardised, step_down_p_values
from latent_audit.tasks.analyses.checks.responses import effects
from latent_audit.tasks.analyses.statistics.binning import fit_attribute_coding
from latent_audit.tasks.analyses.statistics.estimates import Estimate, from_samples
from latent_audit.tasks.analyses.statistics.image_groups import image_weights
from latent_audit.tasks.datasets.attributes import Attribute

Floats = NDArray[np.float64]
SOURCE = "bootstrap over images"
# Cuts of ordinal, continuous and cyclic attributes; with fewer images than this a group is left out.
GROUP_BINS = 3
MIN_IMAGES = 20


@dataclass(frozen=True)
class GroupEffect:
    """Effect of the dimension within one group, in the claimed attribute's unit."""

    group: str
    effect: Estimate


@dataclass(frozen=True)
class SubgroupEffects:
    """One claim within the groups of `by`; `difference` is the largest less the smallest effect."""

    model: str
    attribute: str
    dimension: int
    by: str
    groups: tuple[GroupEffect, ...]
    difference: Estimate
    p_adjusted: float


def compute(
    model: str,
    attributes: Sequence[Attribute],
    values: Floats,
    claims: Sequence[tuple[str, int]],
    responses: Mapping[int, NDArray[np.float32]],
    response_columns: Mapping[str, Sequence[int]],
    by: str,
    seed: int,
    resamples: int = 300,
    permutations: int = 1000,
    fewest: int = MIN_IMAGES,
) -> tuple[SubgroupEffects, ...]:
    """Returns the effects of claimed dimensions within each group of the attribute `by`, its own claim left out.

    `claims` are pairs of an attribute and its dimension. `responses` hold each dimension's (doses, m, columns).
    `values` (m, k) belong to the images of the intervention, in their order. The difference is tested by
    shuffling group membership; p-values hold for all claims together (step-down max-T). Empty where `by`
    has fewer than two groups of at least `fewest` images; images without a value of it (NaN) are left out.
    """
    column = [a.name for a in attributes].index(by)
    coding = fit_attribute_coding(attributes[column], values[:, column], GROUP_BINS)
    labels = coding.apply(values[:, column])
    present = [g for g in range(coding.levels) if (labels == g).sum() >= fewest]
    claims = [claim for claim in claims if claim[0] != by]
    if len(present) < 2 or not claims:
        return ()
    rng = np.random.default_rng(seed)
    kept = np.flatnonzero(np.isin(labels, present))
    labels = labels[kept]
    memberships = [labels, *(rng.permutation(labels) for _ in range(permutations))]
    names = group_names(attributes[column], values[:, column], coding.edges, coding.levels)
    rows, statistics = [], []
    for claimed, dimension in claims:
        attribute = next(a for a in attributes if a.name == claimed)
        within = _EffectWithin(attribute, response_columns, responses[dimension][:, kept].astype(np.float64))
        statistics.append([within.spread(m, present) for m in memberships])
        groups, difference = within.estimates(labels, present, names, resamples, rng)
        rows.append((claimed, dimension, groups, difference))
    p_values = step_down_p_values(standardised(np.asarray(statistics).T))
    return tuple(
        SubgroupEffects(model, claimed, dimension, by, groups, difference, float(p))
        for (claimed, dimension, groups, difference), p in zip(rows, p_values, strict=True)
    )


@dataclass(frozen=True)
class _EffectWithin:
    attribute: Attribute
    response_columns: Mapping[str, Sequence[int]]
    responses: Floats  # (doses, m, columns)

    def effect(self, weights: Floats) -> Floats:
        """Returns effects (w,) for rows of image weights (w, m) that sum to 1."""
        doses, m, columns = self.responses.shape
        means = weights @ self.responses.transpose(1, 0, 2).reshape(m, -1)
        shaped = means.reshape(len(weights), doses, columns)
        return effects(shaped, [self.attribute], self.response_columns)[:, 0]

    def spread(self, labels: NDArray[np.int64], present: Sequence[int]) -> float:
        member = (labels[None, :] == np.asarray(present)[:, None]).astype(np.float64)
        found = self.effect(member / member.sum(axis=1, keepdims=True))
        return float(found.max() - found.min())

    def estimates(
        self,
        labels: NDArray[np.int64],
        present: Sequence[int],
        names: Sequence[str],
        resamples: int,
        rng: np.random.Generator,
    ) -> tuple[tuple[GroupEffect, ...], Estimate]:
        values, drawn, groups = [], [], []
        for group in present:
            member = (labels == group).astype(np.float64)
            size = int(member.sum())
            weights = np.zeros((resamples, len(labels)))
            weights[:, labels == group] = image_weights(size, resamples, rng) / size
            values.append(float(self.effect(member[None] / size)[0]))
            drawn.append(self.effect(weights))
            groups.append(GroupEffect(names[group], from_samples(values[-1], drawn[-1], size, SOURCE)))
        largest, smallest = int(np.argmax(values)), int(np.argmin(values))
        difference = from_samples(
            values[largest] - values[smallest], drawn[largest] - drawn[smallest], len(labels), SOURCE
        )
        return tuple(groups), difference


def group_names(attribute: Attribute, values: Floats, edges: Floats, levels: int) -> list[str]:
    """Returns a name for each level of an attribute: its classes, or the range of its values (n,) between edges."""
    if len(attribute.classes) == levels:
        return list(attribute.classes)
    if attribute.period is not None:
        edges, low, high = edges * attribute.period, 0.0, attribute.period
    else:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
    bounds = [low, *edges.tolist(), high]
    return [f"{attribute.name} {a:.3g} to {b:.3g}" for a, b in pairwise(bounds)]
