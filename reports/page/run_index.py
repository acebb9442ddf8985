"""runs/index.html: every finished run with its verdicts counted, newest first, and the way to its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from latent_audit.reports.page import messages
from latent_audit.reports.page.number_text import duration
from latent_audit.reports.page.templating import ROOM, template_environment
from latent_audit.vocabulary.verdicts import OVERALL

INDEX_NAME = "index.html"
# Of one name, in a row of dots.
MAX_NIGHTS = 60


@dataclass(frozen=True)
class FinishedRun:
    """One line of the index; `href` leads to the report from where the index stands.

    counts: verdicts on dimensions. places: how many attributes have a Supported place; None in files without places.
    claims: (model, attribute, verdict) of each place, or of each dimension in files without places.
    """

    href: str
    name: str
    run_id: str
    title: str
    started: str
    seconds: float | None
    counts: Mapping[str, int]
    places: int | None
    claims: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class LeftOut:
    """A folder that cannot be read as a run, and why."""

    name: str
    why: str


def index_page(runs: Sequence[FinishedRun], left_out: Sequence[LeftOut], language: str) -> str:
    """Returns a whole HTML document that lists `runs` in their order, and names what was left out.

    Raises:
        LanguageUnknown: there are no messages in `language`.
    """
    words = messages.load(language)
    return (
        template_environment(words)
        .get_template("runs.html")
        .render(
            language=language,
            runs=runs,
            nights=_nights(runs),
            left_out=left_out,
            verdicts=OVERALL,
            duration=duration,
            style=Markup((ROOM / "static" / "report.css").read_text(encoding="utf-8")),
        )
    )


def _nights(runs: Sequence[FinishedRun]) -> list[dict[str, Any]]:
    """Returns, for each name with several runs, a row for each claim: its verdicts, the oldest run first.

    A row that changed comes before those that did not.
    """
    by_name: dict[str, list[FinishedRun]] = {}
    for run in runs:
        by_name.setdefault(run.name, []).append(run)
    return [
        {"name": name, "runs": len(some), "rows": _rows(some[:MAX_NIGHTS][::-1])}
        for name, some in by_name.items()
        if len(some) > 1
    ]


def _rows(runs: Sequence[FinishedRun]) -> list[dict[str, Any]]:
    found = [{(model, attribute): verdict for model, attribute, verdict in run.claims} for run in runs]
    rows = [
        {
            "model": model,
            "attribute": attribute,
            "nights": [
                (run, verdicts.get((model, attribute))) for run, verdicts in zip(runs, found, strict=True)
            ],
            "changed": len({verdicts.get((model, attribute)) for verdicts in found}) > 1,
        }
        for model, attribute in dict.fromkeys(claim for verdicts in found for claim in verdicts)
    ]
    return sorted(rows, key=lambda row: not row["changed"])
