"""Computes the verdicts of an audit.json again from its evidence, by the rules of its schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from latent_audit.reports.page.messages import english
from latent_audit.reports.page.reasons import NOT_READ, with_sentences, with_text
from latent_audit.reports.record.audit_json import AUDIT_NAME, settled
from latent_audit.reports.record.problem import Kind, Problem
from latent_audit.tasks.analyses.bias.rules import judge_erasures
from latent_audit.tasks.analyses.checks import auditability
from latent_audit.tasks.analyses.checks.definitions.registry import listed
from latent_audit.tasks.analyses.checks.rules import (
    RULES,
    places_of,
    thresholds_digest,
    thresholds_of,
    verdicts_of,
)
from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.dimension_names.rules import with_words
from latent_audit.tasks.analyses.places.rules.requirements import judge_requirements
from latent_audit.tasks.analyses.pruning.rules import judge_pruned
from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.storage.artifacts import digest_of
from latent_audit.vocabulary.machine_errors import raise_machine_error
from latent_audit.vocabulary.reasons import BESIDE, is_reason

Plain = Mapping[str, Any]
# What judging adds to a verdict beside what the rules say.
BESIDE_THE_RULES = frozenset({"counter_examples"})
# What is said of a verdict or check in sentences. Other versions say it in other words.
SENTENCES = frozenset(
    f"{name}{ending}" for name in ("reason", "would_change", "statistic", "helps") for ending in ("", BESIDE)
)


def verdicts_again(audit: Plain, *, words_alone: bool) -> list[Problem]:
    """Returns the problems of a valid audit whose verdicts do not follow from its evidence.

    Args:
        audit: the content of audit.json.
        words_alone: for audits of another version; words, values and limits are compared, sentences are not.
    """
    return list(_problems(audit, words_alone))


def _problems(audit: Plain, words_alone: bool) -> Iterator[Problem]:
    if digest_of(audit["settings"]) != audit["settings_digest"]:
        yield _problem(
            "settings",
            f"the settings in {AUDIT_NAME} do not have the digest that it states: they were edited.",
        )
    if thresholds_digest(audit["thresholds"]) != audit["thresholds_digest"]:
        message = f"the thresholds in {AUDIT_NAME} do not have the digest that it states: they were edited."
        yield _problem("thresholds", message)
    try:
        thresholds = thresholds_of(audit)
    except ValueError as error:
        yield _problem("thresholds", f"the thresholds in {AUDIT_NAME} cannot be used: {error}.")
        return
    for part in (
        _checks,
        _auditability,
        _verdicts,
        _stability,
        _controls,
        _places,
        _absence,
        _erased,
        _pruned,
        _guesses,
        _sentences,
    ):
        try:
            yield from part(audit, thresholds, words_alone)
        except Exception as error:  # evidence of a stranger's can lack whatever the rules look for
            raise_machine_error(error)
            message = f"no verdicts can be drawn from the evidence in {AUDIT_NAME} ({type(error).__name__}: {error})."
            yield _problem("verdict", message)


def _checks(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """Checks that the checks that are listed are those of the schema's rules."""
    expected = listed(RULES[audit["schema_version"]].checks)
    if audit.get("checks", expected) != expected:
        yield _problem("verdict", f"{AUDIT_NAME} lists other checks than its verdicts were made by.")


def _sentences(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """Checks that every sentence is that of the key and values beside it, by which it is translated."""
    if words_alone:
        return
    for place, text, beside in _with_keys(audit, "audit"):
        if text != [english(one) for one in beside] if isinstance(text, list) else text != english(beside):
            yield _problem(
                "verdict", f"{place} is another sentence than that of the key and values beside it."
            )


def _with_keys(value: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Yields place, text and reason of each sentence that has a reason beside it."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _with_keys(inner, f"{place}[{index}]")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if name in NOT_READ or is_reason(inner):
                continue
            if f"{name}{BESIDE}" in value:
                yield f"{place}.{name}", inner, value[f"{name}{BESIDE}"]
            yield from _with_keys(inner, f"{place}.{name}")


def _auditability(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """Checks that auditability, if stated, follows from the classifier's scores."""
    stated = audit.get("auditability", ())
    again = settled(with_sentences(to_json(auditability.of_audit(audit, thresholds)))) if stated else ()
    if len(stated) != len(again) or any(
        row[key] != right[key]
        for row, right in zip(stated, again, strict=True)
        for key in right
        if not (words_alone and key in SENTENCES)
    ):
        yield _problem(
            "verdict", "which attributes are auditable does not follow from the classifier's scores."
        )


def _verdicts(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    stated = {_claim(row): row for row in audit["verdicts"]}
    again = {_claim(row): row for row in with_sentences(verdicts_of(audit))}
    for claim in dict.fromkeys((*stated, *again)):
        if claim not in stated or claim not in again:
            message = "is not in the evidence" if claim in stated else f"was taken out of {AUDIT_NAME}"
            yield _problem("verdict", f"the verdict on {_told(claim)} {message}.")
            continue
        edited = _differing(stated[claim], again[claim], words_alone)
        if edited:
            message = (
                f"the verdict on {_told(claim)} does not follow from the evidence beside it: it states "
                f"{stated[claim]['verdict']}, the evidence gives {again[claim]['verdict']} "
                f"(differs in {', '.join(edited)})."
            )
            yield _problem("verdict", message)
    if stated.keys() == again.keys() and list(stated) != list(again):
        yield _problem("verdict", f"the verdicts in {AUDIT_NAME} stand in another order than the evidence.")


def _stability(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """Checks that the verdicts by seed, which check D counts, follow from the first three checks."""
    rules = RULES[audit["schema_version"]]
    unreadable = rules.not_auditable(audit, thresholds)
    for section in audit["stability"]:
        seeds = [model for model in audit["models"] if model["name"] == section["model"]]
        again = rules.judge_seeds(seeds, thresholds, unreadable)
        for row in section["attributes"]:
            if list(row["verdicts"]) != again.get(row["attribute"]):
                claim = f"{row['attribute']} in {section['model']}"
                message = f"the verdicts by seed on {claim} do not follow from the evidence."
                yield _problem("verdict", message)


def _controls(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """Checks the verdicts on negative controls by the rules of claims."""
    rules = RULES[audit["schema_version"]]
    unreadable = rules.not_auditable(audit, thresholds)
    for control in audit["controls"]:
        again = with_sentences(rules.control_verdicts(control, thresholds, unreadable))
        stated = control["verdicts"]
        if len(again) != len(stated) or any(
            _differing(row, right, words_alone) for row, right in zip(stated, again, strict=True)
        ):
            message = f"the verdicts on the control {control['control']} of {control['name']} do not follow from it."
            yield _problem("verdict", message)


def _places(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """Where each attribute lives follows from what was measured on the rungs."""
    rules = RULES[audit["schema_version"]]
    unreadable = rules.not_auditable(audit, thresholds)
    stated = {_claim(row): row for row in audit.get("where", ())}
    again = {_claim(row): row for row in with_text(settled(places_of(audit)))}
    for claim in dict.fromkeys((*stated, *again)):
        if not _same_place(stated.get(claim), again.get(claim), words_alone):
            message = f"the place of {_told(claim)} does not follow from the evidence beside it."
            yield _problem("verdict", message)
    if stated.keys() == again.keys() and list(stated) != list(again):
        yield _problem("verdict", f"the places in {AUDIT_NAME} stand in another order than the evidence.")
    required = audit["settings"].get("require", {}) if audit.get("requirements") else {}
    judged = judge_requirements(
        required, audit.get("where", ()), audit.get("absent", ()), audit["subject"]["lead_seed"]
    )
    if not _same_place(
        list(audit.get("requirements", ())), settled(with_sentences(to_json(judged))), words_alone
    ):
        yield _problem("verdict", "which requirements are met does not follow from the places.")
    for control in audit["controls"]:
        rows = with_text(
            settled([to_json(row) for row in rules.place_control(control, thresholds, unreadable)])
        )
        if not _same_place(list(control.get("where", ())), rows, words_alone):
            message = (
                f"the places in the control {control['control']} of {control['name']} do not follow from it."
            )
            yield _problem("verdict", message)


def _absence(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """What is absent follows from what the readers of the codes found."""
    again = with_text(
        settled(to_json(RULES[audit["schema_version"]].judge_absence(audit["models"], thresholds)))
    )
    if not _same_place(list(audit.get("absent", ())), again, words_alone):
        yield _problem("verdict", "the words on claims of absence do not follow from the evidence.")


def _erased(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """What is left of erased attributes follows from what the readers of the codes found."""
    again = with_text(settled(to_json(judge_erasures(audit["models"], thresholds))))
    if not _same_place(list(audit.get("erased", ())), again, words_alone):
        yield _problem("verdict", "the words on erased attributes do not follow from the evidence.")


def _pruned(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """Whether verdicts are the same without unused dimensions follows from the evidence on both codes."""
    unreadable = RULES[audit["schema_version"]].not_auditable(audit, thresholds)
    again = settled(to_json(judge_pruned(audit["models"], thresholds, unreadable)))
    if list(audit.get("pruned", ())) != again:
        yield _problem(
            "verdict", "the words on codes without unused dimensions do not follow from the evidence."
        )


def _guesses(audit: Plain, thresholds: Thresholds, words_alone: bool) -> Iterator[Problem]:
    """Whether people's guesses hold follows from what was found on images that nobody was shown."""
    stated = list(audit.get("named_dimensions", ()))
    if stated != with_words(stated, audit["models"], thresholds):
        yield _problem("verdict", "the words on people's guesses do not follow from the evidence.")


def _same_place(stated: Any, again: Any, words_alone: bool) -> bool:
    if words_alone:
        stated, again = _without_sentences(stated), _without_sentences(again)
    return bool(stated == again)


def _without_sentences(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_sentences(inner) for key, inner in value.items() if key not in SENTENCES}
    return [_without_sentences(inner) for inner in value] if isinstance(value, list) else value


def _differing(stated: Plain, again: Plain, words_alone: bool) -> list[str]:
    """Returns the keys in which a stated verdict differs from the recomputed one."""
    keys = [key for key in again if not (words_alone and key in SENTENCES)]
    if not words_alone:
        keys += sorted(stated.keys() - again.keys() - BESIDE_THE_RULES)
        return [key for key in keys if key not in stated or key not in again or stated[key] != again[key]]
    return [key for key in keys if not _same_words(stated.get(key), again[key], key)]


def _same_words(stated: Any, again: Any, key: str) -> bool:
    if key != "checks":
        return bool(stated == again)
    return stated.keys() == again.keys() and not any(
        _differing(stated[check], again[check], True) for check in again
    )


def _claim(row: Plain) -> tuple[str, int, str]:
    return row["model"], row["seed"], row["attribute"]


def _told(claim: tuple[str, int, str]) -> str:
    model, seed, attribute = claim
    return f"{attribute} in {model}, seed {seed},"


def _problem(kind: Kind, sentence: str) -> Problem:
    return Problem(kind, AUDIT_NAME, sentence)
