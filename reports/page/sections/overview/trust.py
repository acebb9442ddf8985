"""Can I trust it: six lines, each a finding with a link to its proof."""

from typing import Any

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.sections.overview import controls
from latent_audit.reports.page.sections.section import Section
from latent_audit.vocabulary.checks import STABILITY
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.verdicts import NOT_SUPPORTED, PARTLY_SUPPORTED, SUPPORTED

UNSEEN = "probe_test"


def build(page: Page) -> dict[str, Any]:
    """Returns the six lines: key, sentence, whether it is good, and the id of the part that proves it."""
    lines = [
        _controls(page),
        _selftest(page),
        _classifier(page),
        _seeds(page),
        _parts(page),
        ("limits", page.t("trust.limits", n=len(page.audit["thresholds"])), True, "provenance"),
    ]
    return {
        "lines": [
            {
                "name": page.t(f"trust.{key}_name"),
                "sentence": sentence,
                "mark": SUPPORTED if good else PARTLY_SUPPORTED if good is None else NOT_SUPPORTED,
                "word": page.t(f"trust.mark_{'good' if good else 'unknown' if good is None else 'bad'}"),
                "proof": proof,
            }
            for key, sentence, good, proof in lines
        ]
    }


Line = tuple[str, str, bool | None, str]


def in_short(page: Page) -> list[str]:
    """Returns what the first screen says of it: images, trainings, controls, simulated data, classifier."""
    seeds = len({model["seed"] for model in page.audit["models"]})
    supported, claims = controls.count(page)
    record, scores = recorded(page.audit["selftest"]), _scores(page)
    crossed = _images_in_folds(page)
    parts = [
        page.t("trust.short_images", n=number(_images(page)))
        if crossed is None
        else page.t("trust.short_folds", n=number(crossed))
    ]
    parts.append(page.t("trust.short_seeds_one" if seeds == 1 else "trust.short_seeds", n=seeds))
    if claims:
        parts.append(page.t("trust.short_controls", n=supported, of=claims))
    if record is not None:
        key = "trust.short_selftest" if record["of_this_version"] else "trust.short_selftest_stale"
        parts.append(page.t(key, n=sum(row["holds"] for row in record["rows"]), of=len(record["rows"])))
    if scores:
        parts.append(
            page.t(
                "trust.short_classifier",
                n=sum(row["auditable"] for row in scores),
                of=len(scores),
            )
        )
    return parts


def _images(page: Page) -> int:
    parts = page.audit["data"]["parts"]
    return next((row["images"] for row in parts if row["name"] == UNSEEN), parts[-1]["images"])


def _images_in_folds(page: Page) -> int | None:
    """Returns how many images were judged in folds, None where images were enough."""
    for model in page.audit["models"]:
        told, claims = recorded(model["association"]), recorded(model["specificity"]) or ()
        if told is not None and any(row.get("folds_agreeing") is not None for row in claims):
            return told["n"]
    return None


def _scores(page: Page) -> list[Any]:
    return list(page.audit.get("auditability", ()))


def _controls(page: Page) -> Line:
    supported, claims = controls.count(page)
    if not claims:
        return "controls", page.t("trust.controls_none"), None, "checks"
    return "controls", page.t("trust.controls", n=supported, of=claims), not supported, "checks"


def _selftest(page: Page) -> Line:
    record = recorded(page.audit["selftest"])
    if record is None:
        return "selftest", page.t("trust.selftest_none"), None, "provenance"
    of, n = len(record["rows"]), sum(row["holds"] for row in record["rows"])
    key = "trust.selftest" if record["of_this_version"] else "trust.selftest_stale"
    good = None if n == of and not record["of_this_version"] else n == of
    return "selftest", page.t(key, n=n, of=of), good, "provenance"


def _classifier(page: Page) -> Line:
    scores = _scores(page)
    if not scores:
        return "classifier", page.t("trust.classifier_none"), None, "data"
    known = [row for row in scores if row["auditable"]]
    ranges = [
        page.t(
            "trust.score_range",
            statistic=page.t.known(f"statistic_short.{statistic}", statistic),
            low=number(min(values)),
            high=number(max(values)),
        )
        for statistic in dict.fromkeys(row["statistic"] for row in known)
        if (values := [row["value"] for row in known if row["statistic"] == statistic and row["value"]])
    ]
    sentence = page.t(
        "trust.classifier", n=len(known), of=len(scores), scores=page.t("word.comma").join(ranges) or "–"
    )
    classifier = recorded(page.audit["classifier"])
    unread = classifier.get("not_read", []) if classifier else []
    if classifier is not None and "origin" in classifier:
        said = (
            page.t("trust.classifier_brought_partly", n=len(unread))
            if unread
            else page.t("trust.classifier_brought")
        )
        sentence = f"{sentence} {said}"
    return "classifier", sentence, (len(known) == len(scores) and not unread) or None, "data"


def _seeds(page: Page) -> Line:
    seeds = len({model["seed"] for model in page.audit["models"]})
    rows = recorded(page.audit["stability"]) or []
    if seeds == 1 or all(row["status"] != "assessed" for row in rows):
        return (
            "seeds",
            page.t("trust.seeds_one", n=seeds, needed=f"{page.limit('seeds_min'):g}"),
            None,
            "stability",
        )
    placed = [row for row in page.audit.get("where", ()) if row["seed"] == page.audit["subject"]["lead_seed"]]
    words = [row["checks"][STABILITY]["verdict"] for row in placed if STABILITY in row["checks"]]
    words = words or [row["checks"]["stability"]["verdict"] for row in page.verdicts]
    same = words.count(SUPPORTED)
    return (
        "seeds",
        page.t("trust.seeds", n=same, of=len(words), seeds=seeds),
        same == len(words) or None,
        "stability",
    )


def _parts(page: Page) -> Line:
    parts, crossed = page.audit["data"]["parts"], _images_in_folds(page)
    if crossed is not None:
        return "parts", page.t("trust.folds", images=number(crossed)), None, "data"
    sentence = page.t("trust.parts", n=len(parts), images=number(_images(page)))
    return "parts", sentence, True, "data"


SECTIONS = (Section("trust", build, place=20),)
