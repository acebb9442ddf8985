"""The code of the image beside those of held-out images, each dimension under the name that it has earned."""

import numpy as np
from numpy.typing import NDArray

from latent_audit.tasks.analyses.one_image.unusual import unusual
from latent_audit.tasks.runs.explanation.opened_model import OpenedModel
from latent_audit.vocabulary.image_explanation import CodeDimension
from latent_audit.vocabulary.record.verdict import Verdict
from latent_audit.vocabulary.verdicts import PARTLY_SUPPORTED, STRENGTH

QUANTILES = (0.05, 0.5, 0.95)


def code_beside_others(opened: OpenedModel, code: NDArray[np.float32]) -> list[CodeDimension]:
    """Returns a row for each dimension that the decoder uses; code (d,)."""
    held_out = np.asarray(opened.codes.of("probe_test"), dtype=np.float64)
    names = dimension_names(opened)
    claims = claims_of(opened)
    rows = []
    for place in np.flatnonzero(opened.used):
        j = int(place)
        column = held_out[:, j]
        low, median, high = np.quantile(column, QUANTILES)
        claim = claims.get(j)
        rows.append(
            CodeDimension(
                dimension=j,
                name=names[j],
                attribute=None if claim is None else claim["attribute"],
                verdict=None if claim is None else claim["verdict"],
                value=float(code[j]),
                low=float(low),
                median=float(median),
                high=float(high),
                percentile=unusual(names[j], float(code[j]), column).percentile,
            )
        )
    return rows


def claims_of(opened: OpenedModel) -> dict[int, Verdict]:
    """Returns the strongest claim on each dimension, of all the dimensions of its group."""
    found: dict[int, Verdict] = {}
    own = (opened.record["name"], opened.record["seed"])
    for verdict in opened.kept.audit["verdicts"]:
        if (verdict["model"], verdict["seed"]) != own or verdict["dimension"] is None:
            continue
        group = opened.groups[verdict["dimension"]]
        for j in (j for j, other in enumerate(opened.groups) if other == group):
            if j not in found or STRENGTH[verdict["verdict"]] > STRENGTH[found[j]["verdict"]]:
                found[j] = verdict
    return found


def dimension_names(opened: OpenedModel) -> tuple[str, ...]:
    """Returns a name for each dimension: an attribute's where the verdict on it is at least partly supported.

    A dimension that a model names after an attribute is called so only then; else z0, z1, ...
    """
    claims = claims_of(opened)
    names = []
    for j, own in enumerate(opened.model.dimension_names):
        claim = claims.get(j)
        if claim is None or STRENGTH[claim["verdict"]] < STRENGTH[PARTLY_SUPPORTED]:
            names.append(f"z{j}")
        elif own == f"z{j}":
            names.append(f"z{j} ({claim['attribute']})")
        else:
            names.append(own)
    return tuple(names)


def players_of(opened: OpenedModel) -> list[tuple[str, tuple[int, ...]]]:
    """Returns the used dimensions in groups that belong together, each with a name."""
    groups: dict[int, list[int]] = {}
    for place in np.flatnonzero(opened.used):
        groups.setdefault(opened.groups[int(place)], []).append(int(place))
    return [(name_of_group(opened, group), tuple(members)) for group, members in groups.items()]


def name_of_group(opened: OpenedModel, group: int) -> str:
    """Returns the name of dimensions that belong together: what they have earned, else their numbers."""
    names, claims = dimension_names(opened), claims_of(opened)
    members = [j for j, other in enumerate(opened.groups) if other == group]
    first = members[0]
    if len(members) == 1:
        return names[first]
    is_named = any(names[j] != f"z{j}" for j in members)
    return claims[first]["attribute"] if is_named else f"z{first} – z{members[-1]}"
