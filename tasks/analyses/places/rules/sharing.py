"""Attributes that share a place: swapping one changes another, so that they are named together.

Decided on checks A to C alone, so that the same sets are found while a code is measured and when it is judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.places.evidence import BLOCK, DIRECTION
from latent_audit.tasks.analyses.places.rules.rungs import (
    Plain,
    RungCheck,
    explained_away_by,
    first_three,
    weakest,
)
from latent_audit.vocabulary.checks import INTERVENTION
from latent_audit.vocabulary.verdicts import INCONCLUSIVE, PARTLY_SUPPORTED, STRENGTH, SUPPORTED

Checks = Mapping[str, RungCheck]


@dataclass(frozen=True)
class Chosen:
    """The rung of an attribute by some of its checks, and the attribute's checks on every rung that was measured."""

    rung: str | None
    by_rung: Mapping[str, Checks]


class Places(dict[str, Plain]):
    """The places of one model by attribute, with what each explains away, found once for all that ask."""

    def __init__(self, model: Plain, thresholds: Thresholds) -> None:
        super().__init__({place["attribute"]: place for place in model["places"]["attributes"]})
        self._away = {
            name: {row["rung"]: frozenset(explained_away_by(row, thresholds)) for row in place["rungs"]}
            for name, place in self.items()
        }
        self._explained: dict[tuple[str, str], frozenset[str]] = {}

    def explained_by(self, attribute: str, rung: str) -> frozenset[str]:
        """Returns the attributes whose own coordinate `attribute` explains away, on the same rung or a direction.

        That they change with it is no fault of it: theirs is the claim that fails.
        """
        if (attribute, rung) not in self._explained:
            own = self.explained_away(attribute, rung)
            self._explained[attribute, rung] = frozenset(
                name
                for name, by_rung in self._away.items()
                if name != attribute
                and attribute in by_rung.get(rung, by_rung.get(DIRECTION, frozenset()))
                and name not in own
            )
        return self._explained[attribute, rung]

    def explained_away(self, attribute: str, rung: str) -> frozenset[str]:
        """Returns the attributes that explain away the coordinate of `attribute` on a rung."""
        return self._away[attribute].get(rung, frozenset())


def checks_by_rung(
    model: Plain, place: Plain, places: Places, thresholds: Thresholds
) -> dict[str, dict[str, RungCheck]]:
    """Returns association, specificity and interchange of an attribute on each rung."""
    return {
        evidence["rung"]: first_three(
            model, place, evidence, thresholds, places.explained_by(place["attribute"], evidence["rung"])
        )
        for evidence in place["rungs"]
    }


def choose(
    place: Plain, words: Mapping[str, str], all_hold: Mapping[str, bool], thresholds: Thresholds
) -> str | None:
    """Returns the rung of an attribute's place by its verdict on each rung; None where it has none.

    The first that is Supported; else the first on which all checks that could be made hold; else the first that is
    Partly supported; else the first that is Inconclusive. A direction gives way to a block that holds as well where
    the direction takes over clearly less.
    """
    chosen = next((rung for rung, word in words.items() if word == SUPPORTED), None)
    chosen = chosen or next((rung for rung, hold in all_hold.items() if hold), None)
    for word in (PARTLY_SUPPORTED, INCONCLUSIVE):
        chosen = chosen or next((rung for rung, found in words.items() if found == word), None)
    return BLOCK if chosen == DIRECTION and gives_way(place, words, thresholds) else chosen


def gives_way(place: Plain, words: Mapping[str, str], thresholds: Thresholds) -> bool:
    """Returns whether a direction is clearly less than the block that holds at least as well."""
    if BLOCK not in words or DIRECTION not in words:
        return False
    causes = {
        row["rung"]: row["swapped"]["causes"][0]["estimate"]["value"]
        for row in place["rungs"]
        if row["swapped"]
    }
    if BLOCK not in causes or DIRECTION not in causes or None in (causes[BLOCK], causes[DIRECTION]):
        return False
    as_well = STRENGTH[words[BLOCK]] >= STRENGTH[words[DIRECTION]]
    return as_well and bool(causes[DIRECTION] < thresholds.direction_share * causes[BLOCK])


def provisional(model: Plain, thresholds: Thresholds) -> dict[str, Chosen]:
    """Returns the place of each attribute by checks A to C."""
    places = Places(model, thresholds)
    found = {}
    for name, place in places.items():
        by_rung = checks_by_rung(model, place, places, thresholds)
        words = {rung: checks[weakest(checks)].verdict for rung, checks in by_rung.items()}
        hold = {rung: word == SUPPORTED for rung, word in words.items()}
        found[name] = Chosen(choose(place, words, hold, thresholds), by_rung)
    return found


def sharing_sets(model: Plain, thresholds: Thresholds) -> list[tuple[str, ...]]:
    """Returns disjoint sets of at least two attributes, each a clique of the relation "shares with"."""
    places = Places(model, thresholds)
    chosen = provisional(model, thresholds)
    names = [name for name in places if chosen[name].rung is not None]
    linked = {
        name: {other for other in names if _share(name, other, places, chosen, thresholds)} for name in names
    }
    return _cliques(names, linked)


def _cliques(names: Sequence[str], linked: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    """Greedy: the attribute with most links first, extended by those that most of the rest are linked with."""
    left, found = list(names), []
    while left:
        order = {name: place for place, name in enumerate(names)}
        degree = {name: len(linked[name] & set(left)) for name in left}
        clique = [max(left, key=lambda name: (degree[name], -order[name]))]
        for name in sorted(left, key=lambda name: (-degree[name], order[name])):
            if name not in clique and all(name in linked[member] for member in clique):
                clique.append(name)
        left = [name for name in left if name not in clique]
        if len(clique) > 1:
            found.append(tuple(sorted(clique, key=order.__getitem__)))
    return found


def _share(
    first: str, second: str, places: Places, chosen: Mapping[str, Chosen], thresholds: Thresholds
) -> bool:
    if first == second:
        return False
    blocks = [_block(places[name]) for name in (first, second) if chosen[name].rung == BLOCK]
    if len(blocks) == 2 and 2 * len(blocks[0] & blocks[1]) > min(map(len, blocks)):
        return True
    return any(
        _changes(one, other, places, chosen, thresholds) for one, other in ((first, second), (second, first))
    )


def _changes(
    one: str, other: str, places: Places, chosen: Mapping[str, Chosen], thresholds: Thresholds
) -> bool:
    """Returns whether swapping the place of `one` leaves `other` below the limit, though no pattern isolates."""
    rung = chosen[one].rung
    assert rung is not None
    evidence = next(row for row in places[one]["rungs"] if row["rung"] == rung)
    if evidence["swapped"] is None or chosen[one].by_rung[rung][INTERVENTION].verdict == SUPPORTED:
        return False
    if other in places.explained_by(one, rung) | places.explained_away(one, rung):
        return False
    kept = next((row for row in evidence["swapped"]["kept"] if row["attribute"] == other), None)
    value = None if kept is None else kept["estimate"]["value"]
    return value is not None and value < thresholds.isolate_min


def _block(place: Plain) -> set[int]:
    return {
        member["dimension"] for row in place["rungs"] if row["rung"] == BLOCK for member in row["members"]
    }
