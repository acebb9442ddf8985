"""runs/index.html: every finished run with its verdicts counted, newest first, and the way to its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from latent_audit.reports.page import messages
from latent_audit.reports.page.number_text import duration
from latent_audit.reports.page.templating import ROOM, template_environment
from latent_audit.vocabulary.verdicts import OVERALL

INDEX_NAME = "index.html"


@dataclass(frozen=True)
class FinishedRun:
    """One line of the index; `href` leads to the report from where the index stands.

    counts: verdicts on dimensions. places: how many attributes have a Supported place; None in files without places.
    """

    href: str
    name: str
    run_id: str
    title: str
    started: str
    seconds: float | None
    counts: Mapping[str, int]
    places: int | None


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
            left_out=left_out,
            verdicts=OVERALL,
            duration=duration,
            style=Markup((ROOM / "static" / "report.css").read_text(encoding="utf-8")),
        )
    )
