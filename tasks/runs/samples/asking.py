"""Ways to ask a model for an attribute: through dimensions that it names after it, or along the attribute's place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from latent_audit.tasks.analyses.places.evidence import DIRECTION, RUNGS
from latent_audit.tasks.analyses.places.swaps import DimensionSwap, Swap
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.runs.places_of_a_model import direction_swap
from latent_audit.tasks.stages.inputs.codes import ProbeCodes
from latent_audit.tasks.stages.inputs.prepared import Prepared
from latent_audit.tasks.terminal_text import named
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.model import Model as Record
from latent_audit.vocabulary.record.places import Place
from latent_audit.vocabulary.verdicts import PARTLY_SUPPORTED, SUPPORTED

if TYPE_CHECKING:
    from latent_audit.vae_models.interpretable_gan.semantic_layout import SemanticLayout
    from latent_audit.vae_models.model import Model

# Verdicts by which a place may be moved along in an attribute's name.
GOOD_ENOUGH = (SUPPORTED, PARTLY_SUPPORTED)
# Held-out images nearest in value, of which one gives its part of the code.
DONORS = 20

Latents = NDArray[np.float32]


class Way(Protocol):
    """One way to make codes say what is asked for."""

    def apply(self, codes: Latents, rng: np.random.Generator) -> Latents:
        """Returns codes (n, d) with the attribute as asked, and all else as it was."""
        ...


@dataclass(frozen=True)
class ByName:
    """Sets the dimensions that the model names after an attribute; `code` is what they are set to."""

    columns: tuple[int, ...]
    code: NDArray[np.float32]

    def apply(self, codes: Latents, rng: np.random.Generator) -> Latents:
        """Returns codes (n, d) with these dimensions set."""
        moved = codes.copy()
        moved[:, list(self.columns)] = self.code
        return moved


@dataclass(frozen=True)
class AlongPlace:
    """Takes over an attribute's part of the code from held-out images that have the asked value.

    It is the intervention by which the place got its verdict. donors: their codes (m, d).
    """

    swap: Swap
    donors: Latents

    def apply(self, codes: Latents, rng: np.random.Generator) -> Latents:
        """Returns codes (n, d), each with the part of a donor that is drawn for it."""
        return self.swap.apply(codes, self.donors[rng.integers(len(self.donors), size=len(codes))])


def way_of(
    attribute: Attribute,
    value: float,
    model: "Model",
    record: Record,
    audit: Audit,
    data: Prepared,
    codes: ProbeCodes,
) -> Way:
    """Returns how this model can be asked for a value of an attribute.

    Raises UsageError where it neither names the attribute nor has a place for it that is at least Partly supported.
    """
    from latent_audit.vae_models.components.named_reading import named_layout, response_columns

    layout = named_layout(model)
    if layout is not None and attribute.name in response_columns(layout):
        columns = response_columns(layout)[attribute.name]
        return ByName(columns, _named_code(model, layout, attribute.name, value)[list(columns)])
    place = place_in(audit, record, attribute.name)
    if place is None or place["verdict"] not in GOOD_ENOUGH or place["rung"] not in RUNGS:
        raise UsageError(_refusal(attribute.name, record, place))
    swap: Swap
    if place["rung"] == DIRECTION:
        swap = direction_swap(attribute, audit, data, codes)
    else:
        swap = DimensionSwap(tuple(member["dimension"] for member in place["members"]))
    return AlongPlace(swap, codes.fit[_donors(attribute, value, data)])


def place_in(audit: Audit, record: Record, attribute: str) -> Place | None:
    """Returns where an attribute lives in a model; None in runs of versions that measured no places."""
    rows: Mapping[tuple[str, int, str], Place] = {
        (row["model"], row["seed"], row["attribute"]): row for row in audit.get("where", ())
    }
    return rows.get((record["name"], record["seed"], attribute))


def _donors(attribute: Attribute, value: float, data: Prepared) -> NDArray[np.int64]:
    """Returns places in probe_fit of the images that have the value, at least the DONORS nearest for a number."""
    held = data.values("probe_fit")[:, data.data.attributes.index(attribute)]
    away = np.nan_to_num(np.abs(held - value), nan=np.inf)
    if attribute.kind == "cyclic":
        assert attribute.period is not None  # Attribute refuses a cyclic one without it
        away = np.minimum(away % attribute.period, attribute.period - away % attribute.period)
    same = np.flatnonzero(away == 0)
    if attribute.kind in ("binary", "categorical") or len(same) >= DONORS:
        return same
    return np.flatnonzero(away <= np.sort(away)[min(DONORS, len(away)) - 1])


def _named_code(model: "Model", layout: "SemanticLayout", name: str, value: float) -> NDArray[np.float32]:
    """Returns (named_size,) what the named dimensions are where an attribute has a value; others are of no account."""
    encoded = np.zeros((1, len(layout.targets)), np.float32)
    for place, target in enumerate(layout.targets):
        if target.name == name:
            encoded[:, place] = target.encode(np.array([value]))
    code = layout.named_code(torch.from_numpy(encoded))
    head = getattr(model, "head", None)  # of a VAE whose named dimensions have a scale of their own
    if head is not None:
        code = (code - head.shift.detach().cpu()) / head.scale.detach().cpu()
    return np.asarray(code[0].numpy(), dtype=np.float32)


def _refusal(name: str, record: Record, place: Place | None) -> str:
    whole = f"{named(record['name'])} cannot be asked for {named(name)}: it names no dimension after it"
    if place is None:
        return f"{whole}, and this run measured no place of it"
    found = f"{place['verdict'].replace('_', ' ')} ({place['reason']['text'].rstrip('.')})"
    return f"{whole}, and that it lives somewhere in the code is {found}; a place must be at least partly supported"
