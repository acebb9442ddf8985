"""The sentences of reasons, by key: audit.json holds the English text, the report translates by the same keys."""

from collections.abc import Mapping
from dataclasses import dataclass

WHERE: Mapping[str, str] = {
    "dimension": "dimension {names}",
    "direction": "a direction of {names}",
    "block": "the block {names}",
}
TEXTS: Mapping[str, str] = {
    "no_association": "{where} is not associated with {attribute} beyond chance (adjusted p {p})",
    "too_weak": "{where} explains {value} of {attribute}, below {limit}",
    "association_crosses": "{where} explains {value} of {attribute}: the interval crosses {limit}",
    "associated": "{where} explains {value} of {attribute} (adjusted p {p})",
    "not_measured": "not measured, since the association does not hold",
    "gap_below": "not specific: {competitor} explains nearly as much of {attribute}, a gap of {value}, below {limit}",
    "gap_crosses": "the lead over {competitor} is {value}: the interval crosses {limit}",
    "gap_alone": "nothing else competes, and the lead is {value}, below {limit}",
    "gap_alone_crosses": "nothing else competes, and the lead is {value}: the interval crosses {limit}",
    "entangled": "entangled in the data with {others}, which nearly decides {attribute}: no lead can be measured",
    "explained_away": "explained away by {others}: given it, {where} explains next to nothing of {attribute}",
    "leaks": "not only {attribute}: given it, {where} still explains {others}",
    "specific": "{where} leads by {value}",
    "not_readable": "{why}",
    "not_moved": "swapping {where} moves {attribute} no more than permuted donors do (cause {cause}, adjusted p {p})",
    "cause_below": "swapping {where} takes over {cause} of {attribute}, below {limit}",
    "cause_crosses": "swapping {where} takes over {cause} of {attribute}: the interval crosses {limit}",
    "also_changes": "swapping {where} takes over {cause} of {attribute}, and also changes {others}",
    "isolate_undefined": (
        "swapping {where} takes over {cause} of {attribute}; whether all else stays is not defined, since no other "
        "attribute can be read"
    ),
    "inseparable": (
        "swapping {where} takes over {cause} of {attribute}; entangled in the data with {others}, which cannot be held"
    ),
    "isolates": "swapping {where} takes over {cause} of {attribute} and keeps all others, at least {kept}",
    "isolates_held": (
        "with {held} held, swapping {where} takes over {cause} of {attribute} and keeps all others, at least {kept}"
    ),
    "too_few_seeds": "{why}",
    "few_groups": "{why}",
    "stable": "found again in {holds} of {seeds} seeds, which order images alike ({value})",
    "unlike": "found again in {holds} of {seeds} seeds, which order images differently ({value}, below {limit})",
    "likeness_crosses": (
        "found again in {holds} of {seeds} seeds; their likeness is {value}: the interval crosses {limit}"
    ),
    "not_stable": "not stable: found in {holds} of {seeds} seeds",
    "stability_open": "found in {holds} of {seeds} seeds, and inconclusive in {open}",
    "partly_one_set": "{text}; partly: {why}",
    "in_part_along_direction": "{text}; in part along a direction",
    "shared": "shared with {others}: swapping one changes another",
    "together": "{text}; together with {others}: {set_text}",
    "read": "the code tells of {attribute}, but its place could not be tested: {why}",
    "read_not_drawn": "the code tells of {attribute}, but no part of it moves {attribute} in the decoded image: {text}",
    "none": "the code tells at most {limit} of {attribute}",
    "set_below": "swapping {names} takes over {cause} of {attribute}, below {limit}",
    "set_crosses": "swapping {names} takes over {cause} of {attribute}: the interval crosses {limit}",
    "set_changes": "swapping {names} takes over {cause} of {attribute} at least, and also changes {others}",
    "set_undefined": "swapping {names} takes over {cause} of {attribute} at least; no other attribute can be read",
    "set_isolates": "swapping {names} takes over {cause} of {attribute} at least and keeps all others, at least {kept}",
    "absence_shown": "three readers, fitted on {n} images, read at most {most} of {attribute}{beyond}, up to {limit}",
    "absence_too_few": (
        "too few images to show absence: three readers, fitted on {n}, read {value} of {attribute}{beyond}, but "
        "attributes of U = {missed}, planted in the same codes, would have been called absent too"
    ),
    "absence_held": "three readers, fitted on {n} images, read {value} of {attribute}{beyond} (adjusted p {p})",
    "absence_exceeded": (
        "three readers, fitted on {n} images, read {value} of {attribute}{beyond}: more than {limit}, though not "
        "clearly {least}"
    ),
    "absence_crosses": (
        "three readers, fitted on {n} images, read {value} of {attribute}{beyond}: the interval reaches beyond {limit}"
    ),
    "absence_undefined": "{attribute} does not vary{beyond}: there is nothing to read",
}
Values = Mapping[str, str]


@dataclass(frozen=True)
class Reason:
    """A sentence by its key in TEXTS, with the values in it, and as English text."""

    key: str
    values: Values
    text: str


def reason(key: str, **values: str) -> Reason:
    """Returns a reason; a value `rung` with `names` gives the phrase {where}."""
    filled = dict(values)
    if "rung" in values:
        filled["where"] = WHERE[values["rung"]].format(names=values["names"])
    return Reason(key, values, TEXTS[key].format(**filled))
