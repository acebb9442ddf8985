"""Shows a name from a foreign file in a message."""

_LONGEST = 200


def printable(name: object) -> str:
    """Returns a name on one line that is safe to print, with other characters escaped."""
    text = str(name)
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return cut if cut.isprintable() else repr(cut)
