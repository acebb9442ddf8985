"""What a reader must know before the answer, worst first."""

from collections.abc import Sequence

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.phrases import PLACES, Found, place_row
from latent_audit.reports.page.sections.overview import controls
from latent_audit.reports.page.sections.overview.answer import called_list, listed
from latent_audit.vocabulary.checks import STABILITY
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.verdicts import NOT_ASSESSED, NOT_TESTED, SUPPORTED


def build(page: Page, cells: Sequence[Found]) -> list[str]:
    """Returns a sentence for each warning."""
    return [
        *_failed(page),
        *_classifiers_differ(page),
        *_controls(page),
        *_untested(page, cells),
        *_collapsed(page),
        *_unlike(page, cells),
        *_selftest(page),
        *([page.t("warning.use")] if not page.audit["subject"]["intended_use"] else []),
    ]


def _failed(page: Page) -> list[str]:
    if not page.failed:
        return []
    many = len(page.failed) > 1
    return [page.t("summary.failed_many" if many else "summary.failed_one", n=number(len(page.failed)))]


def _classifiers_differ(page: Page) -> list[str]:
    leads = {(model["name"], model["seed"]) for model in page.leads}
    differ = [
        row["attribute"]
        for row in (*page.audit.get("where", ()), *page.audit["verdicts"])
        if row.get("differ") and (row["model"], row["seed"]) in leads
    ]
    names = called_list(page, list(dict.fromkeys(differ)))
    return [page.t("warning.classifiers_differ", attributes=names)] if differ else []


def _controls(page: Page) -> list[str]:
    supported, claims = controls.count(page)
    return [page.t("warning.controls", n=number(supported), of=number(claims))] if supported else []


def _untested(page: Page, cells: Sequence[Found]) -> list[str]:
    everywhere, somewhere = [], []
    for attribute in (row["name"] for row in page.attributes):
        own = [one.verdict == NOT_TESTED for one in cells if one.attribute == attribute]
        if attribute in page.unreadable or (own and all(own)):
            everywhere.append(attribute)
        elif any(own):
            somewhere.append(attribute)
    set_aside = [row["attribute"] for row in page.set_aside]
    return [
        page.t(f"warning.{key}", attributes=called_list(page, names))
        for key, names in (("untested", [*everywhere, *set_aside]), ("untested_somewhere", somewhere))
        if names
    ]


def _collapsed(page: Page) -> list[str]:
    names = [page.called_model(model["name"]) for model in page.leads if model["fitness"]["collapsed"]]
    return [page.t("warning.collapsed", models=listed(page, names))] if names else []


def _unlike(page: Page, cells: Sequence[Found]) -> list[str]:
    placed = [
        row
        for one in cells
        if one.rung in PLACES and (row := place_row(page, one.model, one.attribute)) is not None
    ]
    words = [row["checks"][STABILITY]["verdict"] for row in placed if STABILITY in row["checks"]]
    unlike = sum(word not in (SUPPORTED, NOT_ASSESSED) for word in words)
    if words and all(word == NOT_ASSESSED for word in words):
        return [page.t("warning.one_training")]
    return [page.t("warning.unlike", n=number(unlike), of=number(len(words)))] if unlike else []


def _selftest(page: Page) -> list[str]:
    record = recorded(page.audit["selftest"])
    if record is None:
        return [page.t("warning.no_selftest")]
    if not record["holds"]:
        return [page.t("warning.selftest_fails")]
    return [] if record["of_this_version"] else [page.t("warning.selftest_stale")]
