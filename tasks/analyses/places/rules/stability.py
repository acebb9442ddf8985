"""Check D on a rung: whether the other checks hold with enough seeds, on this rung or an earlier one, and alike."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from latent_audit.tasks.analyses.checks.check_rules import in_words, interval_against
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.places.evidence import RUNGS
from latent_audit.tasks.analyses.places.rules import sharing
from latent_audit.tasks.analyses.places.rules.rungs import Plain, RungCheck, strength_of_made
from latent_audit.vocabulary.reasons import reason
from latent_audit.vocabulary.verdicts import (
    INCONCLUSIVE,
    NOT_ASSESSED,
    NOT_SUPPORTED,
    PARTLY_SUPPORTED,
    STRENGTH,
    SUPPORTED,
    VerdictWord,
)


class Family:
    """All seeds of one model, with how alike their coordinates order images: a section of `place_stability`."""

    def __init__(self, seeds: Sequence[Plain], likeness: Plain | None, thresholds: Thresholds) -> None:
        self.seeds, self._likeness, self._thresholds = seeds, likeness, thresholds

    @cached_property
    def strengths(self) -> list[dict[str, dict[str, int]]]:
        """The STRENGTH of each attribute on each rung of each seed, by the checks that could be made."""
        found = []
        for model in self.seeds:
            places = sharing.Places(model, self._thresholds)
            found.append(
                {
                    name: {
                        rung: strength_of_made(checks)
                        for rung, checks in sharing.checks_by_rung(
                            model, place, places, self._thresholds
                        ).items()
                    }
                    for name, place in places.items()
                }
            )
        return found

    def best(self, seed: int, attribute: str, rung: str) -> int:
        """Returns the strength of an attribute with one seed, on a rung or an earlier one."""
        by_rung = self.strengths[seed].get(attribute, {})
        reached = RUNGS[: RUNGS.index(rung) + 1]
        return max((by_rung[r] for r in reached if r in by_rung), default=STRENGTH[NOT_SUPPORTED])

    def likeness(self, attribute: str, rung: str) -> Plain | None:
        """Returns the rank correlation between seeds, None where it was not measured."""
        rows: Sequence[Plain] = () if self._likeness is None else self._likeness["attributes"]
        return next(
            (row["strength"] for row in rows if (row["attribute"], row["rung"]) == (attribute, rung)), None
        )


def stability_check(family: Family, attribute: str, rung: str, thresholds: Thresholds) -> RungCheck:
    """Returns check D of one attribute on one rung."""
    strengths = [family.best(seed, attribute, rung) for seed in range(len(family.seeds))]
    return judge_stability(strengths, family.likeness(attribute, rung), thresholds)


def judge_stability(strengths: Sequence[int], value: Plain | None, thresholds: Thresholds) -> RungCheck:
    """Returns check D from the strength with each seed, and how alike the seeds are."""
    least, count = thresholds.matched_strength_min, len(strengths)
    if count < thresholds.seeds_min:
        key = "one_seed" if count == 1 else "too_few_seeds"
        why = reason(key, seeds=str(count), needed=str(thresholds.seeds_min))
        return RungCheck(NOT_ASSESSED, why, None, least)
    holds = sum(strength >= STRENGTH[PARTLY_SUPPORTED] for strength in strengths)
    open_ = sum(strength == STRENGTH[INCONCLUSIVE] for strength in strengths)
    enough = thresholds.seeds_share_min * count
    said = {"holds": str(holds), "seeds": str(count)}
    if holds + open_ < enough:
        return RungCheck(NOT_SUPPORTED, reason("not_stable", **said), value, least)
    if holds < enough:
        return RungCheck(INCONCLUSIVE, reason("stability_open", **said, open=str(open_)), value, least)
    words: Mapping[str, tuple[VerdictWord, str]] = {
        "above": (SUPPORTED, "stable"),
        "crosses": (INCONCLUSIVE, "likeness_crosses"),
        "below": (PARTLY_SUPPORTED, "unlike"),
    }
    word, key = words[interval_against(value, least)]
    limit = {} if key == "stable" else {"limit": f"{least:g}"}
    return RungCheck(word, reason(key, **said, value=in_words(value), **limit), value, least)
