"""The summary of a result that a notebook shows: a table of attributes with their places and verdicts."""

from collections.abc import Sequence

from markupsafe import Markup

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.number_text import number
from latent_audit.reports.page.places import place_of
from latent_audit.reports.page.visible_text import shortened

_LONGEST = 300


def summary_html(page: Page) -> str:
    """Returns one HTML element in the language of the report; every name in it is escaped and shortened."""
    header = ["attribute", "place", "verdict", "reason"]
    several = len(page.leads) > 1
    rows = []
    for model in page.leads:
        for attribute in page.attributes:
            place = place_of(page, model, attribute["name"])
            if place is not None:
                word = page.t(f"verdict.{place['verdict']}")
                cells = [attribute["name"], place["line"], word, place["reason"]]
                rows.append(_row("td", [model["name"], *cells] if several else cells))
    head = [page.t(f"column.{key}") for key in (["model", *header] if several else header)]
    caption = f"{shortened(page.audit['subject']['title'])} ({number(page.audit['data']['images'])})"
    return str(
        Markup("<table><caption>{}</caption><thead>{}</thead><tbody>{}</tbody></table>").format(
            caption, _row("th", head), Markup("").join(rows)
        )
    )


def _row(element: str, cells: Sequence[str]) -> Markup:
    cell = Markup("<{0}>{1}</{0}>")
    inner = Markup("").join(cell.format(Markup(element), shortened(text, _LONGEST)) for text in cells)
    return Markup("<tr>{}</tr>").format(inner)
