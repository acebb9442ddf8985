"""What changed from one audit to another: verdicts, scores, data, and whatever else is stated differently.

The one place that decides it, for `run`, `accept` and `compare`. Both audits are plain audit.json content, the
first the earlier one. Lead models are compared, name by name and attribute by attribute.
"""

import json
import math
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from latent_audit.reports.record.change_records import (
    AbsenceChange,
    Changes,
    CodeChange,
    DataChange,
    Difference,
    Direction,
    Fact,
    LoneClaim,
    PlaceChange,
    ScoreChange,
    VerdictChange,
)
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.data import Counts, Data, Moments
from latent_audit.vocabulary.record.forms import Estimate, Part, recorded
from latent_audit.vocabulary.record.leads import lead_models, lead_verdicts
from latent_audit.vocabulary.record.places import Place
from latent_audit.vocabulary.record.verdict import Verdict
from latent_audit.vocabulary.verdicts import STRENGTH

# A tenth of a standard deviation, and one image in twenty in another class: half of what is usually called small
# (Cohen, 1988: d = 0.2), so that a drift of the data is seen before it matters. These are sizes of a change, not
# tests of whether there is one: with many images everything differs.
QUANTILE_SHIFT_MAX = 0.1
SHARE_SHIFT_MAX = 0.05
SUBJECT = ("title", "dataset", "intended_use", "out_of_scope", "owner", "lead_seed")


def changes(first: Audit, second: Audit) -> Changes:
    """Returns what changed from audit `first` to audit `second`."""
    before, after = _claims(first), _claims(second)
    same_data = first["data"]["digest"] == second["data"]["digest"]
    return Changes(
        facts=tuple(_facts(first, second)),
        only_first=tuple(_alone(row) for claim, row in before.items() if claim not in after),
        only_second=tuple(_alone(row) for claim, row in after.items() if claim not in before),
        verdicts=tuple(_verdict(before[claim], after[claim]) for claim in before if claim in after),
        places=tuple(_places(first, second)),
        absence=tuple(_absence(first, second)),
        scores=tuple(_scores(first, second)),
        same_data=same_data,
        data=() if same_data else tuple(_data(first["data"], second["data"])),
        codes=() if same_data else tuple(_codes(first, second)),
    )


def difference(first: Part[Estimate], second: Part[Estimate]) -> Difference | None:
    """Returns second less first with its interval; None where either is unknown.

    The interval is recovered from those of the two, taken as independent (MOVER: Zou and Donner 2008,
    Statistics in Medicine 27, equation 6); estimates from the same images agree more, so it is on the wide side.
    """
    a, b = recorded(first), recorded(second)
    before, after = a and a["value"], b and b["value"]
    if a is None or b is None or before is None or after is None:
        return None
    value = after - before
    if not math.isfinite(value):
        return None
    if a["low"] is None or a["high"] is None or b["low"] is None or b["high"] is None:
        return Difference(value, None, None)
    low = value - math.hypot(after - b["low"], a["high"] - before)
    high = value + math.hypot(b["high"] - after, before - a["low"])
    return (
        Difference(value, low, high)
        if math.isfinite(low) and math.isfinite(high)
        else Difference(value, None, None)
    )


def _claims(audit: Audit) -> dict[tuple[str, str], Verdict]:
    return {(row["model"], row["attribute"]): row for row in lead_verdicts(audit)}


def _alone(row: Verdict) -> LoneClaim:
    return LoneClaim(row["model"], row["attribute"], row["verdict"])


def _facts(first: Audit, second: Audit) -> list[Fact]:
    pairs: list[tuple[str, Any, Any]] = [
        (f"subject.{key}", first["subject"].get(key), second["subject"].get(key)) for key in SUBJECT
    ]
    pairs += [
        ("schema_version", first["schema_version"], second["schema_version"]),
        ("data.digest", first["data"]["digest"], second["data"]["digest"]),
        ("data.images", first["data"]["images"], second["data"]["images"]),
    ]
    pairs += _settings(first["settings"], second["settings"], "settings")
    limits = [first["thresholds"], second["thresholds"]]
    names = dict.fromkeys((*limits[0], *limits[1]))
    pairs += [(f"thresholds.{name}", limits[0].get(name), limits[1].get(name)) for name in names]
    return [Fact(name, a, b) for name, a, b in pairs if a != b]


def _settings(
    first: Any, second: Any, name: str
) -> Iterator[tuple[str, str | float | None, str | float | None]]:
    """Yields each setting that differs, by its dotted name; what is a list, or a group in one of them alone, as JSON.

    The thresholds are left out: they are stated by themselves.
    """
    if first == second or name == "settings.evidence.thresholds":
        return
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in dict.fromkeys((*first, *second)):
            yield from _settings(first.get(key), second.get(key), f"{name}.{key}")
        return
    yield name, _plain(first), _plain(second)


def _plain(value: Any) -> str | float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (
        value
        if value is None or isinstance(value, str) or is_number
        else json.dumps(value, ensure_ascii=False)
    )


def _verdict(first: Verdict, second: Verdict) -> VerdictChange:
    before, after = STRENGTH[first["verdict"]], STRENGTH[second["verdict"]]
    direction: Direction = "same" if before == after else "stronger" if after > before else "weaker"
    comparable = first["effect_unit"] == second["effect_unit"]
    return VerdictChange(
        first["model"],
        first["attribute"],
        first["verdict"],
        second["verdict"],
        direction,
        first["reason"],
        second["reason"],
        first["effect"],
        second["effect"],
        second["effect_unit"] or "" if comparable else "",
        difference(first["effect"], second["effect"]) if comparable else None,
    )


def _places(first: Audit, second: Audit) -> Iterator[PlaceChange]:
    """Yields the attributes whose place both audits state: older files have none."""
    before, after = _lead_places(first), _lead_places(second)
    for claim, row in before.items():
        if claim in after:
            now = after[claim]
            yield PlaceChange(*claim, row["rung"], row["verdict"], now["rung"], now["verdict"])


def _lead_places(audit: Audit) -> dict[tuple[str, str], Place]:
    leads = {(model["name"], model["seed"]) for model in lead_models(audit)}
    return {
        (row["model"], row["attribute"]): row
        for row in audit.get("where", ())
        if (row["model"], row["seed"]) in leads
    }


def _absence(first: Audit, second: Audit) -> Iterator[AbsenceChange]:
    """Yields the claims of absence that both audits make."""
    before, after = _lead_absence(first), _lead_absence(second)
    for claim, word in before.items():
        if claim in after:
            yield AbsenceChange(*claim, word, after[claim])


def _lead_absence(audit: Audit) -> dict[tuple[str, str, tuple[str, ...]], str]:
    leads = {(model["name"], model["seed"]) for model in lead_models(audit)}
    return {
        (row["model"], row["attribute"], tuple(row["given"])): row["word"]
        for row in audit.get("absent", ())
        if (row["model"], row["seed"]) in leads
    }


def _scores(first: Audit, second: Audit) -> list[ScoreChange]:
    after = {model["name"]: model for model in lead_models(second)}
    found = []
    for model in lead_models(first):
        if model["name"] not in after:
            continue
        others = after[model["name"]]
        pairs = {
            "reconstruction": (model["fitness"]["reconstruction"], others["fitness"]["reconstruction"]),
            **{name: (score, others["scores"].get(name)) for name, score in model["scores"].items()},
        }
        for name, (a, b) in pairs.items():
            between, known, other = difference(a, b), recorded(a), recorded(b)
            if between and known and other:
                found.append(ScoreChange(model["name"], name, known, other, between))
    return found


def _codes(first: Audit, second: Audit) -> Iterator[CodeChange]:
    """Other weights have other dimensions, so only codes of the same weights are compared."""
    after = {(model["name"], model["weights_digest"]): model for model in lead_models(second)}
    for model in lead_models(first):
        other = after.get((model["name"], model["weights_digest"])) if model["weights_digest"] else None
        for a, b in zip(model["dimensions"], other["dimensions"] if other else (), strict=False):
            if not a.get("spread") or "quantiles" not in b:
                continue
            moves = zip(a["quantiles"], b["quantiles"], strict=True)
            shift = max(abs(before - now) for before, now in moves) / a["spread"]
            if shift > QUANTILE_SHIFT_MAX:
                yield CodeChange(model["name"], a["name"], shift)


def _data(first: Data, second: Data) -> Iterator[DataChange]:
    if first["images"] != second["images"]:
        yield DataChange(None, "images", None)
    before = {attribute["name"]: attribute for attribute in first["attributes"]}
    after = {attribute["name"]: attribute for attribute in second["attributes"]}
    for name in dict.fromkeys([*before, *after]):
        if name not in after or name not in before:
            yield DataChange(name, "new" if name in after else "gone", None)
        elif any(before[name][field] != after[name][field] for field in ("kind", "classes", "unit")):
            yield DataChange(name, "other_kind", None)
        else:
            yield from _moved(name, before[name]["summary"], after[name]["summary"])


def _moved(name: str, before: Counts | Moments, after: Counts | Moments) -> Iterator[DataChange]:
    """Shares are compared by total variation distance, numbers by how far their quantiles moved."""
    if "counts" in before and "counts" in after:
        totals = max(sum(before["counts"]), 1), max(sum(after["counts"]), 1)
        pairs = zip_longest(before["counts"], after["counts"], fillvalue=0)
        shift = 0.5 * sum(abs(a / totals[0] - b / totals[1]) for a, b in pairs)
        if shift > SHARE_SHIFT_MAX:
            yield DataChange(name, "shares", shift)
        return
    if "counts" in before or "counts" in after:
        yield DataChange(name, "other_kind", None)
        return
    moves = zip(before["quantiles"], after["quantiles"], strict=True)
    moved = max((abs(a - b) for a, b in moves if a is not None and b is not None), default=0.0)
    spread = before["std"]
    if moved and not spread:
        yield DataChange(name, "spread", None)
    elif moved and spread and moved / spread > QUANTILE_SHIFT_MAX:
        yield DataChange(name, "quantiles", moved / spread)
