"""What a page shows before anything is opened: its text without what is in closed details."""

from html.parser import HTMLParser

UNSEEN = ("script", "style", "title")


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []  # elements that hide what is in them

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "details":
            self._open.append(("details", "open" not in given))
        elif tag == "summary":
            self._open.append(("summary", False))
        elif tag in UNSEEN:
            self._open.append((tag, True))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        hidden = [hides for _, hides in self._open]
        # A summary is seen where its own details is closed, and all around it is open.
        if self._open and self._open[-1][0] == "summary":
            hidden = hidden[:-2]
        if not any(hidden):
            self.found.append(" ".join(data.split()))


def seen_text(html: str) -> str:
    """Returns the text of a page, or of a part of one, that is seen while all details are closed."""
    reader = _Seen()
    reader.feed(html)
    return " ".join(piece for piece in reader.found if piece)
