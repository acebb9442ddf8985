"""Text for a terminal, with control characters escaped: names come from files of other people."""

import sys
from pathlib import Path
from typing import TextIO

from latent_audit.reports.page.visible_text import visible, visible_lines
from latent_audit.tasks.datasets.errors import BadTable


def print_line(text: str, stream: TextIO | None = None) -> None:
    """Prints lines to standard output, or to `stream`, with every invisible character shown as its code point."""
    print(visible_lines(text), file=sys.stdout if stream is None else stream)


def named(name: str | Path) -> str:
    """Returns a name or a path on one line, with line ends escaped."""
    return visible(str(name))


def one_line(text: str) -> str:
    """Returns what another program says over several lines as one: its lines must not look like ours."""
    return visible(" ".join(text.split()))


def error_text(error: Exception) -> str:
    """Returns the text of an error, with line ends inside names escaped."""
    if isinstance(error, BadTable):
        return "\n".join([visible(error.heading), *(f"  - {visible(problem)}" for problem in error.problems)])
    return visible_lines(str(error))
